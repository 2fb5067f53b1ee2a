import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { GeneratedFile } from "./generate-models.ts";
import { generatedHeaderOf } from "./generated-header.ts";
import { ModelError } from "./model-error.ts";

/** A file that differs from what would be generated. */
export interface GeneratedDifference {
  readonly path: string;
  /**
   * `stale`: generated earlier, and not any more. `foreign`: not generated, and in the way; it is never overwritten.
   */
  readonly kind: "missing" | "changed" | "stale" | "foreign";
}

/**
 * What `writeGenerated` would do, in the order of the files; then what is stale. Line endings of Windows are no
 * difference. Stale are the files in the same folders that start with the header of one of `files`.
 *
 * @throws {ModelError} FILE_FAILED when a file cannot be read
 */
export async function checkGenerated(
  dir: string,
  files: readonly GeneratedFile[],
): Promise<readonly GeneratedDifference[]> {
  const differences: GeneratedDifference[] = [];
  for (const { path, content } of files) {
    const text = await readText(placeOf(dir, path));
    if (text === undefined) differences.push({ path, kind: "missing" });
    else if (generatedHeaderOf(text) === undefined) differences.push({ path, kind: "foreign" });
    else if (text.replaceAll("\r\n", "\n") !== content) differences.push({ path, kind: "changed" });
  }
  for (const path of await stalePaths(dir, files)) differences.push({ path, kind: "stale" });
  return differences;
}

/**
 * Writes what differs, each file whole or not at all, and removes what is stale. Returns what it did.
 *
 * @throws {ModelError} FILE_FAILED, before anything is written, when a file that was not generated is in the way; or
 * when a file cannot be written
 */
export async function writeGenerated(
  dir: string,
  files: readonly GeneratedFile[],
): Promise<readonly GeneratedDifference[]> {
  const differences = await checkGenerated(dir, files);
  const foreign = differences.filter(({ kind }) => kind === "foreign").map(({ path }) => path);
  if (foreign.length > 0) {
    throw new ModelError({
      code: "FILE_FAILED",
      message: `In ${dir} there are files that were not generated: ${foreign.join(", ")}.`,
      hint: "Move them, or generate into another folder.",
    });
  }
  const contents = new Map(files.map(({ path, content }) => [path, content]));
  for (const { path } of differences) {
    const content = contents.get(path);
    const place = placeOf(dir, path);
    if (content === undefined) await attempt("removed", place, rm(place, { force: true }));
    else await attempt("written", place, replaceFile(place, content));
  }
  return differences;
}

function placeOf(dir: string, path: string): string {
  if (path.split("/").some((part) => part === "" || part === "." || part === "..")) {
    throw new ModelError({
      code: "FILE_FAILED",
      message: `The path of a generated file is not relative to its folder: ${path}.`,
    });
  }
  return join(dir, path);
}

async function stalePaths(
  dir: string,
  files: readonly GeneratedFile[],
): Promise<readonly string[]> {
  const known = new Set(files.map(({ path }) => path));
  const headers = new Set(files.map(({ content }) => generatedHeaderOf(content)));
  headers.delete(undefined);
  const folders = new Set(files.map(({ path }) => path.split("/").slice(0, -1).join("/")));
  const stale: string[] = [];
  for (const folder of folders) {
    for (const name of await listFiles(join(dir, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (known.has(path)) continue;
      const header = generatedHeaderOf((await readText(join(dir, path))) ?? "");
      if (header !== undefined && headers.has(header)) stale.push(path);
    }
  }
  return stale.toSorted();
}

async function listFiles(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    // What is generated has one of these endings: others are not opened.
    return entries
      .filter((entry) => entry.isFile() && /\.(?:ts|sql|json|rules)$/.test(entry.name))
      .map(({ name }) => name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw failure("listed", folder, error);
  }
}

async function readText(place: string): Promise<string | undefined> {
  try {
    return await readFile(place, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw failure("read", place, error);
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";

async function replaceFile(place: string, content: string): Promise<void> {
  await mkdir(dirname(place), { recursive: true });
  const draft = `${place}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await writeFile(draft, content, { flag: "wx" });
    await rename(draft, place);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function attempt(what: string, place: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw failure(what, place, error);
  }
}

function failure(what: string, place: string, cause: unknown): ModelError {
  return new ModelError({
    code: "FILE_FAILED",
    message: `${place} could not be ${what}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    cause,
  });
}
