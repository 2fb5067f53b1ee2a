import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { CliError } from "../cli-error.ts";
import { isMissing } from "../project/is-missing.ts";
import { printable } from "../terminal/printable.ts";

/**
 * The file that is taken in, absolute; relative ones count from the project's folder.
 *
 * @throws {CliError} NOT_FOUND; USAGE for what is no file, before anything is opened or written.
 */
export async function inputFile(dir: string, file: string): Promise<string> {
  const path = resolve(dir, file);
  if (!(await isFile(path, file))) {
    throw new CliError("USAGE", `${printable(file)} is not a file.`, {
      hint: "What comes from a pipe goes into a file first: it is read twice, once for its hash.",
    });
  }
  return path;
}

async function isFile(path: string, file: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new CliError("NOT_FOUND", `The file ${printable(file)} is not there.`, {
      hint: "Check the path; it counts from the project's folder.",
      cause: error,
    });
  }
}
