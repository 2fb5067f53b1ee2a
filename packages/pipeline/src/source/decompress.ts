import { Readable, pipeline, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { PipelineError } from "../pipeline-error.ts";
import { ByteSource } from "./byte-source.ts";

const chunkSize = 256 * 1024;

type Method = "gzip" | "zstd";

const beginnings: readonly { readonly method: Method; readonly bytes: Buffer }[] = [
  { method: "gzip", bytes: Buffer.from([0x1f, 0x8b]) },
  { method: "zstd", bytes: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]) },
];

/** What is not read, by how it begins. */
const others = [
  { name: "a ZIP archive or an Excel workbook", bytes: Buffer.from("PK\u0003\u0004") },
  { name: "compressed with bzip2", bytes: Buffer.from("BZh") },
  { name: "compressed with xz", bytes: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]) },
] as const;

/**
 * The bytes of a file decompressed: gzip and zstd, any number of members or frames one behind the other, by how the file begins.
 *
 * @throws {PipelineError} FILE_FAILED when it is cut off or damaged, has something behind its end, is of another kind, or is named `.gz` or
 * `.zst` and is not.
 */
export async function* decompress(
  file: string,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void> {
  const source = new ByteSource(chunks[Symbol.asyncIterator]());
  try {
    const head = await source.peek(5);
    const method = methodOf(file, head);
    if (method === undefined) yield* source.rest();
    else yield* decompressAll(file, { source, method });
  } finally {
    await source.close();
  }
}

function methodOf(file: string, head: Buffer): Method | undefined {
  const begins = (bytes: Buffer): boolean => head.subarray(0, bytes.length).equals(bytes);
  const method = beginnings.find(({ bytes }) => begins(bytes))?.method;
  const suffix = /\.(?:gz|zst)$/i.exec(file)?.[0];
  if (method === undefined && suffix !== undefined)
    throw new PipelineError("FILE_FAILED", `${file} is not what its name says.`, {
      file,
      hint: `It does not begin like a ${suffix} file: take it in without that suffix if it is not compressed.`,
    });
  const other = others.find(({ bytes }) => begins(bytes));
  if (other !== undefined)
    throw new PipelineError("FILE_FAILED", `${file} is ${other.name}.`, {
      file,
      hint: "Take in the CSV or JSON file that is in it: as it is, or as gzip or zstd.",
    });
  return method;
}

async function* decompressAll(
  file: string,
  { source, method }: { readonly source: ByteSource; readonly method: Method },
): AsyncGenerator<Buffer, void> {
  do {
    const make = method === "gzip" ? createGunzip : createZstdDecompress;
    yield* decompressOne(file, source, make({ chunkSize }));
    // Some writers of gzip fill up blocks with zeros.
    if (method === "gzip") await source.skipZeros();
  } while ((await source.peek(1)).length > 0);
}

/**
 * Node's engines take several members or frames at once as long as chunks happen to end with them; else they end with the first, and say
 * nothing of the rest (Node 24.11). So what they did not take is given to the next.
 */
async function* decompressOne(
  file: string,
  source: ByteSource,
  engine: Transform & { readonly bytesWritten: number },
): AsyncGenerator<Buffer, void> {
  const feed = Readable.from(
    source.lend(() => engine.bytesWritten),
    { objectMode: false },
  );
  const stream = pipeline(feed, engine, () => undefined);
  try {
    for await (const chunk of stream) {
      if (Buffer.isBuffer(chunk)) yield chunk;
    }
  } catch (error) {
    throw error instanceof PipelineError ? error : damaged(file, error);
  } finally {
    feed.destroy();
  }
  await source.takeBack(engine.bytesWritten);
}

function damaged(file: string, cause: unknown): PipelineError {
  const isCutOff = cause instanceof Error && "code" in cause && cause.code === "Z_BUF_ERROR";
  const message = isCutOff ? "is cut off" : "is damaged, or has something behind its end";
  return new PipelineError("FILE_FAILED", `${file} ${message}: it cannot be decompressed whole.`, {
    file,
    cause,
    hint: "Get it again from where it comes from; what was taken in before is not taken in twice.",
  });
}
