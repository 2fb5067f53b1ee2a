import { parseRegistry } from "@ctb-data/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { databaseFacts } from "../../testing/fix-facts.ts";
import { broken, duplicates, orphans } from "../../testing/fix-scans.ts";
import { fixWorld, type FixWorld } from "../../testing/fix-world.ts";
import type { FixStrategy } from "../finding.ts";
import type { StepTarget } from "./step-target.ts";

const registry = parseRegistry(
  `enums: { state: [new, paid] }
tables:
  customers:
    columns:
      - { name: id, type: integer, pk: true }
  people:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: email, type: text, unique: true }
      - { name: name, type: text, nullable: false }
      - { name: age, type: integer, min: 0 }
      - { name: code, type: text, pattern: '^[a-z]+$' }
      - { name: state, type: text, enum: [new, paid] }
      - { name: customer_id, type: integer, references: customers.id }
    checks: [{ name: grown, expression: age >= 18 }]
`,
  { file: "people.yml" },
);

/** A database that lacks what the registry says, with rows that break it. */
const people = `
CREATE TABLE customers (id integer PRIMARY KEY);
CREATE TABLE people (id integer PRIMARY KEY, email text, name text, age integer, code text, state text, customer_id integer);
INSERT INTO customers VALUES (1);
INSERT INTO people VALUES (1, 'a@x', 'Ann', 20, 'a', 'new', 1), (2, 'a@x', 'Bob', 30, 'b', 'paid', 1), (3, NULL, NULL, 40, 'c', 'new', NULL),
  (4, NULL, '', 50, 'd', NULL, 7), (5, 'e@x', 'Eve', -1, 'E', 'x', 1), (6, 'a@x', 'Fay', 17, NULL, 'new', 8), (7, NULL, 'Gil', NULL, NULL, NULL, NULL);
`;

/** One for all tests: each of them leaves it as it was, which is what they are about. */
let w: FixWorld;
beforeAll(async () => {
  w = await fixWorld(people, { registry });
});
afterAll(async () => await w[Symbol.asyncDispose]());

interface Case {
  readonly target: StepTarget;
  /** The ids of the rows that break it. */
  readonly ids: readonly number[];
  /** What `set-null` empties; undefined where the rows move. */
  readonly cleared?: string;
  /** A statement that the database refuses afterwards. */
  readonly refused?: string;
}

const cases: Readonly<Record<string, Case>> = {
  orphan: {
    target: orphans(
      "people",
      ["customer_id"],
      { table: "customers", columns: ["id"] },
      { constraint: "people_customer_id_fkey" },
    ),
    ids: [4, 6],
    cleared: "customer_id",
    refused: "UPDATE people SET customer_id = 9 WHERE id = 1",
  },
  duplicate: {
    target: duplicates("people", ["email"], { constraint: "people_email_key" }),
    ids: [2, 6],
    cleared: "email",
    refused: "INSERT INTO people (id, name, email) VALUES (99, '', 'a@x')",
  },
  null: {
    target: broken("null", "people", ["name"], "t.name IS NULL"),
    ids: [3],
    refused: "INSERT INTO people (id) VALUES (99)",
  },
  check: {
    target: broken("check", "people", ["age"], "NOT (t.age >= 18)", { constraint: "grown" }),
    ids: [5, 6],
    cleared: "age",
    refused: "UPDATE people SET age = 3 WHERE id = 1",
  },
  range: { target: broken("range", "people", ["age"], "t.age < 0"), ids: [5], cleared: "age" },
  pattern: {
    target: broken("pattern", "people", ["code"], "t.code !~ '^[a-z]+$'"),
    ids: [5],
    cleared: "code",
  },
  enum: {
    target: broken("enum", "people", ["state"], "t.state NOT IN ('new', 'paid')"),
    ids: [5],
    cleared: "state",
  },
};

const strategies: readonly FixStrategy[] = ["quarantine", "set-null", "delete"];
const matrix = Object.entries(cases).flatMap(([kind, one]) =>
  strategies.map((strategy) => ({ kind, strategy, ...one })),
);

describe.each(matrix)("$kind with $strategy", ({ target, ids, cleared, refused, strategy }) => {
  test("exactly its rows are fixed, it cannot come back, and undo gives back rows and schema", async () => {
    const before = await databaseFacts(w.postgres);
    const { run, steps } = await w.fix([target], { strategy });
    expect(steps).toMatchObject([{ state: "done", changed: ids.length }]);
    const column = strategy === "set-null" ? cleared : undefined;
    const list = ids.join(", ");
    expect(
      await w.sql(
        `SELECT count(*) AS rows, count(*) FILTER (WHERE id IN (${list}) AND ${column ?? "id"} IS NULL) AS empty FROM people`,
      ),
    ).toEqual([
      {
        rows: BigInt(column === undefined ? 7 - ids.length : 7),
        empty: BigInt(column === undefined ? 0 : ids.length),
      },
    ]);
    const again = await w.fix([target], { strategy, dryRun: true });
    expect(again.steps).toMatchObject([{ changed: 0 }]);
    await expect(
      w.sql(refused ?? "DO $$ BEGIN RAISE SQLSTATE '23000'; END $$"),
    ).rejects.toMatchObject({
      sqlState: expect.stringMatching(/^23/),
    });
    expect(await w.undo(run)).toMatchObject({ rows: ids.length, conflicts: [], notes: [] });
    expect(await databaseFacts(w.postgres)).toEqual(before);
  });
});

test("all kinds at once are undone in reverse order, and fixed again", async () => {
  const before = await databaseFacts(w.postgres);
  const targets = Object.values(cases).map(({ target }) => target);
  const first = await w.fix(targets);
  expect(first.steps.map(({ state }) => state)).toEqual(targets.map(() => "done"));
  expect(await w.sql("SELECT id FROM people ORDER BY id")).toEqual([{ id: 1 }, { id: 7 }]);
  await w.undo(first.run);
  expect(await databaseFacts(w.postgres)).toEqual(before);
  const second = await w.fix(targets, { strategy: "set-null" });
  expect(second.steps.map(({ state }) => state)).toEqual(targets.map(() => "done"));
  await w.undo(second.run);
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("set-null moves a row that would be as wrong when it is empty, or that another check refuses then", async () => {
  await using own = await fixWorld(
    `CREATE TABLE t (id integer PRIMARY KEY, a integer, b integer, CONSTRAINT one_of CHECK (num_nonnulls(a, b) > 0));
    INSERT INTO t VALUES (1, -1, NULL), (2, -1, 5), (3, 1, 1)`,
  );
  const before = await databaseFacts(own.postgres);
  const { run } = await own.fix([broken("range", "t", ["a"], "t.a < 0")], { strategy: "set-null" });
  expect(await own.sql("SELECT * FROM t ORDER BY id")).toEqual([
    { id: 2, a: null, b: 5 },
    { id: 3, a: 1, b: 1 },
  ]);
  await own.undo(run);
  expect(await databaseFacts(own.postgres)).toEqual(before);
});
