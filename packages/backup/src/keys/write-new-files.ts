import { randomBytes } from "node:crypto";
import { lstat, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { BackupError, type BackupErrorCode } from "../backup-error.ts";
import { placeNewFile } from "./place-new-file.ts";

export interface NewFile {
  readonly name: string;
  readonly text: string;
  /** Who may do what with it: 0o600 for a secret. */
  readonly mode: number;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}

const codes: Readonly<Record<string, BackupErrorCode>> = {
  EACCES: "STORAGE_DENIED",
  EPERM: "STORAGE_DENIED",
  EROFS: "STORAGE_DENIED",
  ENOSPC: "STORAGE_FULL",
  EDQUOT: "STORAGE_FULL",
};

function failed(dir: string, cause: unknown): BackupError {
  const code = codeOf(cause);
  return new BackupError(
    codes[code] ?? "STORAGE_FAILED",
    `The keys could not be written to ${dir} (${code}); none of them was kept.`,
    { hint: "Give a folder that can be written to.", cause },
  );
}

function conflict(paths: readonly string[], cause?: unknown): BackupError {
  return new BackupError(
    "CONFLICT",
    `Keys are not written over: there are some in ${paths.join(", ")}.`,
    {
      hint: "Use those keys, or give another folder. Without their secret keys, old backups cannot be opened: keep them.",
      cause,
    },
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function writeWhole(path: string, { text, mode }: NewFile): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** So that the names outlive a loss of power; not every system lets a folder be synced. */
async function syncFolder(dir: string): Promise<void> {
  try {
    const folder = await open(dir, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    // Windows opens no folders.
  }
}

async function placeAll(dir: string, files: readonly NewFile[]): Promise<void> {
  const mark = randomBytes(6).toString("hex");
  const places = files.map((file) => ({
    file,
    path: join(dir, file.name),
    temporary: join(dir, `.${file.name}.${mark}.tmp`),
  }));
  const placed: string[] = [];
  try {
    for (const { file, temporary } of places) await writeWhole(temporary, file);
    for (const { path, temporary } of places) {
      await placeNewFile(temporary, path);
      placed.push(path);
    }
  } catch (error) {
    for (const path of placed) await rm(path, { force: true });
    // Somebody else was faster.
    if (codeOf(error) === "EEXIST") throw conflict([dir], error);
    throw error;
  } finally {
    for (const { temporary } of places) await rm(temporary, { force: true });
  }
}

/**
 * Writes files that must not be there yet, in their order, each whole. When one cannot be written, none of them stays.
 *
 * @throws {BackupError} CONFLICT when one of them is there, and nothing is changed then; STORAGE_DENIED, STORAGE_FULL, STORAGE_FAILED
 */
export async function writeNewFiles(dir: string, files: readonly NewFile[]): Promise<void> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const taken: string[] = [];
    for (const { name } of files) if (await exists(join(dir, name))) taken.push(join(dir, name));
    if (taken.length > 0) throw conflict(taken);
    await placeAll(dir, files);
    await syncFolder(dir);
  } catch (error) {
    throw error instanceof BackupError ? error : failed(dir, error);
  }
}
