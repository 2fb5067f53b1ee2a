import { link, lstat, mkdir, readdir, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { reservedStart } from "../storage-key.ts";
import { fileErrorCode } from "./folder-error.ts";
import { syncFolder, type FolderPlace } from "./folder-tree.ts";

/** In it, one folder for each object of the folder around it that was ever written with `ifMatch`. */
export const versionsFolder = `${reservedStart}versions`;
/** So many versions stay, for those who are slow. */
const keptVersions = 8;

/** What counts of an object at one moment. */
export interface ObjectState {
  /** Of the newest version; 0 when the object has none and is the plain file alone. */
  readonly generation: number;
  /** Where its bytes are; undefined when the object was deleted. With generation 0 the file may be missing. */
  readonly file: string | undefined;
}

/**
 * The versions of one object, which make compare-and-swap safe among processes and machines without a lock that a crash would
 * leave behind. It rests on this alone: link(2) and mkdir(2) fail when the name exists.
 *
 * Versions are numbered files, and the highest number counts; a folder in the place of a file says that the object was
 * deleted. Whoever has seen version n may try to make n + 1, and of many one succeeds. Each version is whole when it gets
 * its name, so nothing has to be healed after a crash. The file of the object's own name is a copy for people and programs
 * that know nothing of this; it can be older for a moment, and reads do not use it.
 */
export class ObjectVersions {
  readonly #place: FolderPlace;
  readonly #folder: string;

  constructor(place: FolderPlace) {
    this.#place = place;
    this.#folder = join(place.folder, versionsFolder, place.name);
  }

  async state(): Promise<ObjectState> {
    for (;;) {
      const generation = (await this.numbers()).at(-1) ?? 0;
      if (generation === 0) return { generation, file: join(this.#place.folder, this.#place.name) };
      const file = join(this.#folder, String(generation));
      const found = await lstatOf(file);
      // Others went on and removed it meanwhile.
      if (found) return { generation, file: found.isDirectory() ? undefined : file };
    }
  }

  /** Makes the plain file version 1. It is no error when somebody did so already, or the file is gone. */
  async begin(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await syncFolder(this.#place.folder);
    try {
      await link(join(this.#place.folder, this.#place.name), join(this.#folder, "1"));
    } catch (error) {
      if (!["EEXIST", "ENOENT"].includes(fileErrorCode(error) ?? "")) throw error;
    }
  }

  /** Makes the version after that one: from the draft, or with none the mark of deletion. False when others were first. */
  async append(after: number, draft: string | undefined): Promise<boolean> {
    const file = join(this.#folder, String(after + 1));
    try {
      await (draft === undefined ? mkdir(file, { mode: 0o700 }) : link(draft, file));
    } catch (error) {
      if (fileErrorCode(error) === "EEXIST") return false;
      throw error;
    }
    const numbers = await this.numbers();
    // Lower numbers are removed first. So when `after` is gone the name was perhaps free only because others are far ahead.
    if (!numbers.includes(after) && (numbers.at(-1) ?? 0) > after + 1) {
      await removeVersion(file);
      return false;
    }
    await syncFolder(this.#folder);
    for (const number of numbers)
      if (number <= after + 1 - keptVersions)
        await removeVersion(join(this.#folder, String(number)));
    return true;
  }

  /** Whether the first version is this very file. */
  async beganWith(draft: string): Promise<boolean> {
    const [first, own] = [await lstatOf(join(this.#folder, "1")), await lstatOf(draft)];
    return first !== undefined && first.ino === own?.ino;
  }

  /** In ascending order. */
  async numbers(): Promise<readonly number[]> {
    try {
      const names = await readdir(this.#folder);
      return names
        .filter((name) => /^[1-9]\d{0,14}$/u.test(name))
        .map(Number)
        .toSorted((a, b) => a - b);
    } catch (error) {
      if (fileErrorCode(error) === "ENOENT") return [];
      throw error;
    }
  }
}

async function removeVersion(file: string): Promise<void> {
  try {
    await unlink(file);
  } catch (error) {
    if (["EISDIR", "EPERM"].includes(fileErrorCode(error) ?? ""))
      await rmdir(file).catch(() => undefined);
    else if (fileErrorCode(error) !== "ENOENT") throw error;
  }
}

async function lstatOf(
  file: string,
): Promise<{ readonly ino: number; isDirectory(): boolean } | undefined> {
  try {
    return await lstat(file);
  } catch (error) {
    if (fileErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
