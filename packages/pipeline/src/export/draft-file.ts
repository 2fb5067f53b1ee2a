import { write } from "node:fs";
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { draftIn } from "./draft-name.ts";
import { exportFailure } from "./export-failure.ts";

/** Bytes on their way into a file or a pipe. */
export interface ByteTarget {
  /** How many it has taken. */
  readonly bytes: number;
  /** The memory may be used again when the promise is fulfilled. */
  write(chunk: Uint8Array): Promise<void>;
}

/**
 * A file beside its place that gets its name when it is whole. Nobody else can read it before that; then it has the permissions of the
 * file that it replaces, or those that the user's umask leaves.
 */
export class DraftFile implements ByteTarget, AsyncDisposable {
  readonly #file: string;
  readonly #draft: string;
  readonly #handle: FileHandle;
  readonly #mode: number;
  #bytes = 0;
  #state: "open" | "ready" | "gone" = "open";

  private constructor(
    place: { readonly file: string; readonly draft: string },
    handle: FileHandle,
    mode: number,
  ) {
    this.#file = place.file;
    this.#draft = place.draft;
    this.#handle = handle;
    this.#mode = mode;
  }

  /** @throws {PipelineError} FILE_FAILED, DENIED */
  static async open(file: string, folder: string): Promise<DraftFile> {
    return await asWriting(file, async () => {
      const draft = draftIn(folder);
      const old = await stat(file).catch(() => undefined);
      const handle = await open(draft, "wx", 0o666);
      try {
        const { mode } = old ?? (await handle.stat());
        await handle.chmod(0o600);
        return new DraftFile({ file, draft }, handle, mode & 0o777);
      } catch (error) {
        await handle.close();
        await rm(draft, { force: true });
        throw error;
      }
    });
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(chunk: Uint8Array): Promise<void> {
    await asWriting(this.#file, async () => {
      await writeAll(this.#handle, chunk);
      this.#bytes += chunk.length;
    });
  }

  /** All is written: down to the disk with it. */
  async finish(): Promise<void> {
    await asWriting(this.#file, async () => {
      await this.#handle.chmod(this.#mode);
      await this.#handle.sync();
      await this.#handle.close();
      this.#state = "ready";
    });
  }

  /** The file appears, in the place of what was there. */
  async appear(): Promise<void> {
    await asWriting(this.#file, async () => {
      await rename(this.#draft, this.#file);
      this.#state = "gone";
    });
  }

  /** What has not appeared goes away. Never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "open") await this.#handle.close().catch(() => undefined);
    if (this.#state !== "gone") await rm(this.#draft, { force: true }).catch(() => undefined);
    this.#state = "gone";
  }
}

/** A pipe, a terminal or a device: what was written cannot be taken back. */
export class OpenStream implements ByteTarget, AsyncDisposable {
  readonly #name: string;
  readonly #handle: FileHandle | number;
  #bytes = 0;

  private constructor(name: string, handle: FileHandle | number) {
    this.#name = name;
    this.#handle = handle;
  }

  /** @param target a path, or 1 for the standard output. @throws {PipelineError} FILE_FAILED, DENIED */
  static async open(target: string | number): Promise<OpenStream> {
    if (typeof target === "number") return new OpenStream("the standard output", target);
    return await asWriting(target, async () => new OpenStream(target, await open(target, "w")));
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(chunk: Uint8Array): Promise<void> {
    await asWriting(this.#name, async () => {
      if (typeof this.#handle === "number") await writeToDescriptor(this.#handle, chunk);
      else await writeAll(this.#handle, chunk);
      this.#bytes += chunk.length;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (typeof this.#handle !== "number") await this.#handle.close().catch(() => undefined);
  }
}

/** A pipe that somebody has made not to wait says EAGAIN when it is full. */
async function writeToDescriptor(descriptor: number, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    const written = await writeSome(descriptor, chunk.subarray(at)).catch(
      async (error: unknown) => {
        if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
        await sleep(5);
        return 0;
      },
    );
    at += written;
  }
}

async function writeSome(descriptor: number, chunk: Uint8Array): Promise<number> {
  return await new Promise((resolve, reject) => {
    write(descriptor, chunk, (error, written) => {
      if (error) reject(error);
      else resolve(written);
    });
  });
}

/** What was renamed is there after a crash of the machine as well. Does nothing where folders cannot be synced, as on Windows. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder, "r");
    await handle.sync();
  } catch (error) {
    if (!isUnsupported(error)) throw exportFailure(error, { doing: "Writing", file: folder });
  }
}

function isUnsupported(error: unknown): boolean {
  const codes = ["EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP"];
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;)
    at += (await handle.write(chunk, at, chunk.length - at)).bytesWritten;
}

async function asWriting<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw exportFailure(error, { doing: "Writing", file });
  }
}
