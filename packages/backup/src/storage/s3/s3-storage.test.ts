import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import {
  allBytes,
  codeOf,
  errorOf,
  keysOf,
  textAt,
  uploadOf,
} from "../../../testing/storage-acts.ts";
import { partBytes, s3Place } from "../../../testing/storage-places.ts";
import { openS3Storage } from "./s3-storage.ts";
import { partSize } from "./s3-upload.ts";

const mebibyte = 1024 ** 2;
/** Objects are counted in fifths of a part, so that their ends lie within one. */
const fifth = partBytes / 5;

test("a put whose reply was lost is known as its own although the next try finds the key taken", async () => {
  await using place = await s3Place();
  await place.storage.probe();
  place.server.fail({ operation: "PutObject", kind: "lost-reply", times: 3 });
  const { etag } = await place.storage.put("k", Buffer.from("mine"), { ifAbsent: true });
  expect((await place.storage.get("k"))?.etag).toBe(etag);
});

test("a put whose first try broke is a CONFLICT when another wrote the same bytes meanwhile", async () => {
  await using place = await s3Place();
  const other = await place.open();
  await place.storage.probe();
  await other.put("k", Buffer.from("the same"), { ifAbsent: true });
  place.server.fail({ operation: "PutObject", kind: "reset-before" });
  expect(await codeOf(place.storage.put("k", Buffer.from("the same"), { ifAbsent: true }))).toBe(
    "CONFLICT",
  );
});

test("a replacement whose reply was lost is known as its own", async () => {
  await using place = await s3Place();
  const { etag } = await place.storage.put("k", Buffer.from("1"), { ifAbsent: true });
  place.server.fail({ operation: "PutObject", kind: "lost-reply", times: 2 });
  const next = await place.storage.put("k", Buffer.from("2"), { ifMatch: etag });
  expect((await place.storage.get("k"))?.etag).toBe(next.etag);
});

test("an upload whose completion had no reply is found complete", async () => {
  await using place = await s3Place();
  const body = randomBytes(6 * fifth);
  place.server.fail({ operation: "CompleteMultipartUpload", kind: "lost-reply" });
  await uploadOf(place.storage, "u", body);
  expect(Buffer.compare(await allBytes(place.storage, "u"), body)).toBe(0);
});

test("an upload that was aborted by somebody else does not pass for complete", async () => {
  await using place = await s3Place();
  const upload = await place.storage.openUpload("u");
  await upload.write(randomBytes(6 * fifth));
  place.server.store.uploads.clear();
  expect(await codeOf(upload.complete())).toBe("STORAGE_FAILED");
  expect(place.server.store.objects.size).toBe(0);
});

test("an object that is shorter than what was sent is not taken, and removed", async () => {
  await using place = await s3Place();
  const upload = await place.storage.openUpload("u");
  await upload.write(randomBytes(11 * fifth));
  const complete = place.server.store.complete.bind(place.server.store);
  place.server.store.complete = (key, id, parts) => {
    const object = { ...complete(key, id, parts), body: Buffer.from("short") };
    place.server.store.objects.set(key, object);
    return object;
  };
  expect(await codeOf(upload.complete())).toBe("STORAGE_FAILED");
  expect(place.server.store.objects.size).toBe(0);
});

test("parts that were joined in another order are found out by their etag", async () => {
  await using place = await s3Place();
  const upload = await place.storage.openUpload("u");
  await upload.write(randomBytes(11 * fifth));
  const { store } = place.server;
  const complete = store.complete.bind(store);
  store.complete = (key, id, parts) => {
    const { parts: kept } = store.upload(key, id);
    const [first, second] = [kept.get(1), kept.get(2)];
    if (first && second) kept.set(1, second).set(2, first);
    return complete(
      key,
      id,
      [...kept].map(([number, { etag }]) => ({ number, etag })).slice(0, parts.length),
    );
  };
  expect(await codeOf(upload.complete())).toBe("STORAGE_FAILED");
  expect(store.objects.size).toBe(0);
});

test("without checksums on the server a damaged body is found by its etag and written again", async () => {
  await using place = await s3Place({ ignoreContentMd5: true });
  expect(await place.storage.probe()).toMatchObject({ checksums: false });
  for (const options of [{}, { ifAbsent: true as const }]) {
    place.server.fail({ operation: "PutObject", kind: "flip-in", times: 2 });
    await place.storage.put(`k${JSON.stringify(options)}`, Buffer.from("what was meant"), options);
    expect(await textAt(place.storage, `k${JSON.stringify(options)}`)).toBe("what was meant");
  }
  place.server.fail({ operation: "UploadPart", kind: "flip-in", times: 2 });
  const body = randomBytes(11 * fifth);
  await uploadOf(place.storage, "u", body);
  expect(Buffer.compare(await allBytes(place.storage, "u"), body)).toBe(0);
});

test("a small object that was damaged on its way here is read again", async () => {
  await using place = await s3Place();
  await place.storage.put("k", Buffer.from("what was stored"));
  place.server.fail({ operation: "GetObject", kind: "flip-out" });
  expect(await textAt(place.storage, "k")).toBe("what was stored");
});

test("a read goes on where it was cut, more often than anything is tried", async () => {
  await using place = await s3Place();
  const storage = await place.open({ tries: 3 });
  const body = randomBytes(12 * fifth);
  await uploadOf(storage, "u", body);
  place.server.fail({ operation: "GetObject", kind: "half-body", times: 8 });
  expect(Buffer.compare(await allBytes(storage, "u"), body)).toBe(0);
});

test("an object that is replaced while it is read is a CONFLICT and not a mixture", async () => {
  await using place = await s3Place();
  await uploadOf(place.storage, "u", randomBytes(8 * fifth));
  place.server.fail({ operation: "GetObject", kind: "half-body" });
  const stream = await place.storage.openRead("u");
  await uploadOf(place.storage, "u", randomBytes(8 * fifth));
  const read = async () => {
    for await (const _ of stream);
  };
  expect(await codeOf(read())).toBe("CONFLICT");
});

test("a locked object is STORAGE_DENIED by its name, and the others are gone", async () => {
  await using place = await s3Place({ lockedKey: "kept" });
  for (const key of ["a", "b/kept", "c"]) await place.storage.put(key, Buffer.from(key));
  const error = await errorOf(place.storage.delete(["a", "b/kept", "c"]));
  expect(error).toMatchObject({ code: "STORAGE_DENIED", key: "b/kept" });
  expect(error.message).toContain("b/kept");
  expect(await keysOf(place.storage, "")).toEqual(["b/kept"]);
});

test("without DeleteObjects the keys are removed one by one, a locked one by its name", async () => {
  await using place = await s3Place({ noDeleteObjects: true, lockedKey: "kept" });
  for (const key of ["a", "b/kept", "c"]) await place.storage.put(key, Buffer.from(key));
  expect(await errorOf(place.storage.delete(["a", "b/kept", "c"]))).toMatchObject({
    code: "STORAGE_DENIED",
    key: "b/kept",
  });
  expect(await keysOf(place.storage, "")).toEqual(["b/kept"]);
});

test("a bucket that ignores conditions is found out before anything is written under one", async () => {
  await using place = await s3Place({ ignoreIfNoneMatch: true, ignoreIfMatch: true });
  const { etag } = await place.storage.put("k", Buffer.from("first"));
  expect(await codeOf(place.storage.put("k", Buffer.from("second"), { ifAbsent: true }))).toBe(
    "CONFLICT",
  );
  expect(await codeOf(place.storage.put("k", Buffer.from("second"), { ifMatch: etag }))).toBe(
    "UNSUPPORTED",
  );
  expect(await textAt(place.storage, "k")).toBe("first");
  expect(await place.storage.probe()).toEqual({
    conditionalCreate: false,
    conditionalUpdate: false,
    checksums: true,
  });
});

test("a bucket that wants If-Match without quotes gets it so, also when every other reply is lost", async () => {
  await using place = await s3Place({ bareIfMatch: true });
  for (let at = 0; at < 6; at += 1)
    place.server.fail({ operation: "PutObject", kind: "lost-reply", after: at });
  expect(await place.storage.probe()).toMatchObject({ conditionalUpdate: true });
  place.server.clearFaults();
  const { etag } = await place.storage.put("k", Buffer.from("1"));
  await place.storage.put("k", Buffer.from("2"), { ifMatch: etag });
  expect(await codeOf(place.storage.put("k", Buffer.from("3"), { ifMatch: etag }))).toBe(
    "CONFLICT",
  );
  expect(await textAt(place.storage, "k")).toBe("2");
});

test("where conditions are ignored, who was overwritten at once hears of it", async () => {
  await using place = await s3Place({ ignoreIfNoneMatch: true, ignoreIfMatch: true });
  const other = await place.open();
  await Promise.all([place.storage.probe(), other.probe()]);
  const { store } = place.server;
  const put = store.put.bind(store);
  // The other's object takes the place of ours before we look.
  store.put = (key, object, conditions) => {
    put(key, object, conditions);
    return key.endsWith("/k")
      ? put(key, { body: object.body, metadata: { "ctb-write": "another" } }, conditions)
      : put(key, object, conditions);
  };
  expect(await codeOf(place.storage.put("k", Buffer.from("x"), { ifAbsent: true }))).toBe(
    "CONFLICT",
  );
});

test("the list of a store that lags lacks the newest object and still ends", async () => {
  await using place = await s3Place({ pageSize: 1 });
  for (const key of ["a", "b", "c"]) await place.storage.put(key, Buffer.from(key));
  place.server.fail({ operation: "ListObjectsV2", kind: "stale", times: 5 });
  expect(await keysOf(place.storage, "")).toEqual(["a", "b"]);
});

test("objects and uploads beside the prefix are neither seen nor swept", async () => {
  await using place = await s3Place();
  const beside = await place.open({ prefix: "some/prefix-not" });
  await beside.put("k", Buffer.from("x"));
  const upload = await beside.openUpload("u");
  await upload.write(randomBytes(6 * fifth));
  expect(await keysOf(place.storage, "")).toEqual([]);
  expect(await place.storage.sweepUploads("", new Date(Date.now() + 60_000))).toMatchObject({
    removed: 0,
  });
  await upload.abort();
});

test("things in the bucket that can be no key are passed over", async () => {
  await using place = await s3Place();
  const object = { body: Buffer.from("x"), metadata: {} };
  const any = { ifNoneMatch: undefined, ifMatch: undefined };
  for (const key of ["folder/", "a//b", "../x", ".ctb-probe/1", "fine"])
    place.server.store.put(`some/prefix/${key}`, object, any);
  expect(await keysOf(place.storage, "")).toEqual(["fine"]);
});

test("wrong keys are STORAGE_DENIED, and no secret is told", async () => {
  await using place = await s3Place();
  const secretAccessKey = "another secret that is wrong";
  const storage = await place.open({
    credentials: { ...place.server.credentials, secretAccessKey },
  });
  for (const work of [
    async () => await storage.put("k", Buffer.from("x")),
    async () => await storage.head("k"),
    async () => await storage.probe(),
    async () => await keysOf(storage, ""),
  ]) {
    const error = await errorOf(work());
    expect(error.code).toBe("STORAGE_DENIED");
    expect(JSON.stringify([error.message, error.hint, error.stack])).not.toContain(secretAccessKey);
  }
  const unknown = await place.open({ credentials: { accessKeyId: "NOBODY", secretAccessKey } });
  expect(await errorOf(unknown.get("k"))).toMatchObject({
    code: "STORAGE_DENIED",
    hint: expect.stringContaining("access key"),
  });
});

test("a bucket that is not there, and a server that is not there, are told apart", async () => {
  await using place = await s3Place();
  const nowhere = await place.open({ bucket: "no-such-bucket", tries: 2 });
  expect(await errorOf(nowhere.put("k", Buffer.from("x")))).toMatchObject({
    code: "STORAGE_FAILED",
    hint: expect.stringContaining("bucket"),
  });
  const nobody = await place.open({ endpoint: "http://127.0.0.1:9", tries: 2 });
  const error = await errorOf(nobody.put("k", Buffer.from("x")));
  expect(error.code).toBe("STORAGE_FAILED");
  expect(error.message).toContain("ECONNREFUSED");
});

test("a large object never has more than three parts of it in memory", async () => {
  await using place = await s3Place();
  const upload = await place.storage.openUpload("u");
  const chunk = randomBytes(10_000);
  const { store, seen } = place.server;
  let written = 0;
  for (let count = 0; count < 78; count += 1) {
    await upload.write(chunk);
    written += chunk.length;
    const arrived = [...store.uploads.values()].flatMap(({ parts }) => [...parts.values()]);
    const inMemory = written - arrived.reduce((sum, { body }) => sum + body.length, 0);
    expect(inMemory).toBeLessThanOrEqual(3 * partBytes);
  }
  await upload.complete();
  expect(
    seen.filter(({ operation }) => operation === "UploadPart").map(({ bodyBytes }) => bodyBytes),
  ).toEqual([...Array<number>(11).fill(partBytes), 780_000 - 11 * partBytes]);
});

test("ten thousand parts hold more than the largest object of S3", () => {
  const sizes = Array.from({ length: 10_000 }, (_, at) => partSize(at + 1, 8 * mebibyte));
  expect(sizes[0]).toBe(8 * mebibyte);
  expect(sizes[999]).toBe(8 * mebibyte);
  expect(sizes[1000]).toBe(16 * mebibyte);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(5 * 1024 ** 3);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(5 * 1024 ** 4);
});

test("options that cannot be meant are refused before anything is sent", async () => {
  const good = {
    bucket: "bucket",
    endpoint: "http://127.0.0.1:9",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
  };
  for (const bad of [
    { bucket: "a/b" },
    { bucket: "" },
    { prefix: "../x" },
    { prefix: "x".repeat(121) },
    { partBytes: 1000 },
    { partBytes: 1e9 },
    { endpoint: "localhost:9000" },
    { partsInFlight: 0 },
  ])
    expect([bad, await codeOf(openS3Storage({ ...good, ...bad }))]).toEqual([
      bad,
      "INVALID_OPTIONS",
    ]);
});
