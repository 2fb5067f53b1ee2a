import { createHash, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareKeys } from "../src/storage/storage-order.ts";
import type { Storage } from "../src/storage/storage.ts";
import { allBytes, codeOf, keysOf, textAt, uploadOf } from "./storage-acts.ts";

/** Where the conformance suite gets its storages from. */
export interface ConformingStorage {
  /** Opens an empty storage, and the same again for another writer. */
  readonly open: () => Promise<
    { readonly storage: Storage; readonly again: () => Promise<Storage> } & AsyncDisposable
  >;
  /** The storage has conditional writes. */
  readonly isConditional: boolean;
}

const runs = process.env["SLOW"] ? 100 : 10;
const mebibyte = 1024 ** 2;
/** What file systems, XML, URLs and signatures trip over. */
export const hardKeys: readonly string[] = [
  "a/b c/d+e%20f&g=h?i#j.txt",
  "a/ü/日本語/🚀.txt",
  "a/'quoted' \"twice\"/`x`/$HOME/~/!*();:@,[]{}|^.txt",
  "a/<tag>&amp;.txt",
  "a/.hidden",
  "a/..double",
  "a/trailing./x",
  "a/-dash/--",
  "a/%2e%2e/%2F",
  "a/CON",
  `a/${"n".repeat(255)}`,
  `${"d".repeat(200)}/${"e".repeat(200)}/${"f".repeat(200)}/${"g".repeat(200)}/${"h".repeat(96)}`,
];

/** What every storage does. */
export function storageConformance(name: string, place: ConformingStorage): void {
  describe(`${name} as a storage`, () => {
    smallObjects(place);
    keysAndLists(place);
    readsAndPieces(place);
    uploads(place);
    endings(place);
    conditions(place);
    races(place);
  });
}

function smallObjects({ open }: ConformingStorage): void {
  test("an object that was put is read back as it was", async () => {
    await using place = await open();
    const body = randomBytes(100_000);
    await place.storage.put("a/b.bin", body);
    expect((await place.storage.get("a/b.bin"))?.body).toEqual(new Uint8Array(body));
    expect(await place.storage.head("a/b.bin")).toMatchObject({
      key: "a/b.bin",
      sizeBytes: 100_000,
    });
  });

  test("what is not there is undefined, and reading it NOT_FOUND", async () => {
    await using place = await open();
    expect(await place.storage.get("a/b")).toBeUndefined();
    expect(await place.storage.head("a/b")).toBeUndefined();
    expect(await codeOf(place.storage.openRead("a/b"))).toBe("NOT_FOUND");
    expect(await keysOf(place.storage, "")).toEqual([]);
  });

  test("an empty object is an object", async () => {
    await using place = await open();
    await place.storage.put("empty", Buffer.alloc(0));
    const upload = await place.storage.openUpload("empty2");
    expect((await upload.complete()).sizeBytes).toBe(0);
    expect(await allBytes(place.storage, "empty")).toHaveLength(0);
    expect(await allBytes(place.storage, "empty2")).toHaveLength(0);
    expect(await keysOf(place.storage, "")).toEqual(["empty", "empty2"]);
  });

  test("put replaces, and each write has another etag", async () => {
    await using place = await open();
    const first = await place.storage.put("k", Buffer.from("one"));
    const second = await place.storage.put("k", Buffer.from("two"));
    expect(second.etag).not.toBe(first.etag);
    expect(await textAt(place.storage, "k")).toBe("two");
    expect((await place.storage.get("k"))?.etag).toBe(second.etag);
  });

  test("an object is never larger than what can be put or got at once", async () => {
    await using place = await open();
    expect(await codeOf(place.storage.put("big", Buffer.alloc(64 * mebibyte + 1)))).toBe(
      "INVALID_OPTIONS",
    );
    await uploadOf(place.storage, "big", Buffer.alloc(65 * mebibyte));
    expect(await codeOf(place.storage.get("big"))).toBe("INVALID_OPTIONS");
  });
}

function keysAndLists({ open }: ConformingStorage): void {
  test("every hard key is written, listed, read and removed as itself", async () => {
    await using place = await open();
    for (const key of hardKeys) await place.storage.put(key, Buffer.from(key), {});
    const upload = await place.storage.openUpload("a/up load+ü.bin");
    await upload.write(Buffer.from("x"));
    await upload.complete();
    expect(await keysOf(place.storage, "")).toEqual(
      [...hardKeys, "a/up load+ü.bin"].toSorted(compareKeys),
    );
    for (const key of hardKeys) expect(await textAt(place.storage, key)).toBe(key);
    await place.storage.delete([...hardKeys, "a/up load+ü.bin"]);
    expect(await keysOf(place.storage, "")).toEqual([]);
  });

  test("a key that leads elsewhere, or cannot be everywhere, is refused", async () => {
    await using place = await open();
    const bad = [
      "",
      "/a",
      "a//b",
      "../a",
      "a/../b",
      "a/./b",
      "a/",
      "a\0b",
      "a\nb",
      "e\u0301",
      "\uD800",
      "x".repeat(256),
      "ab/".repeat(300) + "x",
      ".ctb-tmp-1",
      "a/.ctb-versions/k/1",
    ];
    for (const key of bad) {
      expect([key, await codeOf(place.storage.put(key, Buffer.from("x")))]).toEqual([
        key,
        "INVALID_OPTIONS",
      ]);
      expect(await codeOf(place.storage.get(key))).toBe("INVALID_OPTIONS");
      expect(await codeOf(place.storage.openUpload(key))).toBe("INVALID_OPTIONS");
      expect(await codeOf(place.storage.delete([key]))).toBe("INVALID_OPTIONS");
    }
    expect(await keysOf(place.storage, "")).toEqual([]);
  });

  test("lists are in the order of UTF-8 bytes and have exactly the prefix", async () => {
    await using place = await open();
    const keys = [
      "a",
      "a.b",
      "a0/x",
      "ab/1",
      "ab/2",
      "ab/10",
      "ab.c",
      "b/\u{10000}",
      "b/\u{FF5E}",
      "b/z",
    ];
    for (const key of keys) if (key !== "a") await place.storage.put(key, Buffer.from(key));
    const sorted = keys.filter((key) => key !== "a").toSorted(compareKeys);
    for (const prefix of ["", "a", "ab", "ab/", "ab/1", "b/", "c", "a."])
      expect(await keysOf(place.storage, prefix)).toEqual(
        sorted.filter((key) => key.startsWith(prefix)),
      );
  });

  test("many keys are removed at once, and those that are not there do not matter", async () => {
    await using place = await open();
    await Promise.all(
      Array.from(
        { length: 30 },
        async (_, at) => await place.storage.put(`d/${at}`, Buffer.from("x")),
      ),
    );
    await place.storage.delete(Array.from({ length: 1100 }, (_, at) => `d/${at}`));
    await place.storage.delete(["nothing/there"]);
    await place.storage.delete([]);
    expect(await keysOf(place.storage, "")).toEqual([]);
  });
}

function readsAndPieces({ open }: ConformingStorage): void {
  test("ranges have their bytes, also at and behind the end", async () => {
    await using place = await open();
    const body = randomBytes(300_001);
    await place.storage.put("r", body);
    for (const [start, end] of [
      [0, 1],
      [5, 5],
      [7, 4],
      [0, 300_001],
      [299_999, 300_001],
      [299_999, 900_000],
      [300_001, 300_002],
      [900_000, 900_001],
      [123, undefined],
    ] as const) {
      const read = await allBytes(place.storage, "r", {
        start,
        ...(end === undefined ? {} : { end }),
      });
      expect(read).toEqual(
        new Uint8Array(body.subarray(start, Math.max(start, end ?? body.length))),
      );
    }
  });

  test("what is written in pieces of any size is read back as it was", async () => {
    await using place = await open();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 12 }),
        fc.uuid(),
        async (sizes, key) => {
          const upload = await place.storage.openUpload(key);
          const whole = createHash("sha256");
          const chunk = Buffer.alloc(200_000);
          for (const size of sizes) {
            const piece = chunk.subarray(0, size);
            piece.set(randomBytes(size));
            whole.update(piece);
            await upload.write(piece);
            // The buffer is ours again.
            piece.fill(0);
          }
          const total = sizes.reduce((sum, size) => sum + size, 0);
          expect(await upload.complete()).toMatchObject({ key, sizeBytes: total });
          const read = createHash("sha256")
            .update(await allBytes(place.storage, key))
            .digest("hex");
          expect(read).toBe(whole.digest("hex"));
        },
      ),
      { numRuns: runs },
    );
  });

  test("a large object is there whole when it is complete and not before", async () => {
    await using place = await open();
    const body = randomBytes(19 * mebibyte + 11);
    const upload = await place.storage.openUpload("large/object");
    await upload.write(body.subarray(0, 12 * mebibyte));
    expect(await keysOf(place.storage, "")).toEqual([]);
    expect(await place.storage.head("large/object")).toBeUndefined();
    await upload.write(body.subarray(12 * mebibyte));
    await upload.complete();
    expect(Buffer.compare(Buffer.from(await allBytes(place.storage, "large/object")), body)).toBe(
      0,
    );
    expect(await keysOf(place.storage, "")).toEqual(["large/object"]);
    const middle = await allBytes(place.storage, "large/object", {
      start: 8 * mebibyte - 3,
      end: 8 * mebibyte + 3,
    });
    expect(middle).toEqual(new Uint8Array(body.subarray(8 * mebibyte - 3, 8 * mebibyte + 3)));
  });
}

function uploads({ open }: ConformingStorage): void {
  test("an upload that was aborted leaves nothing, and ends", async () => {
    await using place = await open();
    const upload = await place.storage.openUpload("x/y");
    await upload.write(randomBytes(9 * mebibyte));
    await upload.abort();
    await upload.abort();
    expect(await codeOf(upload.write(Buffer.from("more")))).toBe("STORAGE_FAILED");
    expect(await codeOf(upload.complete())).toBe("STORAGE_FAILED");
    expect(await keysOf(place.storage, "")).toEqual([]);
    expect(await place.storage.sweepUploads("", new Date(Date.now() + 60_000))).toEqual({
      removed: 0,
      sizeBytes: 0,
    });
  });

  test("an unfinished upload is swept when it is old enough and below the prefix", async () => {
    await using place = await open();
    const upload = await place.storage.openUpload("s/t/u+ü");
    await upload.write(randomBytes(18 * mebibyte));
    // After the third part began, at least one of 8 MiB has arrived.
    await upload.write(randomBytes(9 * mebibyte));
    expect(await place.storage.sweepUploads("", new Date(Date.now() - 3_600_000))).toMatchObject({
      removed: 0,
    });
    expect(
      await place.storage.sweepUploads("other/", new Date(Date.now() + 3_600_000)),
    ).toMatchObject({ removed: 0 });
    const other = await place.again();
    const swept = await other.sweepUploads("s/", new Date(Date.now() + 3_600_000));
    expect(swept.removed).toBe(1);
    expect(swept.sizeBytes).toBeGreaterThanOrEqual(8 * mebibyte);
    expect(await codeOf(upload.complete())).toBe("STORAGE_FAILED");
    expect(await keysOf(place.storage, "")).toEqual([]);
  });
}

function endings({ open, isConditional }: ConformingStorage): void {
  test("work whose signal is aborted is CANCELLED and leaves nothing", async () => {
    await using place = await open();
    const signal = AbortSignal.abort(new Error("enough"));
    expect(await codeOf(place.storage.put("c", Buffer.from("x"), { signal }))).toBe("CANCELLED");
    expect(await codeOf(place.storage.get("c", { signal }))).toBe("CANCELLED");
    expect(await codeOf(place.storage.openUpload("c", { signal }))).toBe("CANCELLED");
    expect(await codeOf(place.storage.sweepUploads("", new Date(), { signal }))).toBe("CANCELLED");
    expect(await codeOf(keysOf(place.storage, "", signal))).toBe("CANCELLED");
    const stop = new AbortController();
    const upload = await place.storage.openUpload("c", { signal: stop.signal });
    await upload.write(randomBytes(9 * mebibyte));
    stop.abort();
    expect(await codeOf(upload.complete())).toBe("CANCELLED");
    expect(await keysOf(place.storage, "")).toEqual([]);
    expect(await place.storage.sweepUploads("", new Date(Date.now() + 60_000))).toMatchObject({
      removed: 0,
    });
  });

  test("probe says what the storage does, and leaves nothing", async () => {
    await using place = await open();
    expect(await place.storage.probe()).toMatchObject({
      conditionalCreate: isConditional,
      conditionalUpdate: isConditional,
      checksums: true,
    });
    expect(await keysOf(place.storage, "")).toEqual([]);
  });
}

function conditions({ open, isConditional }: ConformingStorage): void {
  test.runIf(isConditional)(
    "what was removed is absent for every condition, and may be written anew",
    async () => {
      await using place = await open();
      const { etag } = await place.storage.put("k", Buffer.from("1"), { ifAbsent: true });
      const second = await place.storage.put("k", Buffer.from("22"), { ifMatch: etag });
      await place.storage.delete(["k"]);
      expect(await place.storage.get("k")).toBeUndefined();
      expect(await place.storage.head("k")).toBeUndefined();
      expect(await keysOf(place.storage, "")).toEqual([]);
      expect(await codeOf(place.storage.put("k", Buffer.from("x"), { ifMatch: second.etag }))).toBe(
        "CONFLICT",
      );
      await place.storage.put("k", Buffer.from("333"), { ifAbsent: true });
      expect(await codeOf(place.storage.put("k", Buffer.from("x"), { ifAbsent: true }))).toBe(
        "CONFLICT",
      );
      expect(await place.storage.head("k")).toMatchObject({ sizeBytes: 3 });
      await place.storage.put("k", Buffer.from("4444"));
      expect(await textAt(place.storage, "k")).toBe("4444");
      expect(await keysOf(place.storage, "")).toEqual(["k"]);
      expect(
        await codeOf(place.storage.put("never", Buffer.from("x"), { ifMatch: second.etag })),
      ).toBe("CONFLICT");
    },
  );
}

function races({ open, isConditional }: ConformingStorage): void {
  test.runIf(isConditional)(
    "of many who put the same key if it is absent, one succeeds",
    async () => {
      await using place = await open();
      const others = await Promise.all(Array.from({ length: 8 }, async () => await place.again()));
      const codes = await Promise.all(
        others.map(
          async (storage, at) =>
            await codeOf(storage.put("one", Buffer.from(`writer ${at}`), { ifAbsent: true })),
        ),
      );
      expect(codes.toSorted()).toEqual([...Array<string>(7).fill("CONFLICT"), "done"].toSorted());
      expect(await textAt(place.storage, "one")).toBe(`writer ${codes.indexOf("done")}`);
    },
  );

  test.runIf(isConditional)("of many who replace the same version, one succeeds", async () => {
    await using place = await open();
    const others = await Promise.all(Array.from({ length: 6 }, async () => await place.again()));
    let { etag } = await place.storage.put("lock", Buffer.from("0"), { ifAbsent: true });
    for (let round = 1; round <= 12; round += 1) {
      const tries = await Promise.all(
        others.map(async (storage, at) => {
          const body = Buffer.from(`${round} ${at}`);
          return await storage.put("lock", body, { ifMatch: etag }).then(
            (done) => ({ at, ...done }),
            () => undefined,
          );
        }),
      );
      const won = tries.filter((done) => done !== undefined);
      expect(won).toHaveLength(1);
      expect(await textAt(place.storage, "lock")).toBe(`${round} ${won[0]?.at}`);
      expect((await place.storage.get("lock"))?.etag).toBe(won[0]?.etag);
      expect(await keysOf(place.storage, "")).toEqual(["lock"]);
      etag = won[0]?.etag ?? "";
    }
  });
}
