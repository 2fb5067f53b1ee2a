import { decodedKey } from "./list-objects.ts";
import { abortMultipart } from "./multipart.ts";
import type { S3Bucket } from "./s3-bucket.ts";
import { isMissing, s3Code } from "./s3-error.ts";

/** Which uploads go. */
export interface SweepOptions {
  readonly prefix: string;
  /** Those that began earlier, by the clock of the server. */
  readonly before: Date;
  readonly signal: AbortSignal | undefined;
}

/** Removes the parts of unfinished uploads. */
export async function sweepMultiparts(
  bucket: S3Bucket,
  { prefix, before, signal }: SweepOptions,
): Promise<{ readonly removed: number; readonly sizeBytes: number }> {
  let removed = 0;
  let sizeBytes = 0;
  for await (const { key, uploadId, startedAt } of listMultiparts(bucket, prefix, signal)) {
    if (startedAt >= before) continue;
    sizeBytes += await sizeOf(bucket, { key, uploadId, signal });
    await abortMultipart(bucket, key, uploadId);
    removed += 1;
  }
  return { removed, sizeBytes };
}

interface OpenMultipart {
  readonly key: string;
  readonly uploadId: string;
  readonly startedAt: Date;
}

async function* listMultiparts(
  bucket: S3Bucket,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<OpenMultipart> {
  let marker: { readonly KeyMarker: string; readonly UploadIdMarker: string } | undefined;
  do {
    const page = await bucket.run(
      { doing: `Listing uploads of ${prefix}`, signal },
      async (send) =>
        await bucket.client.send(
          new bucket.sdk.ListMultipartUploadsCommand({
            Bucket: bucket.name,
            Prefix: bucket.prefix + prefix,
            EncodingType: "url",
            ...marker,
          }),
          send,
        ),
    );
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      const key = decodedKey(Key, page.EncodingType);
      if (key === undefined || UploadId === undefined || !key.startsWith(bucket.prefix + prefix))
        continue;
      // Without its time an upload is taken for a new one.
      yield {
        key: key.slice(bucket.prefix.length),
        uploadId: UploadId,
        startedAt: Initiated ?? new Date(),
      };
    }
    const next = decodedKey(page.NextKeyMarker, page.EncodingType);
    marker =
      page.IsTruncated && next
        ? { KeyMarker: next, UploadIdMarker: page.NextUploadIdMarker ?? "" }
        : undefined;
  } while (marker);
}

async function sizeOf(
  bucket: S3Bucket,
  {
    key,
    uploadId,
    signal,
  }: { readonly key: string; readonly uploadId: string; readonly signal: AbortSignal | undefined },
): Promise<number> {
  let marker: string | undefined;
  let sizeBytes = 0;
  do {
    const page = await bucket.run(
      { doing: `Listing parts of ${key}`, key, signal },
      async (send) => {
        try {
          return await bucket.client.send(
            new bucket.sdk.ListPartsCommand({
              ...bucket.at(key),
              UploadId: uploadId,
              ...(marker === undefined ? {} : { PartNumberMarker: marker }),
            }),
            send,
          );
        } catch (error) {
          // Ended meanwhile.
          if (s3Code(error) === "NoSuchUpload" || isMissing(error)) return undefined;
          throw error;
        }
      },
    );
    for (const { Size = 0 } of page?.Parts ?? []) sizeBytes += Size;
    marker = page?.IsTruncated ? page.NextPartNumberMarker : undefined;
  } while (marker !== undefined);
  return sizeBytes;
}
