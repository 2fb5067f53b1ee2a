import { array, assert, boolean, integer, property, record } from "fast-check";
import { expect, test } from "vitest";
import { rowsWorld } from "../../testing/rows-world.ts";
import { checkRows } from "./check-rows.ts";
import { planRanges } from "./plan-ranges.ts";
import type { RowRule, RuleSubject } from "./row-rule.ts";
import type { TableFacts } from "./scan-facts.ts";
import type { PlannedReference, ScanPlan } from "./scan-plan.ts";

const subject: RuleSubject = {
  id: "null",
  kind: "null",
  severity: "error",
  columns: ["filler"],
  message: String,
  hidden: false,
};
const rule: RowRule = { subject, sql: "t.filler IS NULL" };

function facts(estimatedRows: number): TableFacts {
  return {
    oid: "1",
    partitioned: false,
    estimatedRows,
    types: new Map(),
    collations: new Map(),
    equalities: new Map(),
  };
}

function joined(own: number, referenced: number): PlannedReference {
  const reference = { subject: { ...subject, id: "orphan" }, columns: ["a"], referencedTable: "k", referencedColumns: ["a"], match: "simple" as const }; // prettier-ignore
  const sides = { reference, own: facts(own), referenced: facts(referenced), ownFrom: "t", asText: false }; // prettier-ignore
  return { reference, by: "join", sides };
}

function planOf(own: number, references: readonly PlannedReference[]): ScanPlan {
  const scan = { table: "t", name: "t", key: [], estimatedRows: own, rules: [rule], references: [], keys: [] }; // prettier-ignore
  return { scan, facts: facts(own), rules: [rule], references };
}

test("every page is read once for the rules and once for each reference, whatever is cut how", () => {
  const piece = record({ pages: integer({ min: 0, max: 400_000 }), heap: boolean() });
  const sizes = { own: integer({ min: 0, max: 10_000_000 }), keys: integer({ min: 0, max: 10_000_000 }) }; // prettier-ignore
  assert(
    property(
      record({ pieces: array(piece, { minLength: 1, maxLength: 4 }), sessions: integer({ min: 1, max: 8 }), ...sizes }),
      ({ pieces, sessions, own, keys }) => {
        const tables = pieces.map((one, index) => ({ ...one, table: `p${index}`, estimatedRows: 1 }));
        const ranges = planRanges(planOf(own, [joined(own, keys)]), tables, sessions);
        const total = pieces.reduce((sum, { pages }) => sum + pages, 0);
        const pagesFor = (isAsked: (plan: ScanPlan) => boolean): number =>
          ranges
            .filter(({ plan }) => isAsked(plan))
            .map(({ range }) => range ? (range.toPage ?? range.piece.pages) - range.fromPage : total)
            .reduce((sum, pages) => sum + pages, 0);
        expect(pagesFor(({ rules }) => rules.length > 0)).toBe(total);
        expect(pagesFor(({ references }) => references.length > 0)).toBe(total);
        expect(ranges.reduce((sum, { from, to }) => sum + to - from, 0)).toBeCloseTo(1);
      },
    ),
  ); // prettier-ignore
});

test("references by texts to a table as large as the own one are found beside the rules of its pieces", async () => {
  await using world = await rowsWorld(
    "CREATE TABLE k (a text PRIMARY KEY)",
    "INSERT INTO k SELECT 'k' || n FROM generate_series(1, 9000) AS n",
    "CREATE TABLE t (id int PRIMARY KEY, a text, filler text) WITH (fillfactor = 10)",
    "ALTER TABLE t ALTER filler SET STORAGE PLAIN",
    "INSERT INTO t SELECT n, 'k' || n, CASE WHEN n % 1000 > 0 THEN repeat('x', 5000) END FROM generate_series(1, 9010) AS n",
    "ANALYZE",
  );
  const registry = `
tables:
  k: { columns: [{ name: a, type: text, pk: true }] }
  t: { columns: [{ name: id, type: integer, pk: true }, { name: a, type: text, references: k.a }] }`;
  const scans = await world.scans({ registry, rules: { t: [rule] } });
  const { findings, rows } = await checkRows(world.db, scans, { connections: 3 });
  expect(findings.map(({ id, count }) => [id, count])).toEqual([["null", 9], ["orphan:t(a)->k(a)", 10]]); // prettier-ignore
  expect(rows).toBe(18_010);
});
