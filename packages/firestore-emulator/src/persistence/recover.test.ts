import {
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { documentsAt, eventCount, makeEvent } from "../../testing/journal-world.ts";
import { openWorld, worldAfter, writeEvents } from "../../testing/journaled-world.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { EmulatorError } from "../emulator-error.ts";

describe("an end that was not written whole", () => {
  it("is cut off and told, wherever it was broken off", async () => {
    await using folder = testFolder();
    await writeEvents(folder.path, 5);
    const log = join(folder.path, "log-00000001");
    const before = statSync(log).size;
    const world = await openWorld(folder.path);
    makeEvent(world.databases, 5, world.journal);
    await world.journal.close();
    const whole = readFileSync(log);
    for (let size = before + 1; size < whole.length; size += 1) {
      writeFileSync(log, whole.subarray(0, size));
      await using again = await openWorld(folder.path);
      expect(again.journal.tornTail).toEqual({ file: log, offset: before, bytes: size - before });
      expect(eventCount(again.databases)).toBe(5);
      expect(statSync(log).size).toBe(before);
    }
    await using last = await openWorld(folder.path);
    expect(last.journal.tornTail).toBeUndefined();
    expect(documentsAt(last.databases)).toEqual(documentsAt(worldAfter(5)));
  });

  it("is cut off where a bit of the last record is wrong, and what is written then is read", async () => {
    await using folder = testFolder();
    await writeEvents(folder.path, 5);
    const log = join(folder.path, "log-00000001");
    const before = statSync(log).size;
    const world = await openWorld(folder.path);
    makeEvent(world.databases, 5, world.journal);
    await world.journal.close();
    const whole = readFileSync(log);
    for (let offset = before; offset < whole.length; offset += 1) {
      writeFileSync(log, flipped(whole, offset, offset % 8));
      await using again = await openWorld(folder.path);
      expect(again.journal.tornTail).toMatchObject({ offset: before });
      makeEvent(again.databases, 5, again.journal);
      await again.journal.close();
      await using last = await openWorld(folder.path);
      expect(documentsAt(last.databases)).toEqual(documentsAt(worldAfter(6)));
    }
  });

  it("may be all of a log that was just begun", async () => {
    await using folder = testFolder();
    for (const bytes of [Buffer.alloc(0), Buffer.from("FSE lo"), Buffer.alloc(16)]) {
      await writeEvents(folder.path, 3);
      writeFileSync(join(folder.path, "log-00000002"), bytes);
      await using world = await openWorld(folder.path);
      expect(eventCount(world.databases)).toBe(3);
      makeEvent(world.databases, 3, world.journal);
      await world.journal.close();
      await using again = await openWorld(folder.path);
      expect(documentsAt(again.databases)).toEqual(documentsAt(worldAfter(4)));
      await again.journal.close();
      for (const name of readdirSync(folder.path)) rmSync(join(folder.path, name));
    }
  });

  it("does not begin inside a document that holds a copy of a log", async () => {
    await using folder = testFolder();
    await writeEvents(folder.path, 40);
    const log = join(folder.path, "log-00000001");
    const copy = Uint8Array.from(readFileSync(log));
    const size = statSync(log).size;
    const world = await openWorld(folder.path);
    const time = world.databases.clock.commitTime();
    const document = {
      path: "a/b",
      fields: new Map([["copy", copy]]),
      createTime: time,
      updateTime: time,
    };
    world.journal.append({
      database: "projects/p/databases/d",
      time,
      changes: [{ path: "a/b", document }],
    });
    await world.journal.close();
    truncateSync(log, statSync(log).size - 1);
    await using again = await openWorld(folder.path);
    expect(again.journal.tornTail).toMatchObject({ offset: size });
  });
});

function flipped(bytes: Buffer, offset: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(offset) ^ (1 << bit), offset);
  return copy;
}

function contents(folder: string): (readonly [string, string])[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith("lock."))
    .map((name) => [name, readFileSync(join(folder, name), "latin1")]);
}

const corrupt = { code: "DATA_CORRUPT", changed: false };

/** What opening is refused with, and whether that changed anything. */
async function corruption(dataDir: string): Promise<object> {
  const before = contents(dataDir);
  try {
    await (await openWorld(dataDir)).journal.close();
    return {};
  } catch (error) {
    if (!(error instanceof EmulatorError)) throw error;
    const { code, message, file, offset } = error;
    return { code, message, file, offset, changed: !isDeepStrictEqual(before, contents(dataDir)) };
  }
}

describe("damaged data is refused, and nothing is changed", () => {
  it("where any bit of a log before its last record is wrong", async () => {
    await using folder = testFolder();
    await writeEvents(folder.path, 7);
    const log = join(folder.path, "log-00000001");
    const last = statSync(log).size;
    const world = await openWorld(folder.path);
    makeEvent(world.databases, 7, world.journal);
    await world.journal.close();
    const whole = readFileSync(log);
    for (let offset = 0; offset < last; offset += 1) {
      writeFileSync(log, flipped(whole, offset, offset % 8));
      expect(await corruption(folder.path)).toMatchObject({ ...corrupt, file: log });
    }
    writeFileSync(log, flipped(whole, 20, 0));
    expect(await corruption(folder.path)).toMatchObject({
      ...corrupt,
      offset: 16,
      message: expect.stringContaining("at offset 16"),
    });
  });

  it("where any bit of a snapshot is wrong, or it ends too early", async () => {
    await using folder = testFolder();
    await writeEvents(folder.path, 5);
    const world = await openWorld(folder.path);
    await world.journal.compact();
    await world.journal.close();
    const file = join(folder.path, "snapshot-00000002");
    const whole = readFileSync(file);
    for (let offset = 0; offset < whole.length; offset += 1) {
      writeFileSync(file, flipped(whole, offset, offset % 8));
      expect(await corruption(folder.path)).toMatchObject({ ...corrupt, file });
      writeFileSync(file, whole.subarray(0, offset));
      expect(await corruption(folder.path)).toMatchObject({ ...corrupt, file });
    }
  });

  it("where a log that is not the last one ends too early", async () => {
    await using folder = testFolder();
    await writeEvents(folder.path, 3);
    const log = join(folder.path, "log-00000001");
    const next = await openWorld(folder.path, { logBytes: 100 });
    makeEvent(next.databases, 3, next.journal);
    await next.journal.close();
    expect(statSync(join(folder.path, "log-00000002")).size).toBeGreaterThan(16);
    truncateSync(log, statSync(log).size - 1);
    expect(await corruption(folder.path)).toMatchObject({ ...corrupt, file: log });
  });

  it("where a file is missing", async () => {
    await using folder = testFolder();
    const path = join(folder.path, "data");
    const world = await openWorld(path, { logBytes: 100 });
    for (let number = 0; number < 9; number += 1) makeEvent(world.databases, number, world.journal);
    await world.journal.compact();
    for (let number = 9; number < 18; number += 1)
      makeEvent(world.databases, number, world.journal);
    await world.journal.close();
    const names = readdirSync(path).filter((name) => /^(log|snapshot)/u.test(name));
    expect(names.length).toBeGreaterThan(5);
    for (const name of names.slice(0, -2)) {
      await using copy = testFolder();
      cpSync(path, copy.path, { recursive: true });
      rmSync(join(copy.path, name));
      const missing = name.startsWith("snapshot") ? "log-00000001" : name;
      const message = `${join(copy.path, missing)} is missing.`;
      expect(await corruption(copy.path)).toMatchObject({ ...corrupt, message });
    }
    await using last = testFolder();
    cpSync(path, last.path, { recursive: true });
    for (const name of names) if (name.startsWith("log")) rmSync(join(last.path, name));
    expect(await corruption(last.path)).toMatchObject(corrupt);
  });
});

it("what a compaction left that was killed near its end is deleted, and changes nothing", async () => {
  await using folder = testFolder();
  await writeEvents(folder.path, 30);
  await using before = testFolder();
  cpSync(folder.path, before.path, { recursive: true });
  const world = await openWorld(folder.path);
  await world.journal.compact();
  await world.journal.close();
  const names = readdirSync(folder.path).filter((name) => !name.startsWith("lock"));
  cpSync(join(before.path, "log-00000001"), join(folder.path, "log-00000001"));
  writeFileSync(join(folder.path, "snapshot-00000001"), "older");
  writeFileSync(join(folder.path, "snapshot-00000003.tmp"), "never finished");
  await using again = await openWorld(folder.path);
  expect(documentsAt(again.databases)).toEqual(documentsAt(worldAfter(30)));
  expect(readdirSync(folder.path).filter((name) => !name.startsWith("lock"))).toEqual(names);
});

it("after a power loss, parts that were written last may be missing, but none that was on disk", async () => {
  await using folder = testFolder();
  const lock = { pid: 1, identity: "b:1", machine: "", boot: "another" };
  const powerLoss = (): void => {
    for (const name of readdirSync(folder.path)) {
      if (name.startsWith("lock.")) rmSync(join(folder.path, name));
    }
    const machine = JSON.stringify({ ...lock, machine: undefined });
    writeFileSync(join(folder.path, "lock.1"), machine);
  };
  const world = await openWorld(folder.path);
  const log = join(folder.path, "log-00000001");
  makeEvent(world.databases, 0, world.journal);
  await world.journal.flushed();
  const size = statSync(log).size;
  for (let number = 1; number < 5; number += 1) makeEvent(world.databases, number, world.journal);
  await world.journal.close();
  const whole = readFileSync(log);
  writeFileSync(log, flipped(whole, size + 20, 1));
  expect(await corruption(folder.path)).toMatchObject({ ...corrupt, offset: size });
  writeFileSync(log, flipped(whole, size - 1, 1));
  powerLoss();
  expect(await corruption(folder.path)).toMatchObject({ ...corrupt, file: log });
  writeFileSync(log, flipped(whole, size + 20, 1));
  powerLoss();
  await using again = await openWorld(folder.path);
  expect(again.journal.tornTail).toMatchObject({ offset: size, bytes: whole.length - size });
  expect(eventCount(again.databases)).toBe(1);
});
