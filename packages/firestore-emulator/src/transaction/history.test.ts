import { expect, test } from "vitest";
import { problemsOf, type HistoryEvent, type Seen } from "../../testing/history.ts";

interface Short {
  readonly time: number;
  readonly span?: readonly [number, number];
  readonly reads?: Readonly<Record<string, Seen>>;
  readonly found?: Readonly<Record<string, bigint>>;
  readonly writes?: Readonly<Record<string, Seen>>;
}

/** Events that all overlap, unless they say when they were. */
function history(events: Readonly<Record<string, Short>>): HistoryEvent[] {
  return Object.entries(events).map(([name, { time, span = [0, 100], ...event }]) => ({
    name,
    time,
    isCommit: event.writes !== undefined,
    began: span[0],
    ended: span[1],
    reads: new Map(Object.entries(event.reads ?? {})),
    queries: event.found ? [{ prefix: "q/", found: new Map(Object.entries(event.found)) }] : [],
    writes: new Map(Object.entries(event.writes ?? {})),
  }));
}

const documents = (values: Readonly<Record<string, bigint>>) => new Map(Object.entries(values));

test("a history that could have happened one after the other has no problem", () => {
  const events = history({
    create: { time: 1, reads: { x: undefined }, writes: { x: 1n, "q/1": 1n } },
    change: { time: 3, reads: { x: 1n }, found: { "q/1": 1n }, writes: { x: 2n } },
    past: { time: 2, reads: { x: 1n } },
    remove: { time: 4, writes: { "q/1": undefined } },
    now: { time: 4, reads: { x: 2n }, found: {} },
  });
  expect(problemsOf(events, documents({ x: 2n }))).toEqual([]);
});

test("a lost update is found", () => {
  const events = history({
    create: { time: 1, writes: { x: 1n } },
    one: { time: 2, reads: { x: 1n }, writes: { x: 2n } },
    two: { time: 3, reads: { x: 1n }, writes: { x: 3n } },
  });
  expect(problemsOf(events, documents({ x: 3n }))).toEqual(["two read x: 1, not 2"]);
});

test("write skew is found", () => {
  const events = history({
    create: { time: 1, writes: { x: 1n, y: 1n } },
    one: { time: 2, reads: { x: 1n, y: 1n }, writes: { x: 0n } },
    two: { time: 3, reads: { x: 1n, y: 1n }, writes: { y: 0n } },
  });
  expect(problemsOf(events, documents({ x: 0n, y: 0n }))).toEqual(["two read x: 1, not 0"]);
});

test("a phantom is found", () => {
  const events = history({
    one: { time: 1, found: {}, writes: { "q/1": 1n } },
    two: { time: 2, found: {}, writes: { "q/2": 1n } },
  });
  expect(problemsOf(events, documents({ "q/1": 1n, "q/2": 1n }))).toEqual([
    "two found {}, not {q/1: 1}",
  ]);
});

test("a read of two moments is found", () => {
  const events = history({
    create: { time: 1, writes: { x: 1n, y: 1n } },
    change: { time: 2, writes: { x: 2n, y: 2n } },
    torn: { time: 2, reads: { x: 2n, y: 1n } },
  });
  expect(problemsOf(events, documents({ x: 2n, y: 2n }))).toEqual(["torn read y: 1, not 2"]);
});

test("a commit that was lost, or one that was refused and made all the same, is found at the end", () => {
  const events = history({ create: { time: 1, writes: { x: 1n } } });
  expect(problemsOf(events, documents({}))).toEqual(["at the end: {}, not {x: 1}"]);
  expect(problemsOf([], documents({ x: 1n }))).toEqual(["at the end: {x: 1}, not {}"]);
});

test("a read of the past that does not say so is found", () => {
  const events = history({
    create: { time: 5, span: [1, 2], writes: { x: 1n } },
    stale: { time: 4, span: [3, 4], reads: { x: undefined } },
  });
  expect(problemsOf(events, documents({ x: 1n }))).toEqual([
    "create was over before stale began, and is after it",
  ]);
});

test("two commits of one time are found", () => {
  const events = history({ one: { time: 1, writes: { x: 1n } }, two: { time: 1, writes: {} } });
  expect(problemsOf(events, documents({ x: 1n }))).toEqual(["one and two have one time"]);
});
