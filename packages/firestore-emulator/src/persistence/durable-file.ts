import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/** How the files are named that are not finished; they may be deleted whenever nobody holds the folder. */
export const draftPattern: RegExp = /^\.new-[0-9a-f]{16}$/u;

/** The path of a file beside another one, to be renamed or linked to it once it is complete. */
export function draftBeside(file: string): string {
  return join(dirname(file), `.new-${randomBytes(8).toString("hex")}`);
}

/** Writes all of the bytes at a place of an open file. `writeSync` alone may write only a part of them. */
export function writeAll(descriptor: number, bytes: Uint8Array, position: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, position + written);
  }
}

/** Writes a new file that only its owner may read, and has it on disk. */
export function writeNewFile(file: string, bytes: Uint8Array): void {
  const descriptor = openSync(file, "wx", 0o600);
  try {
    writeAll(descriptor, bytes, 0);
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Puts a whole file in the place of another: whoever reads sees the one or the other. */
export function replaceFile(file: string, text: string): void {
  const draft = draftBeside(file);
  writeNewFile(draft, Buffer.from(text));
  try {
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(dirname(file));
}

/** Has the names of the files of a folder on disk. Windows does that by itself and knows no way to ask for it. */
export function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
