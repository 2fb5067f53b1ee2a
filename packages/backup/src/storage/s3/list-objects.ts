import { isStorageKey } from "../storage-key.ts";
import type { StoredObject } from "../storage.ts";
import type { S3Bucket } from "./s3-bucket.ts";

/** All objects below a prefix whose names can be keys, page by page. */
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
            EncodingType: "url",
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
          send,
        ),
    );
    for (const { Key, Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
      const key = decodedKey(Key, page.EncodingType)?.slice(bucket.prefix.length);
      if (key !== undefined && isStorageKey(key))
        yield { key, sizeBytes: Size, modifiedAt: LastModified };
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/** Servers that know `encoding-type` say so in their reply; the others give keys as they are. Undefined when it cannot be read. */
export function decodedKey(
  key: string | undefined,
  encoding: string | undefined,
): string | undefined {
  if (encoding !== "url" || key === undefined) return key;
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
