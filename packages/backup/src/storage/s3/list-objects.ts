import { isStorageKey } from "../storage-key.ts";
import type { StoredObject } from "../storage.ts";
import type { S3Bucket } from "./s3-bucket.ts";

/**
 * All objects below a prefix whose names can be keys, page by page. Without `encoding-type`: our keys need none in XML, and Ceph 16
 * encodes some lists without saying so.
 */
export async function* listObjects(
  bucket: S3Bucket,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoredObject> {
  let token: string | undefined;
  do {
    const page = await bucket.run(
      { doing: `Listing ${prefix}`, signal },
      async (send) =>
        await bucket.client.send(
          new bucket.sdk.ListObjectsV2Command({
            Bucket: bucket.name,
            Prefix: bucket.prefix + prefix,
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
          send,
        ),
    );
    for (const { Key, Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
      const key = Key?.slice(bucket.prefix.length);
      if (key !== undefined && isStorageKey(key))
        yield { key, sizeBytes: Size, modifiedAt: LastModified };
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}
