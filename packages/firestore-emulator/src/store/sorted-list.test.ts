import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SortedList } from "./sorted-list.ts";

interface Item {
  readonly key: number;
  readonly label: string;
}

const compare = (left: Item, right: Item): number => left.key - right.key;
const keyOf = ({ key }: Item): number => key;

/** Enough to fill several blocks. */
const manyKeys = fc.uniqueArray(fc.integer({ min: 0, max: 1_000_000 }), {
  minLength: 0,
  maxLength: 2500,
  size: "max",
});

test("a sorted list is what a sorted array is, however much is added, deleted and replaced", () => {
  const action = fc.tuple(fc.constantFrom("add", "delete", "replace"), fc.nat({ max: 4000 }));
  fc.assert(
    fc.property(
      fc.nat({ max: 1500 }),
      fc.array(action, { minLength: 1, maxLength: 3000, size: "max" }),
      (initial, actions) => {
        const first = Array.from({ length: initial }, (_, key) => ({ key: key * 2, label: "" }));
        const expected = new Map(first.map((item) => [item.key, item]));
        const list = new SortedList<Item>(compare, first);
        for (const [index, [kind, key]] of actions.entries()) {
          const item = { key, label: String(index) };
          const isThere = expected.has(key);
          if (kind === "add" && !isThere) list.add(item);
          if (kind === "delete") list.delete(item);
          if (kind === "replace") list.replace(item, item);
          if (kind === "delete") expected.delete(key);
          else if (kind === "add" ? !isThere : isThere) expected.set(key, item);
        }
        const sorted = [...expected.values()].toSorted(compare);
        expect([...list.ascending()]).toEqual(sorted);
        expect([...list.descending()]).toEqual(sorted.toReversed());
        expect(list.size).toBe(sorted.length);
      },
    ),
    { numRuns: 30 },
  );
});

test("it begins and counts where an array's filter would", () => {
  fc.assert(
    fc.property(manyKeys, fc.integer({ min: -1, max: 1_000_001 }), (keys, from) => {
      const list = new SortedList<Item>(compare);
      for (const key of keys) list.add({ key, label: "" });
      const sorted = keys.toSorted((left, right) => left - right);
      const position = ({ key }: Item): number => key - from;
      const below = sorted.filter((key) => key < from);
      expect([...list.ascending(position)].map(keyOf)).toEqual(sorted.slice(below.length));
      expect([...list.descending(position)].map(keyOf)).toEqual(
        sorted.filter((key) => key <= from).toReversed(),
      );
      expect(list.countBelow(position)).toBe(below.length);
    }),
    { numRuns: 50 },
  );
});

test("deleting all of it leaves a list that can be used", () => {
  const list = new SortedList<Item>(compare);
  const items = Array.from({ length: 2000 }, (_, key) => ({ key, label: "" }));
  for (const item of items) list.add(item);
  for (const item of items) list.delete(item);
  expect([...list.ascending()]).toEqual([]);
  expect([...list.descending(() => 0)]).toEqual([]);
  expect(list.countBelow(() => -1)).toBe(0);
  list.add({ key: 1, label: "again" });
  expect([...list.ascending()]).toEqual([{ key: 1, label: "again" }]);
});
