import { expect, test } from "vitest";
import { displayWidth } from "../terminal/display-width.ts";
import { meterLine } from "./meter-line.ts";
import { progressMeter } from "./progress-meter.ts";

/** A meter whose clock stands until it is moved. */
function meterWithClock() {
  let ms = 0;
  const meter = progressMeter(() => ms);
  return {
    ...meter,
    wait: (more: number) => {
      ms += more;
    },
  };
}

test("what stores tell is added up, and the time left is that of the bytes that are missing", () => {
  const meter = meterWithClock();
  meter.add({ kind: "total", store: "postgres", items: 1000, bytes: 8_000_000 });
  meter.add({ kind: "total", store: "firestore", items: 100, bytes: 2_000_000 });
  meter.add({ kind: "step", step: "rows", detail: "public.clients" });
  meter.wait(2000);
  meter.add({ kind: "count", store: "postgres", name: "clients", items: 400, bytes: 3_000_000 });
  meter.add({ kind: "count", store: "firestore", name: "clients", items: 50, bytes: 1_000_000 });
  expect(meter.read()).toEqual({
    step: "rows",
    detail: "public.clients",
    items: { postgres: 400, firestore: 50 },
    totalItems: { postgres: 1000, firestore: 100 },
    bytes: 4_000_000,
    totalBytes: 10_000_000,
    bytesPerSecond: 2_000_000,
    itemsPerSecond: 225,
    share: 0.4,
    secondsLeft: 3,
  });
});

test("the rate is that of the last ten seconds, and falls while nothing moves", () => {
  const meter = meterWithClock();
  for (let second = 0; second < 20; second += 1) {
    meter.wait(1000);
    const bytes = second < 10 ? 1000 : 5000;
    meter.add({ kind: "count", store: "storage", name: "part", items: 1, bytes });
  }
  expect(meter.read().bytesPerSecond).toBe(5000);
  meter.wait(10_000);
  expect(meter.read().bytesPerSecond).toBe(2500);
});

test("without a total, and beyond one, nobody says how long it takes", () => {
  const meter = meterWithClock();
  meter.wait(1000);
  meter.add({ kind: "count", store: "postgres", name: "a", items: 5, bytes: 500 });
  expect(meter.read().secondsLeft).toBeUndefined();
  meter.add({ kind: "total", store: "postgres", items: 4, bytes: 400 });
  expect(meter.read()).toMatchObject({ bytes: 500, totalBytes: 400 });
  expect(meter.read().secondsLeft).toBeUndefined();
  meter.add({ kind: "total", store: "firestore", items: undefined, bytes: undefined });
  expect(meter.read()).not.toHaveProperty("totalBytes");
});

test("where only one store has a total, share and time are those of that store", () => {
  const meter = meterWithClock();
  meter.add({ kind: "total", store: "postgres", items: undefined, bytes: 1000 });
  meter.wait(1000);
  meter.add({ kind: "count", store: "postgres", name: "a", items: 1, bytes: 250 });
  meter.add({ kind: "count", store: "firestore", name: "a", items: 7, bytes: 9999 });
  expect(meter.read()).toMatchObject({ share: 0.25, secondsLeft: 3, bytes: 10_249 });
  expect(meter.read()).not.toHaveProperty("totalBytes");
});

test("a store that is gone through again is counted anew, and one that is done with is forgotten", () => {
  const meter = meterWithClock();
  const part = { kind: "count", store: "storage", name: "part", items: 1, bytes: 100 } as const;
  const total = { kind: "total", store: "storage", items: 2, bytes: 200 } as const;
  for (const event of [total, part, part]) meter.add(event);
  expect(meter.read()).toMatchObject({ items: { storage: 2 }, bytes: 200, totalBytes: 200 });
  for (const event of [total, part]) meter.add(event);
  expect(meter.read()).toMatchObject({ items: { storage: 1 }, bytes: 100, totalBytes: 200 });
  meter.add({ kind: "count", store: "postgres", name: "a", items: 5, bytes: 50 });
  meter.add({ kind: "count", store: "firestore", name: "a", items: 1, bytes: 10 });
  expect(meter.read()).toMatchObject({ items: { postgres: 5, firestore: 1 }, bytes: 60 });
  expect(meter.read().items).not.toHaveProperty("storage");
});

test("a new step begins to measure anew", () => {
  const meter = meterWithClock();
  meter.add({ kind: "total", store: "postgres", items: 1000, bytes: 8_000_000 });
  meter.wait(1000);
  meter.add({ kind: "count", store: "postgres", name: "a", items: 400, bytes: 3_000_000 });
  expect(meter.read().secondsLeft).toBe(2);
  meter.add({ kind: "step", step: "commit" });
  meter.wait(1000);
  expect(meter.read()).toMatchObject({ step: "commit", bytes: 3_000_000, bytesPerSecond: 0 });
  expect(meter.read().secondsLeft).toBeUndefined();
});

const reading = {
  step: "rows",
  detail: "public.clients",
  items: { postgres: 12_345_678, firestore: 40_000 },
  totalItems: { postgres: 30_000_000, firestore: 40_000 },
  bytes: 1_200_000_000,
  totalBytes: 2_700_000_000,
  bytesPerSecond: 85_000_000,
  itemsPerSecond: 900_000,
  share: 12 / 27,
  secondsLeft: 18,
};

test("a wide terminal shows everything", () => {
  expect(meterLine(reading, 140)).toBe(
    "rows  ███████░░░░░░░░░  44%  1.2 GB of 2.7 GB  12,345,678 rows, 40,000 documents  85.0 MB/s  18 s left  public.clients",
  );
});

test("a narrow one leaves out what matters least, and is never too narrow", () => {
  expect(meterLine(reading, 59)).toBe("rows  ███████░░░░░░░░░  44%  1.2 GB  85.0 MB/s  18 s left");
  for (let columns = 1; columns < 140; columns += 1) {
    expect(displayWidth(meterLine(reading, columns))).toBeLessThanOrEqual(columns);
  }
});

test("before anything is known there is only the step, and before that nothing", () => {
  const meter = meterWithClock();
  expect(meterLine(meter.read(), 80)).toBe("");
  meter.add({ kind: "step", step: "locking" });
  expect(meterLine(meter.read(), 80)).toBe("locking");
});

test("names that others gave cannot move the cursor", () => {
  const line = meterLine({ ...reading, detail: "a\u001b[2Jb\nc" }, 200);
  expect(line).toContain(String.raw`a\u001b[2Jb\u000ac`);
});

test("what has no bytes is told by its rows: how many, how fast, how long", () => {
  const meter = meterWithClock();
  meter.add({ kind: "step", step: "rows" });
  meter.add({ kind: "total", store: "postgres", items: 10_000 });
  meter.wait(2000);
  meter.add({ kind: "count", store: "postgres", items: 4000 });
  expect(meterLine(meter.read(), 79)).toBe(
    "rows  ██████░░░░░░░░░░  40%  4,000 rows  2,000/s  3 s left",
  );
  expect(meterLine(meter.read(), 30)).toBe("rows  40%  2,000/s  3 s left");
});

test("records of a file are told by their number and rate, and by its bytes how much is left", () => {
  const meter = meterWithClock();
  meter.add({ kind: "step", step: "intake", detail: "company_list" });
  meter.add({ kind: "total", store: "file", items: undefined, bytes: 4_000_000 });
  meter.wait(2000);
  meter.add({ kind: "count", store: "file", items: 5000, bytes: 1_000_000 });
  expect(meterLine(meter.read(), 100)).toBe(
    "intake  ████░░░░░░░░░░░░  25%  1.0 MB of 4.0 MB  5,000 records  2,500/s  6 s left  company_list",
  );
});

test("a step that begins afresh forgets what was counted, also under the same name", () => {
  const meter = meterWithClock();
  meter.add({ kind: "step", step: "promote" });
  meter.add({ kind: "total", store: "firestore", items: 100 });
  meter.wait(1000);
  meter.add({ kind: "count", store: "firestore", items: 80 });
  meter.add({ kind: "step", step: "promote" });
  expect(meter.read()).toMatchObject({ items: { firestore: 80 }, share: 0.8 });
  meter.add({ kind: "step", step: "promote", isFresh: true });
  expect(meter.read()).toEqual({
    step: "promote",
    items: {},
    totalItems: {},
    bytes: 0,
    bytesPerSecond: 0,
    itemsPerSecond: 0,
  });
  meter.wait(1000);
  meter.add({ kind: "count", store: "firestore", items: 30 });
  expect(meter.read().itemsPerSecond).toBe(30);
});
