import { createHash } from "node:crypto";
import { BackupError } from "../../backup-error.ts";
import { headObject, writeIdName } from "./head-object.ts";
import { listMultiparts } from "./list-multiparts.ts";
import { isMd5Of } from "./put-object.ts";
import { contentMd5, type S3Bucket } from "./s3-bucket.ts";
import { isPassing, PassingFailure, s3Code, s3Status } from "./s3-error.ts";

/** A part that arrived. */
interface SentPart {
  readonly etag: string;
  /** Undefined when the server's etags are no MD5. */
  readonly md5: Buffer | undefined;
}

/** The requests of one multipart upload. */
export class Multipart {
  readonly #bucket: S3Bucket;
  readonly #key: string;
  readonly #writeId: string;
  readonly #parts = new Map<number, SentPart>();
  #uploadId: string | undefined;
  /** A request to begin or to complete had no reply: there may be more than we know of. */
  #isUnsure = false;

  constructor(bucket: S3Bucket, key: string, writeId: string) {
    this.#bucket = bucket;
    this.#key = key;
    this.#writeId = writeId;
  }

  get isStarted(): boolean {
    return this.#uploadId !== undefined;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { client, sdk } = this.#bucket;
    const command = { ...this.#bucket.at(this.#key), Metadata: { [writeIdName]: this.#writeId } };
    await this.#run(`Starting ${this.#key}`, signal, async (send) => {
      const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(command), send);
      if (!UploadId) throw new PassingFailure("the reply has no upload id");
      this.#uploadId = UploadId;
    });
  }

  /** Sends one part, from 1. The bytes may not change before it is done. */
  async send(
    number: number,
    { body, signal }: { readonly body: Uint8Array; readonly signal: AbortSignal },
  ): Promise<void> {
    const { client, sdk } = this.#bucket;
    const [md5, at] = [
      contentMd5(body),
      { ...this.#bucket.at(this.#key), UploadId: this.#uploadId, PartNumber: number },
    ];
    const doing = `Sending part ${number} of ${this.#key}`;
    await this.#bucket.run({ doing, key: this.#key, signal }, async (send) => {
      const command = new sdk.UploadPartCommand({
        ...at,
        Body: body,
        ContentLength: body.length,
        ContentMD5: md5,
      });
      const { ETag: etag = "", ServerSideEncryption: encryption } = await client.send(
        command,
        send,
      );
      if (encryption === undefined && !isMd5Of(etag, body))
        throw new PassingFailure("the part was damaged on its way");
      const isMd5 = etag.replaceAll('"', "") === Buffer.from(md5, "base64").toString("hex");
      this.#parts.set(number, { etag, md5: isMd5 ? Buffer.from(md5, "base64") : undefined });
    });
  }

  /** Makes the object of its parts. After a lost reply it is found out whether that was done. */
  async complete(signal: AbortSignal): Promise<void> {
    const { client, sdk } = this.#bucket;
    const parts = [...this.#parts].toSorted(([a], [b]) => a - b);
    const command = {
      ...this.#bucket.at(this.#key),
      UploadId: this.#uploadId,
      MultipartUpload: {
        Parts: parts.map(([PartNumber, { etag: ETag }]) => ({ PartNumber, ETag })),
      },
    };
    await this.#run(`Completing ${this.#key}`, signal, async (send) => {
      try {
        await client.send(new sdk.CompleteMultipartUploadCommand(command), send);
      } catch (error) {
        if (!isGone(error) || !this.#isUnsure) throw error;
        const found = await headObject(this.#bucket, this.#key, signal);
        if (found?.writeId !== this.#writeId) throw error;
      }
    });
    this.#uploadId = undefined;
    // A lost reply to the start left an upload that nobody knows. The sweep finds what stays.
    if (this.#isUnsure) await this.abort().catch(() => undefined);
  }

  /** The etag that the object has where etags are MD5s; undefined elsewhere. */
  get expectedEtag(): string | undefined {
    const hash = createHash("md5");
    for (const [, { md5 }] of [...this.#parts].toSorted(([a], [b]) => a - b)) {
      if (!md5) return undefined;
      hash.update(md5);
    }
    return `${hash.digest("hex")}-${this.#parts.size}`;
  }

  /** Removes the parts, and what lost replies may have left. */
  async abort(): Promise<void> {
    const ids = new Set(this.#uploadId === undefined ? [] : [this.#uploadId]);
    if (this.#isUnsure) for (const id of await this.#openIds()) ids.add(id);
    for (const id of ids) await abortMultipart(this.#bucket, this.#key, id);
  }

  async #openIds(): Promise<readonly string[]> {
    const ids: string[] = [];
    for await (const { key, uploadId } of listMultiparts(this.#bucket, this.#key, undefined))
      if (key === this.#key) ids.push(uploadId);
    return ids;
  }

  async #run(
    doing: string,
    signal: AbortSignal,
    attempt: (send: { readonly abortSignal?: AbortSignal }) => Promise<void>,
  ): Promise<void> {
    await this.#bucket.run({ doing, key: this.#key, signal }, async (send) => {
      try {
        await attempt(send);
      } catch (error) {
        this.#isUnsure ||= isPassing(error) || signal.aborted;
        throw error;
      }
    });
  }
}

/** Removes the parts of one upload; false when there is none, which is no error. */
export async function abortMultipart(
  bucket: S3Bucket,
  key: string,
  uploadId: string,
): Promise<boolean> {
  // The reply to a try that did it may have been lost.
  let isUnsure = false;
  return await bucket.run(
    { doing: `Aborting the upload of ${key}`, key, tries: 4 },
    async (send) => {
      try {
        await bucket.client.send(
          new bucket.sdk.AbortMultipartUploadCommand({ ...bucket.at(key), UploadId: uploadId }),
          send,
        );
        return true;
      } catch (error) {
        if (isGone(error)) return isUnsure;
        isUnsure ||= isPassing(error);
        throw error;
      }
    },
  );
}

/** @throws {BackupError} STORAGE_FAILED unless an object is what was sent. */
export function checkStored(
  found:
    | { readonly sizeBytes: number; readonly etag: string; readonly writeId: string | undefined }
    | undefined,
  sent: {
    readonly key: string;
    readonly sizeBytes: number;
    readonly etag: string | undefined;
    readonly writeId: string;
  },
): void {
  const { key } = sent;
  const etag = found?.etag.replaceAll('"', "") ?? "";
  const problem =
    found === undefined
      ? "it is not there"
      : found.sizeBytes !== sent.sizeBytes
        ? `it has ${found.sizeBytes} bytes of ${sent.sizeBytes}`
        : found.writeId !== undefined && found.writeId !== sent.writeId
          ? "it was written by somebody else"
          : sent.etag !== undefined && /^[0-9a-f]{32}-\d+$/u.test(etag) && etag !== sent.etag
            ? "its etag is not that of the parts that were sent"
            : undefined;
  if (problem)
    throw new BackupError(
      "STORAGE_FAILED",
      `What is stored as ${key} is not what was sent: ${problem}.`,
      {
        hint: "Try again; if it happens again, do not keep backups in that bucket.",
        key,
      },
    );
}

function isGone(error: unknown): boolean {
  return s3Code(error) === "NoSuchUpload" || s3Status(error) === 404;
}
