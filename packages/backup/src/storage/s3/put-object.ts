import { createHash, randomUUID } from "node:crypto";
import { BackupError } from "../../backup-error.ts";
import type { PutOptions } from "../storage.ts";
import { headObject, writeIdName } from "./head-object.ts";
import { contentMd5, type S3Bucket, type SendOptions } from "./s3-bucket.ts";
import { isMissing, isPassing, PassingFailure, s3Code, s3Status } from "./s3-error.ts";

/** What a bucket was found to enforce. */
export interface BucketConditions {
  readonly create: boolean;
  /** How an etag must stand in If-Match: Ceph before 18 compares it with the bare one. False when it is not looked at. */
  readonly update: "quoted" | "bare" | false;
}

/** A whole object, and the condition under which it is written. */
export interface PutObjectWork {
  readonly key: string;
  readonly body: Uint8Array;
  readonly options: PutOptions;
  /** Needed with a condition only. */
  readonly conditions?: BucketConditions | undefined;
  /** Tells this write from all others. Default: made here. */
  readonly writeId?: string;
}

/**
 * Writes an object in one request. When a reply was lost and the condition fails at the next try, the write id says whether
 * it is our own object that is in the way.
 *
 * Where a bucket ignores If-None-Match, `ifAbsent` looks before and after: who was overwritten by another hears of it, as long as
 * that happens before it looks; {@link BucketConditions} say that there is no guarantee.
 *
 * @throws {BackupError} CONFLICT; UNSUPPORTED for `ifMatch` where the bucket ignores it.
 */
export async function putObject(bucket: S3Bucket, work: PutObjectWork): Promise<string> {
  const { key, options, conditions } = work;
  const { ifAbsent, ifMatch, signal } = options;
  if (ifMatch !== undefined && conditions?.update === false) throw ignoresConditions(bucket, key);
  const blind = ifAbsent === true && conditions?.create === false;
  if (blind && (await headObject(bucket, key, signal))) throw conflict(key, options);
  const writeId = work.writeId ?? randomUUID();
  let condition: Condition = options;
  let unsure = false;
  const etag = await bucket.run({ doing: `Writing ${key}`, key, signal }, async (send) => {
    try {
      const etagForm = conditions?.update === "bare" ? "bare" : "quoted";
      return await putOnce(bucket, { key, body: work.body, writeId, condition, etagForm }, send);
    } catch (error) {
      if (error instanceof DamagedWrite) {
        // Ours, with wrong bytes: the next try replaces that one.
        condition = conditions?.update === false ? {} : { ifMatch: error.etag };
        throw error;
      }
      if (isConditionFailure(error, condition)) {
        const found = unsure ? await headObject(bucket, key, signal) : undefined;
        if (found?.writeId === writeId) return found.etag;
        throw conflict(key, options);
      }
      unsure ||= isPassing(error);
      throw error;
    }
  });
  if (blind && (await headObject(bucket, key, signal))?.writeId !== writeId)
    throw conflict(key, options);
  return etag;
}

type Condition = Pick<PutOptions, "ifAbsent" | "ifMatch">;

/** A server that does not look at Content-MD5 stored what it got. */
class DamagedWrite extends PassingFailure {
  readonly etag: string;

  constructor(key: string, etag: string) {
    super(`the storage has other bytes of ${key} than were sent`);
    this.etag = etag;
  }
}

interface PutOnce {
  readonly key: string;
  readonly body: Uint8Array;
  readonly writeId: string;
  readonly condition: Condition;
  readonly etagForm: "quoted" | "bare";
}

/** An etag as If-Match has it. */
export function ifMatchOf(etag: string, form: "quoted" | "bare"): string {
  return form === "bare" ? etag.replaceAll('"', "") : etag;
}

async function putOnce(
  bucket: S3Bucket,
  { key, body, writeId, condition, etagForm }: PutOnce,
  send: SendOptions,
): Promise<string> {
  const { ETag: etag = "", ServerSideEncryption: encryption } = await bucket.client.send(
    new bucket.sdk.PutObjectCommand({
      ...bucket.at(key),
      Body: body,
      ContentLength: body.length,
      ContentMD5: contentMd5(body),
      Metadata: { [writeIdName]: writeId },
      ...(condition.ifAbsent ? { IfNoneMatch: "*" } : {}),
      ...(condition.ifMatch === undefined
        ? {}
        : { IfMatch: ifMatchOf(condition.ifMatch, etagForm) }),
    }),
    send,
  );
  if (encryption === undefined && !isMd5Of(etag, body)) throw new DamagedWrite(key, etag);
  return etag;
}

/** False only when the etag has the form of an MD5 and is another one. Encrypted objects have etags that are none. */
export function isMd5Of(etag: string, body: Uint8Array): boolean {
  const hash = /^"?([0-9a-f]{32})"?$/u.exec(etag)?.[1];
  return hash === undefined || hash === createHash("md5").update(body).digest("hex");
}

function isConditionFailure(error: unknown, { ifMatch }: Condition): boolean {
  if (s3Status(error) === 412 || s3Code(error) === "PreconditionFailed") return true;
  // AWS's answer to If-Match where there is nothing.
  return ifMatch !== undefined && isMissing(error);
}

function conflict(key: string, { ifMatch }: PutOptions): BackupError {
  const why = ifMatch === undefined ? "is there already" : "is not the one that was read before";
  return new BackupError("CONFLICT", `The object ${key} ${why}.`, {
    hint: "Somebody else wrote it. Read it again and decide anew.",
    key,
  });
}

function ignoresConditions({ name }: S3Bucket, key: string): BackupError {
  return new BackupError(
    "UNSUPPORTED",
    `The object ${key} cannot be replaced safely: the bucket ${name} does not enforce If-Match.`,
    {
      hint: "Use a provider with conditional writes (AWS, R2, Ceph, MinIO), or one writer at a time.",
      key,
    },
  );
}
