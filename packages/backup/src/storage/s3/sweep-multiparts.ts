import { listMultiparts } from "./list-multiparts.ts";
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
    const size = await sizeOf(bucket, { key, uploadId, signal });
    if (!(await abortMultipart(bucket, key, uploadId))) continue;
    removed += 1;
    sizeBytes += size;
  }
  return { removed, sizeBytes };
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
