import { randomBytes } from "node:crypto";
import type { Storage } from "../src/storage/storage.ts";
import type { S3FaultKind, S3Operation } from "./s3-server-faults.ts";
import type { S3Server } from "./s3-server.ts";
import { allBytes, keysOf, textAt, uploadOf } from "./storage-acts.ts";
import { partBytes } from "./storage-places.ts";

/** Something that is done with a storage, whose requests go wrong. */
export interface FaultAct {
  readonly name: string;
  /** The operations that it sends. */
  readonly operations: readonly S3Operation[];
  /** Those that make it fail when they never succeed. Default: all of them. */
  readonly failing?: readonly S3Operation[];
  /** What must be there before. */
  readonly prepare?: (storage: Storage) => Promise<void>;
  readonly act: (storage: Storage) => Promise<void>;
  /** Throws unless all is as after a success. */
  readonly checkDone: (storage: Storage, server: S3Server) => Promise<void>;
  /** Throws unless nothing can be seen of the failure. */
  readonly checkFailed: (storage: Storage, server: S3Server) => Promise<void>;
}

/** Every kind of fault. */
export const faultKinds: readonly S3FaultKind[] = [
  "reset-before",
  "reset-during",
  "lost-reply",
  "half-body",
  "stall",
  "stall-body",
  "internal-error",
  "slow-down",
  "late-error",
  "error-in-200",
  "flip-in",
];

const large = randomBytes(2.2 * partBytes);
const small = Buffer.from("a small object");

/** All of it: each with each kind of fault. */
export const faultActs: readonly FaultAct[] = [
  {
    name: "put",
    operations: ["PutObject"],
    act: async (storage) => void (await storage.put("k", small)),
    checkDone: async (storage) => sameText(await textAt(storage, "k"), small),
    checkFailed: async (storage) => await absentOr(storage, "k", small),
  },
  {
    name: "put if absent",
    operations: ["PutObject"],
    act: async (storage) => void (await storage.put("k", small, { ifAbsent: true })),
    checkDone: async (storage) => sameText(await textAt(storage, "k"), small),
    checkFailed: async (storage) => await absentOr(storage, "k", small),
  },
  {
    name: "put if it matches",
    operations: ["PutObject"],
    prepare: async (storage) => void (await storage.put("k", Buffer.from("before"))),
    act: async (storage) => {
      const found = await storage.get("k");
      await storage.put("k", small, { ifMatch: found?.etag ?? "" });
    },
    checkDone: async (storage) => sameText(await textAt(storage, "k"), small),
    checkFailed: async (storage) => {
      const text = await textAt(storage, "k");
      if (text !== "before") sameText(text, small);
    },
  },
  {
    name: "a small upload",
    operations: ["PutObject", "HeadObject"],
    act: async (storage) => await uploadOf(storage, "u", small),
    checkDone: async (storage) => sameText(await textAt(storage, "u"), small),
    checkFailed: nothingIsLeft,
  },
  {
    name: "a large upload",
    operations: ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "HeadObject"],
    act: async (storage) => await uploadOf(storage, "u", large),
    checkDone: async (storage, server) => {
      same(await allBytes(storage, "u"), large);
      if (server.store.uploads.size > 0) throw new Error("Uploads are left.");
    },
    checkFailed: nothingIsLeft,
  },
  {
    name: "an upload that is aborted",
    operations: ["AbortMultipartUpload", "CreateMultipartUpload", "UploadPart"],
    // An abort never rejects, whatever became of the parts.
    failing: ["CreateMultipartUpload"],
    act: async (storage) => {
      const upload = await storage.openUpload("u");
      await upload.write(large);
      await upload.abort();
    },
    checkDone: nothingIsLeft,
    checkFailed: nothingIsLeft,
  },
  {
    name: "get",
    operations: ["GetObject"],
    prepare: async (storage) => void (await storage.put("k", small)),
    act: async (storage) => sameText(await textAt(storage, "k"), small),
    checkDone: async (storage) => sameText(await textAt(storage, "k"), small),
    checkFailed: async (storage) => sameText(await textAt(storage, "k"), small),
  },
  {
    name: "read",
    operations: ["GetObject"],
    prepare: async (storage) => await uploadOf(storage, "u", large),
    act: async (storage) => same(await allBytes(storage, "u"), large),
    checkDone: async () => undefined,
    checkFailed: async () => undefined,
  },
  {
    name: "read a range",
    operations: ["GetObject"],
    prepare: async (storage) => await uploadOf(storage, "u", large),
    act: async (storage) => {
      const read = await allBytes(storage, "u", { start: 1001, end: 140_000 });
      same(read, large.subarray(1001, 140_000));
    },
    checkDone: async () => undefined,
    checkFailed: async () => undefined,
  },
  {
    name: "head",
    operations: ["HeadObject"],
    prepare: async (storage) => void (await storage.put("k", small)),
    act: async (storage) => {
      const size = (await storage.head("k"))?.sizeBytes;
      if (size !== small.length) throw new Error(`It has ${size} bytes.`);
    },
    checkDone: async () => undefined,
    checkFailed: async () => undefined,
  },
  {
    name: "list",
    operations: ["ListObjectsV2"],
    prepare: async (storage) => {
      for (const key of ["a/1", "a/2", "a/3", "b"]) await storage.put(key, small);
    },
    act: async (storage) => {
      const keys = (await keysOf(storage, "")).join(" ");
      if (keys !== "a/1 a/2 a/3 b") throw new Error(`The list has ${keys}.`);
    },
    checkDone: async () => undefined,
    checkFailed: async () => undefined,
  },
  {
    name: "delete",
    operations: ["DeleteObjects"],
    prepare: async (storage) => {
      for (const key of ["a/1", "a/2", "b"]) await storage.put(key, small);
    },
    act: async (storage) => await storage.delete(["a/1", "a/2"]),
    checkDone: async (storage) => {
      const keys = (await keysOf(storage, "")).join(" ");
      if (keys !== "b") throw new Error(`There is ${keys}.`);
    },
    checkFailed: async () => undefined,
  },
  {
    name: "sweep",
    operations: ["ListMultipartUploads", "ListParts", "AbortMultipartUpload"],
    failing: ["ListMultipartUploads", "ListParts"],
    prepare: async (storage) => {
      const upload = await storage.openUpload("u");
      await upload.write(large);
    },
    act: async (storage) => {
      const { removed } = await storage.sweepUploads("", new Date(Date.now() + 60_000));
      if (removed !== 1) throw new Error(`${removed} were removed.`);
    },
    checkDone: nothingIsLeft,
    checkFailed: async () => undefined,
  },
];

async function nothingIsLeft(_storage: Storage, server: S3Server): Promise<void> {
  const keys = [...server.store.objects.keys()];
  if (keys.length > 0) throw new Error(`There is ${keys.join(" ")}.`);
  if (server.store.uploads.size > 0) throw new Error("Uploads are left.");
}

async function absentOr(storage: Storage, key: string, body: Buffer): Promise<void> {
  const text = await textAt(storage, key);
  if (text !== undefined) sameText(text, body);
}

function sameText(text: string | undefined, body: Buffer): void {
  if (text !== body.toString()) throw new Error(`It is ${text}.`);
}

function same(read: Uint8Array, body: Uint8Array): void {
  if (Buffer.compare(read, body) !== 0) throw new Error("Other bytes came.");
}
