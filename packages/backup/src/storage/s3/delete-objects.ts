import type * as S3 from "@aws-sdk/client-s3";
import { BackupError } from "../../backup-error.ts";
import type { S3Bucket, SendOptions } from "./s3-bucket.ts";
import { isMissing, isPassing, PassingFailure, s3Code, s3Status } from "./s3-error.ts";

/** As many as S3 takes in one request. */
const batchKeys = 1000;
const passing = new Set(["InternalError", "OperationAborted", "ServiceUnavailable", "SlowDown"]);

/**
 * Removes objects. All keys are tried, also after one was refused.
 *
 * @throws {BackupError} STORAGE_DENIED naming the first key whose deletion was refused, as by Object Lock.
 */
export async function deleteObjects(
  bucket: S3Bucket,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const refused: BackupError[] = [];
  for (let at = 0; at < keys.length; at += batchKeys) {
    const batch = { left: new Set(keys.slice(at, at + batchKeys)), refused };
    await bucket.run({ doing: `Removing ${batch.left.size} objects`, signal }, async (send) => {
      try {
        await deleteBatch(bucket, batch, send);
      } catch (error) {
        // GCS has no DeleteObjects.
        if (![405, 501].includes(s3Status(error)) && s3Code(error) !== "NotImplemented")
          throw error;
        await deleteOneByOne(bucket, batch, send);
      }
    });
  }
  if (refused[0]) throw refused[0];
}

interface Batch {
  readonly left: Set<string>;
  readonly refused: BackupError[];
}

async function deleteBatch(
  bucket: S3Bucket,
  { left, refused }: Batch,
  send: SendOptions,
): Promise<void> {
  if (left.size === 0) return;
  const reply = await bucket.client.send(
    new bucket.sdk.DeleteObjectsCommand({
      Bucket: bucket.name,
      Delete: { Quiet: true, Objects: [...left].map((key) => ({ Key: bucket.prefix + key })) },
    }),
    send,
  );
  const again = new Set<string>();
  for (const problem of reply.Errors ?? []) {
    const key = (problem.Key ?? "").slice(bucket.prefix.length);
    if (problem.Code === "NoSuchKey") continue;
    if (passing.has(problem.Code ?? "")) again.add(key);
    else refused.push(refusal(bucket, key, problem));
  }
  left.clear();
  for (const key of again) left.add(key);
  if (left.size > 0)
    throw new PassingFailure(`${left.size} objects could not be removed, as ${[...left][0]}`);
}

async function deleteOneByOne(
  bucket: S3Bucket,
  { left, refused }: Batch,
  send: SendOptions,
): Promise<void> {
  for (const key of left) {
    try {
      await bucket.client.send(new bucket.sdk.DeleteObjectCommand(bucket.at(key)), send);
    } catch (error) {
      if (isPassing(error)) throw error;
      if (!isMissing(error))
        refused.push(refusal(bucket, key, { Code: s3Code(error), Message: messageOf(error) }));
    }
    left.delete(key);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function refusal(
  { name }: S3Bucket,
  key: string,
  { Code = "", Message = "" }: S3._Error,
): BackupError {
  const isDenied = ["AccessDenied", "Forbidden", "ObjectLocked", "InvalidObjectState"].includes(
    Code,
  );
  return new BackupError(
    isDenied ? "STORAGE_DENIED" : "STORAGE_FAILED",
    `The bucket ${name} does not remove ${key}: ${Code} ${Message}`.trim(),
    {
      key,
      hint: isDenied
        ? "The object is locked (Object Lock, a retention policy), or the access key may not delete. It can be removed when the lock ends."
        : undefined,
    },
  );
}
