import { createHash } from "node:crypto";
import type { Transform } from "node:stream";
import { constants, createGzip, createZstdCompress } from "node:zlib";
import type { ByteTarget } from "./draft-file.ts";

/** How a file is compressed: by the end of its name. */
export type Compression = "none" | "gzip" | "zstd";

/** `.gz` and `.zst`, in any case. */
export function compressionOf(file: string): Compression {
  const end = /\.(?:gz|zst)$/i.exec(file)?.[0].toLowerCase();
  return end === ".gz" ? "gzip" : end === ".zst" ? "zstd" : "none";
}

/**
 * The way of the records' bytes: counted into a hash, compressed, written. What comes is worked on while the caller makes the next:
 * the memory of a chunk may be used again when the next call of `write` or `end` is done.
 */
export class OutputStage {
  readonly #hash = createHash("sha256");
  readonly #target: Compressor | ByteTarget | undefined;
  #pending: Promise<void> = Promise.resolve();

  /** @param target undefined for what is only made, as in a dry run. */
  constructor(target: ByteTarget | undefined, compression: Compression) {
    this.#target =
      target === undefined || compression === "none" ? target : new Compressor(target, compression);
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (chunk.length === 0) return;
    this.#hash.update(chunk);
    await this.#pending;
    this.#pending = this.#target?.write(chunk) ?? Promise.resolve();
    // It is waited for with the next chunk: until then its failure is nobody's.
    this.#pending.catch(() => undefined);
  }

  /** @returns SHA-256 of what came, hexadecimal. */
  async end(): Promise<string> {
    await this.#pending;
    if (this.#target instanceof Compressor) await this.#target.end();
    return this.#hash.digest("hex");
  }
}

const outputBytes = 256 * 1024;

/** The same bytes for the same input: no time, no name and no system in the header. */
class Compressor {
  readonly #target: ByteTarget;
  readonly #stream: Transform;
  readonly #made: Buffer[] = [];
  #isFirst: boolean;

  constructor(target: ByteTarget, compression: "gzip" | "zstd") {
    this.#target = target;
    this.#isFirst = compression === "gzip";
    this.#stream =
      compression === "gzip"
        ? createGzip({ level: 6, chunkSize: outputBytes })
        : createZstdCompress({
            chunkSize: outputBytes,
            params: { [constants.ZSTD_c_checksumFlag]: 1, [constants.ZSTD_c_compressionLevel]: 3 },
          });
    this.#stream.on("data", (chunk: Buffer) => this.#made.push(chunk));
  }

  async write(chunk: Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(chunk, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
    await this.#pass();
  }

  async end(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.once("end", resolve).once("error", reject).end();
    });
    await this.#pass();
  }

  async #pass(): Promise<void> {
    for (const chunk of this.#made.splice(0)) {
      // RFC 1952: the tenth byte names the system, 255 for none.
      if (this.#isFirst) chunk[9] = 255;
      this.#isFirst = false;
      await this.#target.write(chunk);
    }
  }
}
