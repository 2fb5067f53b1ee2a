import { Readable } from "node:stream";
import type * as S3 from "@aws-sdk/client-s3";
import { BackupError } from "../../backup-error.ts";
import type { ObjectContent, ReadOptions } from "../storage.ts";
import { throwIfCancelled } from "../throw-if-cancelled.ts";
import { headObject } from "./head-object.ts";
import { isMd5Of } from "./put-object.ts";
import type { S3Bucket } from "./s3-bucket.ts";
import { isMissing, PassingFailure, s3Code, s3Error, s3Status } from "./s3-error.ts";

/** A part of an object on its way. */
interface Stretch {
  readonly body: Readable;
  readonly etag: string | undefined;
  readonly length: number;
}

/** A small object, whole. Bytes that do not fit their etag are read once more; the same bytes twice are taken. */
export async function getObject(
  bucket: S3Bucket,
  key: string,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal | undefined },
): Promise<ObjectContent | undefined> {
  let before: Buffer | undefined;
  return await bucket.run({ doing: `Reading ${key}`, key, signal }, async (send) => {
    const reply = await unlessMissing(
      async () => await bucket.client.send(new bucket.sdk.GetObjectCommand(bucket.at(key)), send),
    );
    if (!reply) return undefined;
    const stream = streamOf(reply, key);
    const size = reply.ContentLength ?? 0;
    if (size > maxBytes) {
      stream.destroy();
      throw new BackupError(
        "INVALID_OPTIONS",
        `${key} has ${size} bytes; at most ${maxBytes} are read at once.`,
        { key },
      );
    }
    const body = await collect(stream);
    if (body.length !== size)
      throw new PassingFailure(`${key} ended after ${body.length} of ${size} bytes`);
    const { ETag: etag = "" } = reply;
    const isSame = before?.equals(body) === true;
    before = body;
    if (!isSame && reply.ServerSideEncryption === undefined && !isMd5Of(etag, body))
      throw new PassingFailure(`${key} came with other bytes than were stored`);
    return { body: new Uint8Array(body), etag };
  });
}

/**
 * The bytes of an object as a stream that survives its connections. They are not checked against anything here: an object has
 * no hash that all providers agree on.
 */
export async function readObject(
  bucket: S3Bucket,
  key: string,
  options: ReadOptions,
): Promise<Readable> {
  const { start = 0, end, signal } = options;
  if (end !== undefined && end <= start) {
    if (!(await headObject(bucket, key, signal))) throw missing(bucket, key);
    return Readable.from([]);
  }
  const first = await openStretch(bucket, key, options);
  if (!first) return Readable.from([]);
  return Readable.from(readOn(bucket, { key, first, start, signal }), { objectMode: false });
}

interface Reading {
  readonly key: string;
  readonly first: Stretch;
  readonly start: number;
  readonly signal: AbortSignal | undefined;
}

async function* readOn(
  bucket: S3Bucket,
  { key, first, start, signal }: Reading,
): AsyncGenerator<Uint8Array> {
  const end = start + first.length;
  let position = start;
  let failures = 0;
  let stretch: Stretch | undefined = first;
  while (stretch) {
    const { body }: Stretch = stretch;
    try {
      for await (const chunk of body) {
        throwIfCancelled(signal);
        if (!(chunk instanceof Uint8Array)) continue;
        position += chunk.length;
        failures = 0;
        yield chunk;
      }
      if (position >= end) return;
    } catch (error) {
      throwIfCancelled(signal);
      if (error instanceof BackupError) throw error;
      failures += 1;
      if (failures >= bucket.tries) throw s3Error(`Reading ${key}`, error, key);
    } finally {
      body.destroy();
    }
    if (position >= end) return;
    await bucket.pause(Math.max(failures, 1), signal);
    stretch = await openStretch(bucket, key, { start: position, end, signal, etag: first.etag });
  }
}

/** Undefined when the start is behind the last byte. */
async function openStretch(
  bucket: S3Bucket,
  key: string,
  { start = 0, end, signal, etag }: ReadOptions & { readonly etag?: string | undefined },
): Promise<Stretch | undefined> {
  const isWhole = start === 0 && end === undefined;
  return await bucket.run({ doing: `Reading ${key}`, key, signal }, async (send) => {
    try {
      const reply = await bucket.client.send(
        new bucket.sdk.GetObjectCommand({
          ...bucket.at(key),
          ...(isWhole ? {} : { Range: `bytes=${start}-${end === undefined ? "" : end - 1}` }),
          ...(etag === undefined ? {} : { IfMatch: etag }),
        }),
        send,
      );
      const body = streamOf(reply, key);
      if (!isWhole && !(reply.ContentRange ?? "").startsWith(`bytes ${start}-`)) {
        body.destroy();
        throw new BackupError(
          "UNSUPPORTED",
          `The bucket ${bucket.name} does not give parts of objects (Range).`,
          { key },
        );
      }
      return { body, etag: reply.ETag, length: reply.ContentLength ?? 0 };
    } catch (error) {
      if (s3Status(error) === 416 || s3Code(error) === "InvalidRange") return undefined;
      if (isMissing(error)) throw missing(bucket, key);
      if (s3Status(error) === 412)
        throw new BackupError("CONFLICT", `${key} was replaced while it was read.`, { key });
      throw error;
    }
  });
}

async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function streamOf({ Body: body }: S3.GetObjectCommandOutput, key: string): Readable {
  if (body instanceof Readable) return body;
  throw new PassingFailure(`the reply for ${key} has no body`);
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of stream) if (chunk instanceof Uint8Array) chunks.push(chunk);
  } catch (error) {
    throw new PassingFailure(error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
  return Buffer.concat(chunks);
}

function missing({ name }: S3Bucket, key: string): BackupError {
  return new BackupError("NOT_FOUND", `There is no object ${key} in the bucket ${name}.`, { key });
}
