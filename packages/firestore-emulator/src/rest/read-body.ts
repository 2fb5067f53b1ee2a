import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { createGunzip, createInflate } from "node:zlib";
import { invalidArgument, RpcError } from "../rpc-error.ts";

/** How much of a body is taken, and for how long. */
export interface BodyLimits {
  /** A larger one is refused once it has ended. */
  readonly bytes: number;
  /** A larger one is refused at once. */
  readonly endBytes: number;
  readonly ms: number;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The body of a request as text, decompressed. @throws {RpcError} when it is too large, too slow, cut or no text. */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<string> {
  const bytes = await collect(request, decompressed(request), limits);
  try {
    return utf8.decode(bytes);
  } catch {
    throw invalidArgument("Invalid JSON payload received. The body is not UTF-8.");
  }
}

function decompressed(request: IncomingMessage): Readable {
  const encoding = request.headers["content-encoding"]?.toLowerCase() ?? "identity";
  if (encoding === "identity" || encoding === "") return request;
  if (encoding === "gzip" || encoding === "x-gzip") return request.pipe(createGunzip());
  if (encoding === "deflate") return request.pipe(createInflate());
  throw invalidArgument(`A body with the content-encoding ${encoding} cannot be read.`);
}

async function collect(
  request: IncomingMessage,
  source: Readable,
  { bytes, endBytes, ms }: BodyLimits,
): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  const tooLarge = invalidArgument(`Request payload size exceeds the limit: ${bytes} bytes.`);
  return await new Promise((resolve, reject) => {
    const stop = (error?: Error): void => {
      clearTimeout(timer);
      source.off("data", take);
      if (source !== request) {
        request.unpipe();
        source.destroy();
      }
      // What is left must be taken for the answer to be read.
      request.resume();
      if (error) reject(error);
      else resolve(Buffer.concat(chunks));
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= bytes) chunks.push(chunk);
      else chunks.length = 0;
      if (size > endBytes) stop(tooLarge);
    };
    const timer = setTimeout(() => {
      stop(new RpcError("DEADLINE_EXCEEDED", `The body did not arrive within ${ms} ms.`));
    }, ms);
    source.on("data", take);
    source.once("end", () => {
      stop(size > bytes ? tooLarge : undefined);
    });
    source.once("error", (error) => {
      stop(invalidArgument(`The body cannot be read: ${error.message}`));
    });
    request.once("close", () => {
      if (!request.complete) stop(new RpcError("CANCELLED", "The client is gone."));
    });
  });
}
