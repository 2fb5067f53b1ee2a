import { randomBytes } from "node:crypto";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { constants, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { encryptWhole } from "../../testing/keys-age.ts";
import { createMemoryStorage } from "../../testing/part-memory-storage.ts";
import {
  encryption,
  folder,
  identity,
  readPart,
  type WrittenPart,
  writePart,
} from "../../testing/part-round-trip.ts";
import { someRows } from "../../testing/part-text.ts";
import { generateIdentity, recipientOf } from "../age/age-keys.ts";
import { openPartSource } from "./open-part-source.ts";
import type { PartRecord } from "./part.ts";

const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const corrupt: unknown = expect.objectContaining({ code: "CORRUPT", key: "rows.copy.zst.age" });
const corruptClear: unknown = expect.objectContaining({ code: "CORRUPT", key: "rows.copy.zst" });

function storedOf({ memory, record }: WrittenPart): Buffer {
  return memory.objects.get(`${folder}${record.key}`) ?? Buffer.alloc(0);
}

/** The same record with other bytes in the storage. */
function withStored({ record }: WrittenPart, bytes: Buffer): WrittenPart {
  const memory = createMemoryStorage();
  memory.objects.set(`${folder}${record.key}`, bytes);
  return { memory, record };
}

/** A part whose record fits whatever is stored, as somebody who can write both would make it. */
function forged(
  stored: Buffer,
  record: Partial<PartRecord> & Pick<PartRecord, "key">,
): WrittenPart {
  return withStored(
    {
      memory: createMemoryStorage(),
      record: {
        sizeBytes: stored.length,
        sha256: sha256Of(stored),
        plainBytes: 0,
        plainSha256: sha256Of(Buffer.alloc(0)),
        ...record,
      },
    },
    stored,
  );
}

const frameOf = (plain: Uint8Array): Buffer =>
  zstdCompressSync(plain, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });

describe("damage", () => {
  test("each bit that is changed is found, encrypted and clear", async () => {
    for (const one of [encryption, { kind: "none" } as const]) {
      const part = await writePart(Buffer.from("1\tclient\n2\tclient\n"), { encryption: one });
      const bytes = storedOf(part);
      const expected = one.kind === "age" ? corrupt : corruptClear;
      for (let at = 0; at < bytes.length; at += 1) {
        const damaged = Buffer.from(bytes);
        damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << (at % 8)), at);
        await expect(readPart(withStored(part, damaged))).rejects.toThrow(expected);
      }
    }
  });

  test("each cut is found, encrypted and clear", async () => {
    for (const one of [encryption, { kind: "none" } as const]) {
      const part = await writePart(Buffer.from("1\tclient\n2\tclient\n"), { encryption: one });
      const bytes = storedOf(part);
      const expected = one.kind === "age" ? corrupt : corruptClear;
      for (let end = 0; end < bytes.length; end += 1) {
        await expect(readPart(withStored(part, bytes.subarray(0, end)))).rejects.toThrow(expected);
      }
    }
  });

  test("damage in a large part is found wherever it is, before its end is given out as whole", async () => {
    const plain = someRows(3_000_000);
    const part = await writePart(plain);
    const bytes = storedOf(part);
    for (const place of [0.1, 0.5, 0.9, 0.999]) {
      const damaged = Buffer.from(bytes);
      const at = Math.floor(place * bytes.length);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
      await expect(readPart(withStored(part, damaged))).rejects.toThrow(corrupt);
    }
    for (const end of [bytes.length - 1, bytes.length - 65_552, 70_000]) {
      await expect(readPart(withStored(part, bytes.subarray(0, end)))).rejects.toThrow(corrupt);
    }
    await expect(readPart(withStored(part, Buffer.concat([bytes, Buffer.of(0)])))).rejects.toThrow(
      corrupt,
    );
  });

  test("another part of the same length in its place is found", async () => {
    const [one, other] = [await writePart(randomBytes(1000)), await writePart(randomBytes(1000))];
    expect(storedOf(one).length).toBe(storedOf(other).length);
    await expect(readPart(withStored(one, storedOf(other)))).rejects.toThrow(corrupt);
  });

  test("a record that is wrong in any field is found", async () => {
    const { memory, record } = await writePart(someRows(1000));
    const other = "0".repeat(64);
    for (const wrong of [
      { sizeBytes: record.sizeBytes + 1 },
      { sizeBytes: record.sizeBytes - 1 },
      { sha256: other },
      { plainBytes: 999 },
      { plainBytes: 1001 },
      { plainSha256: other },
    ]) {
      await expect(readPart({ memory, record: { ...record, ...wrong } })).rejects.toThrow(corrupt);
    }
  });

  test("a part that is not there is not found", async () => {
    const { record } = await writePart(someRows(10));
    await expect(readPart({ memory: createMemoryStorage(), record })).rejects.toThrow(
      expect.objectContaining({ code: "NOT_FOUND" }),
    );
  });
});

describe("what somebody made who can write the record too", () => {
  const rows = Buffer.from("1\tclient\n");
  const known = { plainBytes: rows.length, plainSha256: sha256Of(rows) };

  test("bytes or frames behind the frame are refused, although Node passes over them", async () => {
    for (const more of [Buffer.from("garbage"), frameOf(Buffer.alloc(0)), frameOf(rows)]) {
      const stored = Buffer.concat([frameOf(rows), more]);
      await expect(readPart(forged(stored, { key: "rows.copy.zst", ...known }))).rejects.toThrow(
        /something stands behind its end/u,
      );
      const sealed = encryptWhole(stored, [recipientOf(identity)]);
      await expect(
        readPart(forged(sealed, { key: "rows.copy.zst.age", ...known })),
      ).rejects.toThrow(/something stands behind its end/u);
    }
    expect(await readPart(forged(frameOf(rows), { key: "rows.copy.zst", ...known }))).toEqual(rows);
  });

  test("a frame without its end is refused by itself, whatever Node says to it", async () => {
    const whole = frameOf(rows);
    for (const cut of [whole.subarray(0, -1), whole.subarray(0, -4), whole.subarray(0, 5)]) {
      const sealed = encryptWhole(cut, [recipientOf(identity)]);
      const part = forged(sealed, { key: "rows.copy.zst.age", ...known });
      await expect(readPart(part)).rejects.toThrow(/its zstd frame has no end/u);
    }
  });

  test("more than the record says is not read to its end", async () => {
    const part = await writePart(randomBytes(3_000_000));
    const record = { ...part.record, sizeBytes: 500_000 };
    await expect(readPart({ ...part, record })).rejects.toThrow(
      /more is stored than its 500000 bytes/u,
    );
    expect(part.memory.readBytes()).toBeLessThan(1_000_000);
  });

  test("a few bytes that would become very many are refused as soon as there are too many", async () => {
    const bomb = frameOf(Buffer.alloc(200_000_000));
    expect(bomb.length).toBeLessThan(30_000);
    const part = forged(bomb, { key: "rows.copy.zst", plainBytes: 1000 });
    const source = openPartSource({ storage: part.memory.storage, folder, identities: [] });
    let given = 0;
    await expect(
      (async () => {
        for await (const chunk of source.read(part.record)) given += chunk.length;
      })(),
    ).rejects.toThrow(/holds more than its 1000 bytes/u);
    expect(given).toBe(0);
    expect(part.memory.open()).toBe(0);
  });

  test("a window that would take all memory is refused", async () => {
    // A frame header that asks for a window of 2 GiB, with one empty block.
    const stored = Buffer.from("28b52ffd04a801000099e9d851", "hex");
    await expect(readPart(forged(stored, { key: "rows.copy.zst" }))).rejects.toThrow(corruptClear);
  });

  test("clear text under the name of an encrypted part, and the reverse, are refused", async () => {
    await expect(
      readPart(forged(frameOf(rows), { key: "rows.copy.zst.age", ...known })),
    ).rejects.toThrow(corrupt);
    const sealed = encryptWhole(frameOf(rows), [recipientOf(identity)]);
    await expect(readPart(forged(sealed, { key: "rows.copy.zst", ...known }))).rejects.toThrow(
      corruptClear,
    );
    await expect(readPart(forged(rows, { key: "rows.copy", ...known }))).rejects.toThrow(
      /its key ends neither/u,
    );
  });
});

describe("keys", () => {
  test("a wrong identity is told from damage, also from damage of the header", async () => {
    const part = await writePart(someRows(500_000));
    const wrongKey: unknown = expect.objectContaining({
      code: "WRONG_KEY",
      key: "rows.copy.zst.age",
    });
    await expect(readPart(part, [generateIdentity()])).rejects.toThrow(wrongKey);
    await expect(readPart(part, [])).rejects.toThrow(wrongKey);
    const damaged = Buffer.from(storedOf(part));
    // In the last letters of both wrapped keys: neither opens any more.
    const text = damaged.toString("latin1", 0, 400);
    for (const { index } of text.matchAll(/(?<=\n[\w+/]{10})[\w+/]{33}\n/gu))
      damaged.write("AAAA", index, "latin1");
    await expect(readPart(withStored(part, damaged))).rejects.toThrow(corrupt);
  });

  test("what is no identity is refused before anything is read", () => {
    const { storage } = createMemoryStorage();
    expect(() => openPartSource({ storage, folder, identities: ["nonsense"] })).toThrow(
      expect.objectContaining({ code: "INVALID_KEY" }),
    );
  });
});

describe("stopping", () => {
  test("whoever stops reading early, or fails, leaves nothing open", async () => {
    const part = await writePart(someRows(3_000_000));
    const source = openPartSource({ storage: part.memory.storage, folder, identities: [identity] });
    for await (const chunk of source.read(part.record)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(part.memory.open()).toBe(0);
    const failing = async (): Promise<void> => {
      for await (const chunk of source.read(part.record))
        throw new Error(`failed after ${chunk.length > 0}`);
    };
    await expect(failing()).rejects.toThrow("failed after true");
    expect(part.memory.open()).toBe(0);
  });

  test("what nobody begins to read opens nothing", async () => {
    const part = await writePart(someRows(1000));
    const source = openPartSource({ storage: part.memory.storage, folder, identities: [identity] });
    source.read(part.record);
    expect(part.memory.open()).toBe(0);
  });

  test("a signal stops a read: before it, within it, and while the reader waits for the storage", async () => {
    const part = await writePart(randomBytes(3_000_000));
    const cancelled: unknown = expect.objectContaining({ code: "CANCELLED", key: part.record.key });
    for (const place of ["read", "source"]) {
      for (const after of [0, 1, 3]) {
        const controller = new AbortController();
        const { signal } = controller;
        const given = { storage: part.memory.storage, folder, identities: [identity] };
        const source = openPartSource(place === "source" ? { ...given, signal } : given);
        let chunks = 0;
        const reading = async (): Promise<void> => {
          if (after === 0) controller.abort();
          for await (const chunk of source.read(part.record, place === "read" ? { signal } : {})) {
            chunks += Math.sign(chunk.length);
            if (chunks === after) controller.abort();
          }
        };
        await expect(reading()).rejects.toThrow(cancelled);
        expect(part.memory.open()).toBe(0);
      }
    }
  });

  test("a reader that is waiting for the storage hears a signal", async () => {
    const part = await writePart(someRows(1000));
    const stuck = createMemoryStorage();
    const controller = new AbortController();
    const { Readable } = await import("node:stream");
    const silent = new Readable({ read: () => {} });
    const storage = { ...stuck.storage, openRead: async () => silent };
    const source = openPartSource({
      storage,
      folder,
      identities: [identity],
      signal: controller.signal,
    });
    const reading = source.read(part.record)[Symbol.asyncIterator]().next();
    setImmediate(() => controller.abort());
    await expect(reading).rejects.toThrow(expect.objectContaining({ code: "CANCELLED" }));
    if (!silent.closed) await once(silent, "close");
    expect(silent.destroyed).toBe(true);
  });

  test("a storage that fails on the way is what the reader hears of", async () => {
    const part = await writePart(randomBytes(1_000_000));
    for (const failReadAfter of [0, 1, 5]) {
      const broken = createMemoryStorage({ failReadAfter });
      broken.objects.set(`${folder}${part.record.key}`, storedOf(part));
      await expect(readPart({ memory: broken, record: part.record })).rejects.toThrow(
        expect.objectContaining({ code: "STORAGE_FAILED" }),
      );
      expect(broken.open()).toBe(0);
    }
  });

  test("a slow reader holds the storage back", async () => {
    const part = await writePart(randomBytes(8_000_000));
    const source = openPartSource({ storage: part.memory.storage, folder, identities: [identity] });
    let first = 0;
    for await (const chunk of source.read(part.record)) {
      first = chunk.length;
      await new Promise((resolve) => {
        setTimeout(resolve, 200);
      });
      break;
    }
    expect(first).toBeGreaterThan(0);
    expect(part.memory.readBytes()).toBeLessThan(4_000_000);
  });
});
