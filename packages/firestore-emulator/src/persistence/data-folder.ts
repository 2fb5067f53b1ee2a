import { mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { EmulatorError } from "../emulator-error.ts";
import { draftPattern, replaceFile, syncFolder } from "./durable-file.ts";
import { fileErrorCode, folderError } from "./file-error.ts";
import { FolderLock, livingHolder, type LockHolder, type ServerAddress } from "./folder-lock.ts";

const marker = "firestore-emulator.json";
const format = 1;
/** What version control and file systems put into a folder that is otherwise empty. */
const harmless = new Set([marker, ".gitignore", ".gitkeep", ".keep", ".DS_Store", "lost+found"]);

/** A living server and where it listens. */
export interface ServerInfo extends ServerAddress {
  readonly pid: number;
}

/** A data folder that this process holds. */
export interface DataFolder {
  /** Its real path. */
  readonly path: string;
  /** Of what was written last before this start, any part may be missing. */
  readonly afterPowerLoss: boolean;
  /** False when it was deleted, or taken over while this process stood still for seconds. */
  readonly isHeld: boolean;
  /** Tells others where the server listens; see {@link readServerInfo}. */
  publishAddress(address: ServerAddress): void;
  /** Lets others have it. */
  release(): void;
}

/**
 * Makes the folder if need be and takes it for this process. A process that was killed leaves nothing in the way.
 *
 * @throws {EmulatorError} DATA_FOLDER_IN_USE when a living process has it; DATA_FOLDER_UNUSABLE when it holds something else
 * or cannot be read and written; RESOURCES_EXHAUSTED when the disk is full; INVALID_OPTIONS when it is no path.
 */
export async function openDataFolder(dataDir: string): Promise<DataFolder> {
  if (dataDir === "" || dataDir.includes("\0")) {
    throw new EmulatorError("INVALID_OPTIONS", "dataDir is not the path of a folder.", {
      hint: "Pass the path of a folder.",
    });
  }
  const wanted = resolve(dataDir);
  try {
    const path = prepareFolder(wanted);
    const lock = await FolderLock.acquire(path);
    if (!(lock instanceof FolderLock)) throw inUse(path, lock);
    deleteDrafts(path);
    return {
      path,
      afterPowerLoss: lock.afterPowerLoss,
      get isHeld() {
        return lock.isHeld;
      },
      publishAddress: (address) => lock.publish(address),
      release: () => lock.release(),
    };
  } catch (error) {
    throw folderError(error, wanted);
  }
}

/** The living server that has this folder, if any does and listens already. */
export function readServerInfo(dataDir: string): ServerInfo | undefined {
  const folder = resolve(dataDir);
  if (!statSync(join(folder, marker), { throwIfNoEntry: false })) return undefined;
  const holder = livingHolder(folder);
  return holder?.address && { pid: holder.pid, ...holder.address };
}

function inUse(path: string, { pid, address, machine }: LockHolder): EmulatorError {
  const where = address ? ` It listens on ${address.host}:${address.port}.` : "";
  const who =
    pid === process.pid ? "this process" : `process ${pid} (${machine.split(" ")[0] ?? machine})`;
  return new EmulatorError(
    "DATA_FOLDER_IN_USE",
    `The data folder ${path} is in use by ${who}.${where}`,
    { hint: "Use that server, stop it, or choose another dataDir.", file: path },
  );
}

/** Makes a folder that is ours, and returns its real path. */
function prepareFolder(wanted: string): string {
  makeFolder(wanted);
  const path = realpathSync(wanted);
  if (!hasMarker(path)) {
    const strange = readdirSync(path).find(
      (name) => !harmless.has(name) && !draftPattern.test(name),
    );
    // Another process may have made the marker and more since.
    if (strange !== undefined && !hasMarker(path)) throw notEmpty(path, strange);
    const what = "Data of @ctb-data/firestore-emulator. Do not change the files of this folder.";
    replaceFile(join(path, marker), `${JSON.stringify({ format, what })}\n`);
  }
  return path;
}

/** Node.js 24 never returns from `mkdirSync("/proc/x", { recursive: true })`. */
function makeFolder(path: string, mode = 0o700): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path), 0o777);
  try {
    mkdirSync(path, { mode });
    syncFolder(dirname(path));
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

function hasMarker(folder: string): boolean {
  let text: string;
  try {
    text = readFileSync(join(folder, marker), "utf8");
  } catch (error) {
    if (fileErrorCode(error) === "ENOENT") return false;
    throw error;
  }
  if (formatOf(text) === format) return true;
  throw new EmulatorError(
    "DATA_FOLDER_UNUSABLE",
    `${join(folder, marker)} is not of a kind that this version knows.`,
    {
      hint: "A newer version made the folder: update, or choose another dataDir.",
      file: join(folder, marker),
    },
  );
}

function formatOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "format" in value
      ? value.format
      : undefined;
  } catch {
    return undefined;
  }
}

function notEmpty(path: string, name: string): EmulatorError {
  return new EmulatorError(
    "DATA_FOLDER_UNUSABLE",
    `The folder ${path} holds something else, such as ${name}.`,
    { hint: "Choose a dataDir that is empty or does not exist. Nothing was changed.", file: path },
  );
}

/** What was being written when a process was killed; not what another that starts now is writing. */
function deleteDrafts(folder: string): void {
  for (const name of readdirSync(folder)) {
    const draft =
      draftPattern.test(name) && statSync(join(folder, name), { throwIfNoEntry: false });
    if (draft && Date.now() - draft.mtimeMs > 60_000) rmSync(join(folder, name), { force: true });
  }
}
