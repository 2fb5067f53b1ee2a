import { createHash, randomUUID } from "node:crypto";
import { BackupError } from "../../backup-error.ts";
import { reservedStart } from "../storage-key.ts";
import type { StorageCapabilities } from "../storage.ts";
import { deleteObjects } from "./delete-objects.ts";
import { headObject } from "./head-object.ts";
import { abortMultipart } from "./multipart.ts";
import { ifMatchOf, type BucketConditions } from "./put-object.ts";
import { contentMd5, type S3Bucket } from "./s3-bucket.ts";
import { isMissing, s3Code, s3Status } from "./s3-error.ts";

/** What a probe works with. */
interface Probe {
  readonly bucket: S3Bucket;
  readonly key: string;
  readonly signal: AbortSignal | undefined;
}

const body = Buffer.from("A probe of ctb-data. It may be removed.\n");
const other = Buffer.from("Another probe of ctb-data. It may be removed.\n");

/**
 * Finds out what a bucket does, not what its provider says: writes under conditions that do not hold, a body with a wrong
 * Content-MD5, a list, a range and a multipart upload.
 *
 * @throws {BackupError} UNSUPPORTED when something is missing that no backup can do without.
 */
export async function probeBucket(
  bucket: S3Bucket,
  signal: AbortSignal | undefined,
): Promise<{ readonly capabilities: StorageCapabilities; readonly conditions: BucketConditions }> {
  return await withProbe(bucket, signal, async (probe) => {
    const conditions = await tryConditions(probe);
    const checksums = await isRefused(probe, {
      ContentMD5: createHash("md5").update("wrong").digest("base64"),
    });
    await put(probe, {}, body);
    await checkRange(probe);
    await checkList(probe);
    await checkMultipart(probe);
    const capabilities = {
      conditionalCreate: conditions.create,
      conditionalUpdate: conditions.update !== false,
      checksums,
    };
    return { capabilities, conditions };
  });
}

/** Only the conditions, in a few requests. */
export async function probeConditions(
  bucket: S3Bucket,
  signal: AbortSignal | undefined,
): Promise<BucketConditions> {
  return await withProbe(bucket, signal, tryConditions);
}

async function withProbe<T>(
  bucket: S3Bucket,
  signal: AbortSignal | undefined,
  work: (probe: Probe) => Promise<T>,
): Promise<T> {
  const key = `${reservedStart}probe/${randomUUID()} ü+%.txt`;
  try {
    return await work({ bucket, key, signal });
  } finally {
    // Where objects are locked it stays, and a list does not show it.
    await deleteObjects(bucket, [key], undefined).catch(() => undefined);
  }
}

async function tryConditions(probe: Probe): Promise<BucketConditions> {
  // First without a condition: some servers answer 501 to any.
  const etag = await put(probe, {}, body);
  const create = await isRefused(probe, { IfNoneMatch: "*" });
  const now = create
    ? etag
    : ((await headObject(probe.bucket, probe.key, probe.signal))?.etag ?? etag);
  return { create, update: await tryIfMatch(probe, now) };
}

/** The form of If-Match that holds with the right etag and not with a wrong one. */
async function tryIfMatch(probe: Probe, etag: string): Promise<BucketConditions["update"]> {
  for (const form of ["quoted", "bare"] as const) {
    const wrong = ifMatchOf('"00000000000000000000000000000000"', form);
    if (!(await isRefused(probe, { IfMatch: wrong }))) return false;
    if (!(await isRefused(probe, { IfMatch: ifMatchOf(etag, form) }))) return form;
    // Its reply was lost, and the next try found its own object.
    if ((await headObject(probe.bucket, probe.key, probe.signal))?.etag !== etag) return form;
  }
  return false;
}

type Extra = Partial<Record<"IfNoneMatch" | "IfMatch" | "ContentMD5", string>>;

async function put({ bucket, key, signal }: Probe, extra: Extra, content: Buffer): Promise<string> {
  return await bucket.run({ doing: "Writing a probe", key, signal }, async (send) => {
    const command = {
      ...bucket.at(key),
      Body: content,
      ContentLength: content.length,
      ContentMD5: contentMd5(content),
      ...extra,
    };
    const { ETag = "" } = await bucket.client.send(new bucket.sdk.PutObjectCommand(command), send);
    return ETag;
  });
}

/** Whether a write is refused for its condition or its checksum. */
async function isRefused({ bucket, key, signal }: Probe, extra: Extra): Promise<boolean> {
  return await bucket.run({ doing: "Writing a probe", key, signal }, async (send) => {
    try {
      const command = {
        ...bucket.at(key),
        Body: other,
        ContentLength: other.length,
        ContentMD5: contentMd5(other),
        ...extra,
      };
      await bucket.client.send(new bucket.sdk.PutObjectCommand(command), send);
      return false;
    } catch (error) {
      if (s3Code(error) === "BadDigest" && extra.ContentMD5 !== undefined) return true;
      if (s3Status(error) === 412 || isMissing(error)) return true;
      if (s3Status(error) === 400 && extra.ContentMD5 !== undefined) return true;
      // Conditions that it does not know at all are not enforced.
      if (s3Status(error) === 501 && extra.ContentMD5 === undefined) return false;
      throw error;
    }
  });
}

async function checkRange({ bucket, key, signal }: Probe): Promise<void> {
  const part = await bucket.run({ doing: "Reading a probe", key, signal }, async (send) => {
    const reply = await bucket.client.send(
      new bucket.sdk.GetObjectCommand({ ...bucket.at(key), Range: "bytes=2-6" }),
      send,
    );
    return await reply.Body?.transformToString();
  });
  if (part !== body.toString().slice(2, 7))
    throw lacks(bucket, "does not give parts of objects (Range)");
}

async function checkList({ bucket, key, signal }: Probe): Promise<void> {
  const reply = await bucket.run(
    { doing: "Listing a probe", key, signal },
    async (send) =>
      await bucket.client.send(
        new bucket.sdk.ListObjectsV2Command({ Bucket: bucket.name, Prefix: bucket.prefix + key }),
        send,
      ),
  );
  if (reply.Contents?.length !== 1)
    throw lacks(bucket, "does not list an object that was just written");
}

async function checkMultipart({ bucket, key, signal }: Probe): Promise<void> {
  const uploadId = await bucket.run({ doing: "Starting a probe", key, signal }, async (send) => {
    const { UploadId } = await bucket.client.send(
      new bucket.sdk.CreateMultipartUploadCommand(bucket.at(key)),
      send,
    );
    return UploadId;
  });
  if (uploadId === undefined) throw lacks(bucket, "has no multipart uploads");
  await abortMultipart(bucket, key, uploadId);
}

function lacks({ name }: S3Bucket, what: string): BackupError {
  return new BackupError("UNSUPPORTED", `The bucket ${name} ${what}.`, {
    hint: "A backup cannot be kept there. Use another provider.",
  });
}
