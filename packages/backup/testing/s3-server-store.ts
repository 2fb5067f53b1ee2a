import { createHash, randomUUID } from "node:crypto";
import { compareKeys } from "../src/storage/storage-order.ts";
import { S3Refusal } from "./s3-server-refusal.ts";

/** An object of the server. */
export interface S3ServerObject {
  readonly body: Buffer;
  /** With its quotes. */
  readonly etag: string;
  readonly modifiedAt: Date;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An upload that is neither complete nor aborted. */
export interface S3ServerUpload {
  readonly id: string;
  readonly key: string;
  readonly startedAt: Date;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parts: Map<number, { readonly body: Buffer; readonly etag: string }>;
}

/** A part as a request to complete names it. */
export interface NamedPart {
  readonly number: number;
  readonly etag: string;
}

/** The conditions of a write, as far as the server looks at them. */
export interface WriteConditions {
  readonly ifNoneMatch: string | undefined;
  readonly ifMatch: string | undefined;
}

/** What a bucket holds, and S3's rules for it. Every method is one step that nothing comes between. */
export class S3ServerStore {
  readonly objects = new Map<string, S3ServerObject>();
  readonly uploads = new Map<string, S3ServerUpload>();
  /** The key that was written last. */
  lastKey: string | undefined;
  readonly #minPartBytes: number;

  constructor(minPartBytes: number) {
    this.#minPartBytes = minPartBytes;
  }

  put(
    key: string,
    object: Omit<S3ServerObject, "etag" | "modifiedAt">,
    conditions: WriteConditions,
  ): S3ServerObject {
    const found = this.objects.get(key);
    if (conditions.ifNoneMatch === "*" && found) throw failedCondition();
    if (conditions.ifMatch !== undefined) {
      if (!found) throw new S3Refusal(404, "NoSuchKey", "There is no such key.");
      if (found.etag !== conditions.ifMatch) throw failedCondition();
    }
    return this.#store(key, { ...object, etag: `"${md5(object.body)}"` });
  }

  get(key: string): S3ServerObject {
    const found = this.objects.get(key);
    if (!found) throw new S3Refusal(404, "NoSuchKey", "There is no such key.");
    return found;
  }

  begin(key: string, metadata: Readonly<Record<string, string>>): string {
    const id = randomUUID();
    this.uploads.set(id, { id, key, startedAt: new Date(), metadata, parts: new Map() });
    return id;
  }

  upload(key: string, id: string): S3ServerUpload {
    const found = this.uploads.get(id);
    if (found?.key !== key) throw new S3Refusal(404, "NoSuchUpload", "There is no such upload.");
    return found;
  }

  complete(key: string, id: string, named: readonly NamedPart[]): S3ServerObject {
    const upload = this.upload(key, id);
    if (named.length === 0) throw new S3Refusal(400, "MalformedXML", "No parts.");
    const parts = named.map(({ number, etag }, index) => {
      if (index > 0 && number <= (named[index - 1]?.number ?? 0))
        throw new S3Refusal(400, "InvalidPartOrder", "The parts are not in order.");
      const part = upload.parts.get(number);
      if (part?.etag.replaceAll('"', "") !== etag.replaceAll('"', ""))
        throw new S3Refusal(400, "InvalidPart", `Part ${number} is not there, or another one.`);
      if (index < named.length - 1 && part.body.length < this.#minPartBytes)
        throw new S3Refusal(400, "EntityTooSmall", `Part ${number} is too small.`);
      return part;
    });
    this.uploads.delete(id);
    const hash = createHash("md5");
    for (const { etag } of parts) hash.update(Buffer.from(etag.replaceAll('"', ""), "hex"));
    return this.#store(key, {
      body: Buffer.concat(parts.map(({ body }) => body)),
      metadata: upload.metadata,
      etag: `"${hash.digest("hex")}-${parts.length}"`,
    });
  }

  /** Keys of a prefix behind a key, in order. */
  keys(prefix: string, after: string): readonly string[] {
    return [...this.objects.keys()]
      .filter((key) => key.startsWith(prefix) && (after === "" || compareKeys(key, after) > 0))
      .toSorted(compareKeys);
  }

  #store(key: string, object: Omit<S3ServerObject, "modifiedAt">): S3ServerObject {
    const stored = { ...object, modifiedAt: new Date() };
    this.objects.set(key, stored);
    this.lastKey = key;
    return stored;
  }
}

/** In hexadecimal digits. */
export function md5(body: Buffer): string {
  return createHash("md5").update(body).digest("hex");
}

function failedCondition(): S3Refusal {
  return new S3Refusal(412, "PreconditionFailed", "The condition does not hold.");
}
