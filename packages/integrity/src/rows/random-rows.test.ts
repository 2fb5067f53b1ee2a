import { asyncProperty, assert } from "fast-check";
import { expect, test } from "vitest";
import {
  orphansOf,
  randomRows,
  surplusOf,
  tablesSql,
  type RandomKey,
  type RandomReference,
  type RandomRows,
} from "../../testing/random-rows.ts";
import { rowsWorld } from "../../testing/rows-world.ts";
import { checkRows } from "./check-rows.ts";
import type { RowKey, RowReference, RowRule, RuleSubject, TableScan } from "./row-rule.ts";

function subject(id: string, kind: RuleSubject["kind"]): RuleSubject {
  return { id, kind, severity: "error", columns: ["c0"], message: String, hidden: false };
}

function reference(one: RandomReference, index: number): RowReference {
  return {
    subject: subject(`orphan ${index}`, "orphan"),
    columns: one.columns.map((column) => `c${column}`),
    referencedTable: one.self ? "public.children" : "public.parents",
    referencedColumns: one.columns.map((column) => `${one.self ? "c" : "k"}${column}`),
    match: one.match,
  };
}

function key(one: RandomKey, index: number): RowKey {
  return {
    subject: subject(`duplicate ${index}`, "duplicate"),
    parts: one.columns.map((column) => `t.c${column}`),
    nullsNotDistinct: one.nullsNotDistinct,
    ...(one.partial && { where: "id % 2 = 0" }),
  };
}

const rules: readonly RowRule[] = [
  { subject: subject("null", "null"), sql: "t.c1 IS NULL" },
  {
    subject: subject("odd", "invalid_value"),
    reads: "t.c0 IS NOT NULL",
    columns: ["id"],
    breaks: ([id]) => (Number(id) % 3 === 0 ? "divisible" : undefined),
  },
];

/** By the id of the finding: how many rows, and the ids of the first five. */
type Expected = Readonly<Record<string, { readonly count: number; readonly ids: readonly number[] }>>; // prettier-ignore

function expectedOf(world: RandomRows): Expected {
  const all: Record<string, readonly number[]> = {
    null: world.children.flatMap((row, id) => (row[1] === null ? [id] : [])),
    odd: world.children.flatMap((row, id) => (row[0] !== null && id % 3 === 0 ? [id] : [])),
  };
  for (const [index, one] of world.references.entries()) all[`orphan ${index}`] = orphansOf(world, one); // prettier-ignore
  for (const [index, one] of world.keys.entries()) all[`duplicate ${index}`] = surplusOf(world, one); // prettier-ignore
  return Object.fromEntries(
    Object.entries(all).flatMap(([id, ids]) => ids.length === 0 ? [] : [[id, { count: ids.length, ids }]]), // prettier-ignore
  );
}

test("in random rows exactly what a naive search finds is found, by whatever way it is looked for", async () => {
  await using world = await rowsWorld();
  await assert(
    asyncProperty(randomRows, async (random) => {
      await world.run(...tablesSql(random));
      const scan: TableScan = {
        table: "public.children",
        name: "children",
        key: ["id"],
        estimatedRows: -1,
        rules,
        references: random.references.map(reference),
        keys: random.keys.map(key),
      };
      const { connections } = random;
      const { findings, notChecked, rows } = await checkRows(world.db, [scan], { connections });
      expect([rows, notChecked]).toEqual([random.children.length, []]);
      const found = Object.fromEntries(
        findings.map(({ id, count, examples }) => [
          id,
          { count, ids: examples.map(({ key: of }) => Number(of["id"])) },
        ]),
      );
      const expected = expectedOf(random);
      expect(Object.keys(found).toSorted()).toEqual(Object.keys(expected).toSorted());
      for (const [id, { count, ids }] of Object.entries(expected)) {
        expect([id, found[id]?.count, found[id]?.ids.length]).toEqual([id, count, Math.min(5, count)]); // prettier-ignore
        // Partitions lie one after the other: then not the first of all come first.
        const first = random.partitioned ? ids.filter((one) => found[id]?.ids.includes(one)) : ids;
        expect(found[id]?.ids.toSorted((one, other) => one - other)).toEqual(first.slice(0, 5));
      }
    }),
    { numRuns: process.env["SLOW"] === undefined ? 10 : 100 },
  );
});
