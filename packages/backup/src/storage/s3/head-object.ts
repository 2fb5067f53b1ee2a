import type { StoredObject } from "../storage.ts";
import type { S3Bucket } from "./s3-bucket.ts";
import { isMissing } from "./s3-error.ts";

/** The user metadata that says which write an object comes from. */
export const writeIdName = "ctb-write";

/** What a bucket says of an object. */
export interface HeadObject extends StoredObject {
  readonly etag: string;
  /** Of the write that it comes from; undefined when it was written by something else, or the server keeps no metadata. */
  readonly writeId: string | undefined;
}

/** Undefined when there is no such object. */
export async function headObject(
  bucket: S3Bucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<HeadObject | undefined> {
  return await bucket.run({ doing: `Looking at ${key}`, key, signal }, async (send) => {
    try {
      const reply = await bucket.client.send(
        new bucket.sdk.HeadObjectCommand(bucket.at(key)),
        send,
      );
      return {
        key,
        sizeBytes: reply.ContentLength ?? 0,
        modifiedAt: reply.LastModified ?? new Date(0),
        etag: reply.ETag ?? "",
        writeId: reply.Metadata?.[writeIdName],
      };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  });
}
