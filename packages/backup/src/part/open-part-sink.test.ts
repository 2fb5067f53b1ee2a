import { createHash, randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { writeFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createTestFolder,
  hasProgram,
  propertyRuns,
  runProgram,
} from "../../testing/keys-programs.ts";
import { createMemoryStorage } from "../../testing/part-memory-storage.ts";
import {
  encryption,
  folder,
  identity,
  readPart,
  writePart,
} from "../../testing/part-round-trip.ts";
import { someRows } from "../../testing/part-text.ts";
import { generateIdentity } from "../age/age-keys.ts";
import { BackupError } from "../backup-error.ts";
import { openPartSink } from "./open-part-sink.ts";

const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const cancelled: unknown = expect.objectContaining({ code: "CANCELLED" });

/** Around the buffer of a writer and the chunks of age. */
const sizes = [
  0, 1, 65_535, 65_536, 65_537, 131_072, 131_073, 524_287, 524_288, 524_289, 1_300_000,
];

describe("round trips", () => {
  test.each(sizes)(
    "%i bytes come back, rows as well as what does not compress, clear and encrypted",
    async (size) => {
      for (const plain of [someRows(size), randomBytes(size)]) {
        for (const one of [encryption, { kind: "none" } as const]) {
          const part = await writePart(plain, { encryption: one });
          expect(plain.equals(await readPart(part))).toBe(true);
          const stored = part.memory.objects.get(`${folder}${part.record.key}`) ?? Buffer.alloc(0);
          expect(part.record).toEqual({
            key: one.kind === "age" ? "rows.copy.zst.age" : "rows.copy.zst",
            sizeBytes: stored.length,
            sha256: sha256Of(stored),
            plainBytes: size,
            plainSha256: sha256Of(plain),
          });
        }
      }
    },
  );

  test("pieces of any size, at any level, come back from a storage that gives pieces of any size", async () => {
    const lengths = fc.oneof(fc.nat(5000), fc.nat(900_000));
    const pieces = fc.oneof(
      fc.integer({ min: 200, max: 9000 }),
      fc.integer({ min: 200_000, max: 1_200_000 }),
    );
    const levels = fc.constantFrom(-7, -1, 1, 3);
    await fc.assert(
      fc.asyncProperty(
        lengths,
        pieces,
        pieces,
        levels,
        async (length, pieceBytes, readBytes, level) => {
          const plain = someRows(length);
          const memory = createMemoryStorage({ readBytes });
          const part = await writePart(plain, { memory, pieceBytes, level });
          expect(plain.equals(await readPart(part))).toBe(true);
          expect(memory.open()).toBe(0);
        },
      ),
      propertyRuns,
    );
  });

  test("a buffer may be used again as soon as it was written", async () => {
    const memory = createMemoryStorage();
    const sink = openPartSink({ storage: memory.storage, folder, encryption });
    const writer = await sink.open("rows.copy");
    const buffer = Buffer.alloc(200_000);
    const expected: Buffer[] = [];
    for (let at = 0; at < 12; at += 1) {
      buffer.fill(randomBytes(1000));
      expected.push(Buffer.from(buffer));
      await writer.write(buffer);
    }
    buffer.fill(0);
    const record = await writer.finish();
    expect(Buffer.concat(expected).equals(await readPart({ memory, record }))).toBe(true);
  });

  test("many parts that are written side by side do not mix", async () => {
    const memory = createMemoryStorage();
    const sink = openPartSink({ storage: memory.storage, folder, encryption });
    const plains = Array.from({ length: 6 }, () => someRows(700_000));
    const records = await Promise.all(
      plains.map(async (plain, at) => {
        const writer = await sink.open(`t/${at}.copy`);
        for (let start = 0; start < plain.length; start += 50_000) {
          await writer.write(plain.subarray(start, start + 50_000));
        }
        return await writer.finish();
      }),
    );
    for (const [at, record] of records.entries()) {
      expect(record.key).toBe(`t/${at}.copy.zst.age`);
      expect(plains[at]?.equals(await readPart({ memory, record }))).toBe(true);
    }
  });
});

test.skipIf(!hasProgram("age") || !hasProgram("zstd"))(
  "age and zstd open what is stored",
  async () => {
    using files = createTestFolder();
    writeFileSync(files.path("key"), `${identity}\n`);
    for (const plain of [Buffer.alloc(0), someRows(1_500_000), randomBytes(300_000)]) {
      const { memory, record } = await writePart(plain);
      writeFileSync(files.path("part"), memory.objects.get(`${folder}${record.key}`) ?? "");
      const opened = runProgram("age", ["-d", "-i", files.path("key"), files.path("part")]);
      expect(opened).toMatchObject({ status: 0, stderr: "" });
      const unpacked = runProgram("zstd", ["-dc"], { input: opened.stdout });
      expect(unpacked).toMatchObject({ status: 0, stderr: "" });
      expect(plain.equals(unpacked.stdout)).toBe(true);
    }
  },
);

describe("options", () => {
  test("no recipient, a secret key as recipient, and a level that is none are refused before anything is stored", () => {
    const { storage } = createMemoryStorage();
    const open =
      (options: object): (() => unknown) =>
      () =>
        openPartSink({ storage, folder, encryption, ...options });
    expect(open({ encryption: { kind: "age", recipients: [] } })).toThrow(
      expect.objectContaining({ code: "NO_RECIPIENT" }),
    );
    expect(open({ encryption: { kind: "age", recipients: [identity] } })).toThrow(
      expect.objectContaining({ code: "INVALID_KEY" }),
    );
    for (const level of [-8, 20, 1.5, Number.NaN]) {
      expect(open({ level })).toThrow(expect.objectContaining({ code: "INVALID_OPTIONS" }));
    }
  });

  test("a higher level makes it smaller, and the fastest larger", async () => {
    const plain = someRows(500_000);
    const sizeAt = async (level: number): Promise<number> =>
      (await writePart(plain, { level })).record.sizeBytes;
    const [fastest, normal, smallest] = [await sizeAt(-7), await sizeAt(1), await sizeAt(19)];
    expect(normal).toBeLessThan(fastest);
    expect(smallest).toBeLessThan(normal);
  });
});

describe("what goes wrong", () => {
  test("a failing write to the storage comes out of write or finish, as it is, and nothing stays", async () => {
    for (const failing of [0, 1, 2, 3]) {
      let writes = 0;
      const full = new BackupError("STORAGE_FULL", "The disk is full.");
      const memory = createMemoryStorage({
        onWrite: () => {
          if (writes === failing) throw full;
          writes += 1;
        },
      });
      const sink = openPartSink({ storage: memory.storage, folder, encryption });
      const writer = await sink.open("rows.copy");
      const writing = (async (): Promise<unknown> => {
        for (let at = 0; at < 30; at += 1) await writer.write(randomBytes(100_000));
        return await writer.finish();
      })();
      await expect(writing).rejects.toBe(full);
      await writer.abort();
      expect({ open: memory.open(), stored: memory.objects.size }).toEqual({ open: 0, stored: 0 });
    }
  });

  test("a failing completion leaves nothing behind", async () => {
    const memory = createMemoryStorage({
      onComplete: () => {
        throw new BackupError("STORAGE_FAILED", "The sum is wrong.");
      },
    });
    await expect(writePart(someRows(1000), { memory })).rejects.toThrow("The sum is wrong.");
    expect({ open: memory.open(), stored: memory.objects.size }).toEqual({ open: 0, stored: 0 });
  });

  test("a storage that has another number of bytes than it was given is not believed", async () => {
    const { storage } = createMemoryStorage();
    const lossy = {
      openUpload: async (key: string) => {
        const upload = await storage.openUpload(key);
        return {
          ...upload,
          complete: async () => ({ ...(await upload.complete()), sizeBytes: 7 }),
        };
      },
    };
    const writer = await openPartSink({ storage: lossy, folder, encryption }).open("rows.copy");
    await expect(writer.finish()).rejects.toThrow(
      expect.objectContaining({
        code: "STORAGE_FAILED",
        message: expect.stringContaining("was stored with 7 bytes"),
      }),
    );
  });

  test("abort at any time leaves nothing behind and may be called again", async () => {
    for (const size of [0, 1000, 600_000, 2_000_000]) {
      const memory = createMemoryStorage();
      const writer = await openPartSink({ storage: memory.storage, folder, encryption }).open(
        "rows.copy",
      );
      const writing = writer.write(randomBytes(size)).catch((error: unknown) => error);
      await writer.abort();
      await writing;
      await writer.abort();
      expect({ open: memory.open(), stored: memory.objects.size }).toEqual({ open: 0, stored: 0 });
      await expect(writer.write(Buffer.of(1))).rejects.toThrow(/closed already/u);
      await expect(writer.finish()).rejects.toThrow(/closed already/u);
    }
  });

  test("a write that is under way when abort is called is cancelled", async () => {
    const memory = createMemoryStorage();
    const writer = await openPartSink({ storage: memory.storage, folder, encryption }).open(
      "rows.copy",
    );
    const writing = writer.write(randomBytes(5_000_000)).catch((error: unknown) => error);
    await writer.abort();
    expect(await writing).toEqual(cancelled);
  });

  test("after a signal nothing more is stored, and the part is not", async () => {
    const controller = new AbortController();
    const memory = createMemoryStorage({ onWrite: () => controller.abort(new Error("stop")) });
    await expect(
      writePart(randomBytes(3_000_000), { memory, signal: controller.signal }),
    ).rejects.toThrow(cancelled);
    expect(memory.objects.size).toBe(0);
  });

  test("a part is finished once", async () => {
    const memory = createMemoryStorage();
    const writer = await openPartSink({ storage: memory.storage, folder, encryption }).open(
      "rows.copy",
    );
    const record = await writer.finish();
    await expect(writer.finish()).rejects.toThrow(/closed already/u);
    await writer.abort();
    expect(await readPart({ memory, record })).toHaveLength(0);
  });

  test("a slow storage holds the writer back: only a few buffers are under way", async () => {
    const gate = new EventEmitter();
    const opened = once(gate, "open");
    const memory = createMemoryStorage({ onWrite: async () => void (await opened) });
    const writer = await openPartSink({ storage: memory.storage, folder, encryption }).open(
      "rows.copy",
    );
    const piece = randomBytes(64 * 1024);
    let taken = 0;
    const writing = (async (): Promise<void> => {
      for (; taken < 200; taken += 1) await writer.write(piece);
    })();
    // The storage is asked for its first write long before: everything that can go on has gone on after this.
    await new Promise((resolve) => {
      setTimeout(resolve, 300);
    });
    const takenBytes = taken * piece.length;
    gate.emit("open");
    await writing;
    const record = await writer.finish();
    expect(takenBytes).toBeLessThan(4 * 1024 * 1024);
    expect(record.plainBytes).toBe(200 * piece.length);
  });

  test("no message holds a secret", async () => {
    const part = await writePart(someRows(10));
    const other = generateIdentity();
    const error: unknown = await readPart(part, [other]).catch((thrown: unknown) => thrown);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(other.slice(20));
  });
});
