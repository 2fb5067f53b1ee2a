import type { TransformOptions } from "node:stream";
import { constants, createZstdCompress, type ZstdCompress, type ZstdOptions } from "node:zlib";

// Larger than what a full input buffer of text becomes, so that one trip to the thread pool does.
const outputBytes = 256 * 1024;

function zstdOptions(level: number): ZstdOptions & TransformOptions {
  return {
    chunkSize: outputBytes,
    highWaterMark: 4 * outputBytes,
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      // Off by default. With it, `zstd -t` finds damage by itself. Never ZSTD_c_nbWorkers: node#59899.
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  };
}

/** Compresses one frame, in the threads of libuv, one piece after the other. */
export class ZstdCompressor {
  readonly #stream: ZstdCompress;
  #out: Buffer[] = [];
  #failure: Error | undefined;

  constructor(level: number) {
    this.#stream = createZstdCompress(zstdOptions(level));
    this.#stream.on("data", (bytes: Buffer) => this.#out.push(bytes));
    this.#stream.on("error", (error) => {
      this.#failure = error;
    });
  }

  /** `plain` must stay as it is until the promise is fulfilled. One call at a time. */
  async update(plain: Uint8Array): Promise<readonly Buffer[]> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(plain, (error) => (error ? reject(error) : resolve()));
    });
    return this.#take();
  }

  /** The end of the frame. Nothing may be on its way: Node 24.21 adds an empty frame then (node#66078). */
  async final(): Promise<readonly Buffer[]> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.once("end", resolve).once("error", reject).end();
    });
    return this.#take();
  }

  /** Frees what zstd holds. */
  close(): void {
    this.#stream.destroy();
  }

  #take(): readonly Buffer[] {
    if (this.#failure !== undefined) throw this.#failure;
    const taken = this.#out;
    this.#out = [];
    return taken;
  }
}
