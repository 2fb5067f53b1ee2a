import type { S3Bucket } from "./s3-bucket.ts";

/** An upload that is neither complete nor aborted. */
export interface OpenMultipart {
  readonly key: string;
  readonly uploadId: string;
  readonly startedAt: Date;
}

/** The unfinished uploads of a prefix, page by page. */
export async function* listMultiparts(
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
            ...marker,
          }),
          send,
        ),
    );
    for (const { Key: key, UploadId, Initiated } of page.Uploads ?? []) {
      if (key === undefined || UploadId === undefined || !key.startsWith(bucket.prefix + prefix))
        continue;
      // Without its time an upload is taken for a new one.
      yield {
        key: key.slice(bucket.prefix.length),
        uploadId: UploadId,
        startedAt: Initiated ?? new Date(),
      };
    }
    const next = page.NextKeyMarker;
    marker =
      page.IsTruncated && next
        ? { KeyMarker: next, UploadIdMarker: page.NextUploadIdMarker ?? "" }
        : undefined;
  } while (marker);
}
