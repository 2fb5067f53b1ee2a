import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { PipelineError, type PipelineErrorCode } from "../pipeline-error.ts";

const chunkBytes = 256 * 1024;

/** What a file is told by when it is changed. */
interface FileState {
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

/** How a file is read. */
export interface FileReading {
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A file that is read once, from its beginning to its end. */
export class SourceFile implements AsyncDisposable {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #before: FileState;
  readonly #hash = createHash("sha256");
  #bytes = 0;
  #sha256 = "";

  private constructor(file: string, handle: FileHandle, before: FileState) {
    this.#file = file;
    this.#handle = handle;
    this.#before = before;
  }

  /** @throws {PipelineError} NOT_FOUND, DENIED, FILE_FAILED */
  static async open(file: string): Promise<SourceFile> {
    return await asReading(file, async () => {
      // Without waiting: a pipe that nobody writes to would be waited for without an end.
      const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        const found = await handle.stat({ bigint: true });
        if (!found.isFile()) throw notAFile(file);
        return new SourceFile(file, handle, found);
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  /** Bytes that were read so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Of the whole file, hexadecimal; empty until it was read. */
  get sha256(): string {
    return this.#sha256;
  }

  /**
   * The bytes as they are. Removing the file, or putting another in its place, changes nothing of what is read.
   *
   * @throws {PipelineError} FILE_FAILED, also when the file was changed while it was read; CANCELLED
   */
  async *read({ onBytes, signal }: FileReading): AsyncGenerator<Buffer, void> {
    for (;;) {
      if (signal?.aborted === true) throw stopped(this.#file, signal);
      // New memory for each: records are parts of it, and kept for a while.
      const memory = Buffer.allocUnsafeSlow(chunkBytes);
      const { bytesRead } = await asReading(
        this.#file,
        async () => await this.#handle.read(memory, 0, chunkBytes),
      );
      if (bytesRead === 0) break;
      const chunk = memory.subarray(0, bytesRead);
      this.#hash.update(chunk);
      this.#bytes += bytesRead;
      onBytes?.(bytesRead);
      yield chunk;
    }
    await this.#checkUnchanged();
    this.#sha256 = this.#hash.digest("hex");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close().catch(() => undefined);
  }

  async #checkUnchanged(): Promise<void> {
    const { size, mtimeNs } = await asReading(
      this.#file,
      async () => await this.#handle.stat({ bigint: true }),
    );
    const before = this.#before;
    const isSame = size === before.size && mtimeNs === before.mtimeNs;
    if (isSame && BigInt(this.#bytes) === size) return;
    throw new PipelineError("FILE_FAILED", `${this.#file} was changed while it was read.`, {
      file: this.#file,
      hint: "Take it in again when nobody writes to it any more: what was taken in is not taken in twice.",
    });
  }
}

/** What reading ends with when it is stopped. */
function stopped(file: string, { reason }: AbortSignal): PipelineError {
  if (reason instanceof PipelineError) return reason;
  return new PipelineError("CANCELLED", `Reading ${file} was stopped.`, { file, cause: reason });
}

function notAFile(file: string): PipelineError {
  return new PipelineError("FILE_FAILED", `${file} is not a file.`, {
    file,
    hint: "Name a file: a folder, a pipe or a device cannot be read again when a run goes on.",
  });
}

const codes: Readonly<Record<string, PipelineErrorCode>> = {
  ENOENT: "NOT_FOUND",
  ENOTDIR: "NOT_FOUND",
  EACCES: "DENIED",
  EPERM: "DENIED",
};

const messages: Readonly<Record<string, string>> = {
  NOT_FOUND: "There is no file",
  DENIED: "You may not read",
};

async function asReading<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PipelineError || !(error instanceof Error)) throw error;
    const code = ("code" in error && codes[String(error.code)]) || "FILE_FAILED";
    const words = messages[code] ?? `${error.message} while reading`;
    throw new PipelineError(code, `${words} ${file}.`, { file, cause: error });
  }
}
