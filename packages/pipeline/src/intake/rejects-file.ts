import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { encoderOf } from "@ctb-data/models";
import { syncFolder } from "../export/draft-file.ts";
import { draftIn, removeLeftDrafts } from "../export/draft-name.ts";
import type { FieldFailure } from "../failure.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { SourceRecord } from "../source/source-record.ts";

/** Prints JSON to the last digit. */
const print = encoderOf({ name: "json", kind: "json", dimensions: 0 });

const bufferBytes = 64 * 1024;

/** A record that became no document. */
export interface RejectedRecord {
  readonly line: number;
  readonly failures: readonly FieldFailure[];
  readonly record?: SourceRecord | undefined;
  readonly text?: string | undefined;
}

/**
 * The file of rejected records, one JSON object per line. It appears when all is done, in the place of that of an earlier intake, and only
 * if there is anything in it. It may be read by those who may read the vendor's file.
 */
export class RejectsFile implements AsyncDisposable {
  readonly #file: string;
  readonly #source: string;
  #draft: { readonly path: string; readonly handle: FileHandle } | undefined;
  #pending: string[] = [];
  #pendingSize = 0;

  /** @param source the vendor's file. */
  constructor(file: string, source: string) {
    this.#file = file;
    this.#source = source;
  }

  /** @throws {PipelineError} FILE_FAILED, DENIED */
  async add({ line, failures, record, text }: RejectedRecord): Promise<void> {
    const rest = record === undefined ? { text } : { record };
    const entry = `${print({ line, failures, ...rest })}\n`;
    this.#pending.push(entry);
    this.#pendingSize += entry.length;
    if (this.#pendingSize >= bufferBytes) await this.#write();
  }

  /**
   * The file is where it belongs, or not there any more.
   *
   * @returns its path; undefined when nothing was rejected.
   * @throws {PipelineError} FILE_FAILED, DENIED
   */
  async finish(): Promise<string | undefined> {
    return await this.#doing(async () => {
      if (this.#draft === undefined && this.#pending.length === 0) {
        await rm(this.#file, { force: true });
        return undefined;
      }
      await this.#write();
      const { path, handle } = await this.#opened();
      const { mode } = await stat(this.#source);
      // The names of those who may run it are not those who may read it.
      await handle.chmod(mode & 0o666);
      await handle.sync();
      await handle.close();
      await rename(path, this.#file);
      this.#draft = undefined;
      await syncFolder(dirname(this.#file));
      return this.#file;
    });
  }

  /** What has not appeared goes away. Never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#draft === undefined) return;
    await this.#draft.handle.close().catch(() => undefined);
    await rm(this.#draft.path, { force: true }).catch(() => undefined);
  }

  async #write(): Promise<void> {
    const bytes = Buffer.from(this.#pending.join(""));
    this.#pending = [];
    this.#pendingSize = 0;
    await this.#doing(async () => {
      const { handle } = await this.#opened();
      for (let at = 0; at < bytes.length;)
        at += (await handle.write(bytes, at, bytes.length - at)).bytesWritten;
    });
  }

  async #opened(): Promise<{ readonly path: string; readonly handle: FileHandle }> {
    if (this.#draft !== undefined) return this.#draft;
    const folder = dirname(this.#file);
    await removeLeftDrafts(folder);
    const path = draftIn(folder);
    this.#draft = { path, handle: await open(path, "wx", 0o600) };
    return this.#draft;
  }

  async #doing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw writeFailure(this.#file, error);
    }
  }
}

const denied: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);

function writeFailure(file: string, error: unknown): unknown {
  if (error instanceof PipelineError || !(error instanceof Error && "code" in error)) return error;
  const code = String(error.code);
  return new PipelineError(
    denied.has(code) ? "DENIED" : "FILE_FAILED",
    `The file of rejected records ${file} cannot be written (${code}).`,
    {
      file,
      cause: error,
      hint:
        code === "ENOSPC" || code === "EDQUOT"
          ? "Make room on the disk, or name another place for rejected records, and take the file in again: what was taken in stays."
          : "Name another place for rejected records, and take the file in again: what was taken in stays.",
    },
  );
}
