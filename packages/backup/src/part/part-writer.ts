import { createHash } from "node:crypto";
import { BackupError } from "../backup-error.ts";
import type { Upload } from "../storage/storage.ts";
import type { PartOutput } from "./part-output.ts";
import type { PartRecord, PartWriter } from "./part.ts";
import { ZstdCompressor } from "./zstd-compressor.ts";

export interface PartWriterOptions {
  /** Of the record: below the backup's folder. */
  readonly key: string;
  readonly level: number;
  readonly output: PartOutput;
  readonly upload: Upload;
  readonly signal: AbortSignal | undefined;
}

// Every piece is one trip to the thread pool. More than this is not faster; COPY gives a few KiB at a time.
const bufferBytes = 512 * 1024;

const done = Promise.resolve();

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error
    ? thrown
    : new Error("Something that is no error was thrown.", { cause: thrown });
}

/** Fills one buffer while zstd works on the other, and the storage on what became of the one before. */
class BufferedPartWriter implements PartWriter {
  readonly #options: PartWriterOptions;
  readonly #compressor: ZstdCompressor;
  readonly #hash = createHash("sha256");
  #buffer: Buffer = Buffer.allocUnsafeSlow(bufferBytes);
  #spare: Buffer | undefined;
  #filled = 0;
  #plainBytes = 0;
  #state: "open" | "finishing" | "closed" = "open";
  #failure: Error | undefined;
  /** Both never reject: what went wrong is in `#failure`. */
  #compressing: Promise<void> = done;
  #storing: Promise<void> = done;

  constructor(options: PartWriterOptions) {
    this.#options = options;
    this.#compressor = new ZstdCompressor(options.level);
  }

  write(chunk: Uint8Array): Promise<void> {
    if (this.#state === "open" && this.#filled + chunk.length < bufferBytes) {
      this.#buffer.set(chunk, this.#filled);
      this.#filled += chunk.length;
      return done;
    }
    return this.#writeThrough(chunk);
  }

  async finish(): Promise<PartRecord> {
    try {
      this.#mustBeOpen();
      this.#state = "finishing";
      await this.#sendBuffer();
      await this.#compressing;
      await this.#storing;
      this.#mustGoOn();
      await this.#options.output.write(await this.#compressor.final());
      this.#mustGoOn();
      const stored = await this.#options.output.finish();
      this.#state = "closed";
      this.#compressor.close();
      return {
        key: this.#options.key,
        ...stored,
        plainBytes: this.#plainBytes,
        plainSha256: this.#hash.digest("hex"),
      };
    } catch (error) {
      await this.abort();
      throw error;
    }
  }

  async abort(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#failure ??= this.#cancelled();
    await this.#compressing;
    await this.#storing;
    this.#compressor.close();
    await this.#options.upload.abort();
  }

  async #writeThrough(chunk: Uint8Array): Promise<void> {
    this.#mustBeOpen();
    for (let start = 0; start < chunk.length;) {
      const taken = Math.min(bufferBytes - this.#filled, chunk.length - start);
      this.#buffer.set(chunk.subarray(start, start + taken), this.#filled);
      this.#filled += taken;
      start += taken;
      if (this.#filled === bufferBytes) await this.#sendBuffer();
    }
  }

  /** Hands the buffer to zstd, as soon as it is done with the other one. */
  async #sendBuffer(): Promise<void> {
    const full = this.#buffer.subarray(0, this.#filled);
    this.#hash.update(full);
    this.#plainBytes += full.length;
    await this.#compressing;
    this.#mustGoOn();
    const free = this.#spare ?? Buffer.allocUnsafeSlow(bufferBytes);
    this.#spare = this.#buffer;
    this.#buffer = free;
    this.#filled = 0;
    if (full.length > 0) this.#compressing = this.#compress(full);
  }

  async #compress(plain: Uint8Array): Promise<void> {
    try {
      const compressed = await this.#compressor.update(plain);
      await this.#storing;
      if (this.#failure === undefined) this.#storing = this.#store(compressed);
    } catch (error) {
      this.#failure ??= errorOf(error);
    }
  }

  async #store(compressed: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#options.output.write(compressed);
    } catch (error) {
      this.#failure ??= errorOf(error);
    }
  }

  #mustBeOpen(): void {
    if (this.#state !== "open") {
      throw new BackupError("INVALID_OPTIONS", `The part ${this.#options.key} is closed already.`, {
        key: this.#options.key,
        hint: "Nothing can be written after `finish` or `abort`.",
      });
    }
    this.#mustGoOn();
  }

  #mustGoOn(): void {
    if (this.#options.signal?.aborted === true) this.#failure ??= this.#cancelled();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #cancelled(): BackupError {
    return new BackupError("CANCELLED", `Writing ${this.#options.key} was stopped.`, {
      key: this.#options.key,
      cause: this.#options.signal?.reason,
    });
  }
}

export function openPartWriter(options: PartWriterOptions): PartWriter {
  return new BufferedPartWriter(options);
}
