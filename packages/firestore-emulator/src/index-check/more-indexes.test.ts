import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indexSetOf, indexText } from "../../testing/index-set-of.ts";
import { queryOf, type Condition } from "../../testing/query-of.ts";
import { automaticIndexes, type IndexSet } from "./index-set.ts";
import { missingIndex, requiredIndexes } from "./missing-index.ts";
import { withIndex } from "./with-index.ts";

const numRuns = process.env["SLOW"] === "1" ? 2000 : 200;

describe("any query", () => {
  const field = fc.constantFrom("a", "b", "c", "m.x");
  const value = fc.constantFrom(1n, "x", null);
  const equality = fc.tuple(field, fc.constant("==" as const), value);
  const element = fc.tuple(field, fc.constant("array-contains" as const), value);
  const list = fc.tuple(field, fc.constant("in" as const), fc.constant([1n, 2n]));
  const range = fc.tuple(field, fc.constantFrom(">", "<="), fc.constant(1n));
  const alternatives = fc
    .array(fc.oneof(equality, range), { minLength: 2, maxLength: 3 })
    .map((or) => ({ or }));
  const condition = fc.oneof(equality, list, range, alternatives);
  const order = fc.tuple(fc.constantFrom("a", "b", "d"), fc.boolean());
  const query = fc
    .record({
      where: fc
        .tuple(fc.array(condition, { maxLength: 3 }), fc.option(element, { nil: undefined }))
        .map(([conditions, one]): Condition[] => (one ? [...conditions, one] : conditions)),
      orderBy: fc
        .uniqueArray(order, { maxLength: 2, selector: ([name]) => name })
        .map((orders) => orders.map(([name, descending]) => (descending ? `${name} desc` : name))),
      byName: fc.constantFrom([], [], ["__name__"], ["__name__ desc"]),
      group: fc.boolean(),
    })
    .map(({ where, orderBy, byName, group }) => {
      const hasRange = JSON.stringify(where, (_key, item: unknown) =>
        typeof item === "bigint" ? String(item) : item,
      ).match(/">"|"<="/u);
      return queryOf("k", { where, orderBy: hasRange ? orderBy : [...orderBy, ...byName], group });
    });
  const mode = fc.constantFrom("ASC", "DESC");
  const index = fc
    .tuple(
      fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "m.x"), { minLength: 1, maxLength: 4 }),
      fc.array(mode, { minLength: 4, maxLength: 4 }),
      fc.option(fc.nat(3), { nil: -1 }),
      fc.boolean(),
    )
    .map(
      ([names, modes, array, group]) =>
        `k${group ? " group" : ""}: ${names
          .map((name, place) => `${name} ${place === array ? "CONTAINS" : modes[place]}`)
          .join(", ")}`,
    );
  const indexes = fc.array(index, { maxLength: 6 }).map((some) => indexSetOf(...some));

  it("is answered once the indexes are made that are named one after the other", () => {
    fc.assert(
      fc.property(query, indexes, (asked, given) => {
        let set: IndexSet = given;
        const named = new Set<string>();
        for (;;) {
          const found = missingIndex(asked, set);
          if (!found) break;
          const text = indexText(found.index);
          expect(named).not.toContain(text);
          named.add(text);
          set = withIndex(set, found.index);
        }
        expect(requiredIndexes(asked, [], set)).toEqual([]);
      }),
      { numRuns },
    );
  });

  it("is answered at once when all indexes are made that it requires", () => {
    fc.assert(
      fc.property(query, (asked) => {
        let set = automaticIndexes;
        for (const required of requiredIndexes(asked)) set = withIndex(set, required);
        expect(missingIndex(asked, set)).toBeUndefined();
      }),
      { numRuns },
    );
  });

  it("is not refused for having more indexes", () => {
    fc.assert(
      fc.property(query, indexes, indexes, (asked, some, more) => {
        const both = { ...some, composites: [...more.composites, ...some.composites] };
        fc.pre(missingIndex(asked, some) === undefined);
        expect(missingIndex(asked, both)).toBeUndefined();
      }),
      { numRuns },
    );
  });
});
