import { lstat, readlink, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { PipelineError } from "../pipeline-error.ts";
import { exportFailure } from "./export-failure.ts";

/** Where an export goes. */
export type OutputPlace =
  /** A file that appears whole: `file` is the place itself, behind all symbolic links, and `named` how people know it. */
  | {
      readonly kind: "file";
      readonly file: string;
      readonly folder: string;
      readonly named: string;
    }
  /** A pipe, a terminal or a device: written to as it comes. */
  | { readonly kind: "stream"; readonly target: string | number };

const standardOutput: ReadonlySet<string> = new Set([
  "-",
  "/dev/stdout",
  "/dev/fd/1",
  "/proc/self/fd/1",
]);

/**
 * What is at a path. Behind symbolic links it is the file that they lead to, also one that is not there yet: the link stays. `-` and
 * `/dev/stdout` are the standard output.
 *
 * @throws {PipelineError} FILE_FAILED for a folder, and for a path that leads nowhere; DENIED.
 */
export async function outputPlaceOf(path: string): Promise<OutputPlace> {
  if (standardOutput.has(path)) return { kind: "stream", target: 1 };
  try {
    const file = await behindLinks(resolve(path));
    const found = await stat(file).catch(absent);
    if (found === undefined || found.isFile()) {
      // Behind a link the files beside it are in another folder, or have another name.
      const isLink = (await lstat(path).catch(absent))?.isSymbolicLink() === true;
      return { kind: "file", file, folder: dirname(file), named: isLink ? file : path };
    }
    if (!found.isDirectory()) return { kind: "stream", target: file };
  } catch (error) {
    throw exportFailure(error, { doing: "Looking at the output", file: path });
  }
  throw new PipelineError("FILE_FAILED", `The output ${path} is a folder.`, {
    hint: "Name a file in it.",
    file: path,
  });
}

async function behindLinks(path: string): Promise<string> {
  for (let place = path, links = 0; ; links += 1) {
    const whole = await realpath(place).catch(absent);
    if (whole !== undefined) return whole;
    // The last part is not there: it may be a link to what is not there yet.
    const folder = await realpath(dirname(place));
    place = join(folder, basename(place));
    const target = await readlink(place).catch(() => undefined);
    if (target === undefined || links > 40) return place;
    place = resolve(folder, target);
  }
}

function absent(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}
