import { expect, test } from "vitest";
import { databaseFacts } from "../../testing/fix-facts.ts";
import { broken, duplicates, orphans } from "../../testing/fix-scans.ts";
import { fixWorld, serverVersion } from "../../testing/fix-world.ts";
import type { StepTarget } from "./step-target.ts";

const tables = `CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (id integer PRIMARY KEY, p_id integer, n integer); INSERT INTO p VALUES (1);`;
const toP = orphans("c", ["p_id"], { table: "p", columns: ["id"] }, { constraint: "f" });
const small = broken("check", "c", ["n"], "NOT (t.n > 0)", { constraint: "k" });
const empty = broken("null", "c", ["n"], "t.n IS NULL");

/** Those of a constraint that is made anew are in another order. */
function withoutTriggers(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !line.startsWith("trigger"));
}

interface Case {
  readonly title: string;
  readonly sql: string;
  readonly target: StepTarget;
  readonly refused: string;
  /** The first version of PostgreSQL that has it. */
  readonly since?: number;
  /** What undo cannot bring back as it was, and as what it comes back. */
  readonly other?: readonly [was: string, is: string];
}

const fk = "constraint c f FOREIGN KEY (p_id) REFERENCES p(id)";
const cases: readonly Case[] = [
  {
    title: "a foreign key that is NOT VALID",
    sql: "INSERT INTO c VALUES (1, 1), (2, 9); ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p NOT VALID",
    target: toP,
    refused: "INSERT INTO c VALUES (3, 8)",
  },
  {
    title: "a foreign key that is NOT ENFORCED",
    since: 18,
    sql: "INSERT INTO c VALUES (1, 1), (2, 9); ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p ON DELETE CASCADE NOT ENFORCED",
    target: toP,
    refused: "INSERT INTO c VALUES (3, 8)",
  },
  {
    title: "a foreign key whose triggers are off",
    sql: "ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p; ALTER TABLE c DISABLE TRIGGER ALL; INSERT INTO c VALUES (1, 1), (2, 9)",
    target: toP,
    refused: "INSERT INTO c VALUES (3, 8)",
    other: [`${fk} t`, `${fk} NOT VALID f`],
  },
  {
    title: "a deferred foreign key that is marked as valid",
    sql: `ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED; ALTER TABLE c DISABLE TRIGGER ALL;
      INSERT INTO c VALUES (1, 1), (2, 9); ALTER TABLE c ENABLE TRIGGER ALL`,
    target: toP,
    refused: "INSERT INTO c VALUES (3, 8)",
    other: [
      `${fk} ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED t`,
      `${fk} ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED NOT VALID f`,
    ],
  },
  {
    title: "a check that is NOT VALID",
    sql: "INSERT INTO c VALUES (1, 1, 1), (2, 1, 0); ALTER TABLE c ADD CONSTRAINT k CHECK (n > 0) NOT VALID",
    target: small,
    refused: "INSERT INTO c VALUES (3, 1, -1)",
  },
  {
    title: "a check that is NOT ENFORCED",
    since: 18,
    sql: "INSERT INTO c VALUES (1, 1, 1), (2, 1, 0); ALTER TABLE c ADD CONSTRAINT k CHECK (n > 0) NOT ENFORCED",
    target: small,
    refused: "INSERT INTO c VALUES (3, 1, -1)",
  },
  {
    title: "a NOT NULL that is NOT VALID",
    since: 18,
    sql: "INSERT INTO c VALUES (1, 1, 1), (2, 1, NULL); ALTER TABLE c ADD CONSTRAINT k NOT NULL n NOT VALID",
    target: empty,
    refused: "INSERT INTO c VALUES (3, 1, NULL)",
  },
];

test.for(cases)(
  "$title holds for every row afterwards, and undo makes it what it was",
  async ({ sql, target, refused, other, since = 0 }, { skip }) => {
    skip((await serverVersion()) < since, `it came with PostgreSQL ${since}`);
    await using w = await fixWorld(`${tables} ${sql}`);
    const before = await databaseFacts(w.postgres);
    const { run, steps } = await w.fix([target]);
    expect(steps).toMatchObject([{ state: "done", changed: 1 }]);
    const { rows } = await w.postgres.query(
      "SELECT convalidated AS valid FROM pg_constraint WHERE conname IN ('f', 'k')",
    );
    expect(rows).toEqual([{ valid: true }]);
    await expect(w.sql(refused)).rejects.toMatchObject({ sqlState: expect.stringMatching(/^23/) });
    const undone = await w.undo(run);
    expect(undone.conflicts).toEqual([]);
    expect(undone.notes).toHaveLength(other ? 1 : 0);
    const after = await databaseFacts(w.postgres);
    expect(after.rows).toEqual(before.rows);
    const [was, is] = other ?? ["", ""];
    const expected = before.schema.map((line) => (line === was ? is : line)).toSorted();
    expect(withoutTriggers(after.schema)).toEqual(withoutTriggers(expected));
  },
);

test("a unique index that a failed build left invalid is built, and a broken one anew", async () => {
  await using w = await fixWorld(
    `CREATE TABLE c (id integer PRIMARY KEY, n integer CONSTRAINT u UNIQUE, m integer); CREATE UNIQUE INDEX i ON c (m);
    UPDATE pg_index SET indisunique = false WHERE indexrelid IN ('u'::regclass, 'i'::regclass);
    INSERT INTO c VALUES (1, 1, 1), (2, 1, 2), (3, 3, 3), (4, 4, 3);
    UPDATE pg_index SET indisunique = true WHERE indexrelid IN ('u'::regclass, 'i'::regclass); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass`,
  );
  const before = await databaseFacts(w.postgres);
  const { run, steps } = await w.fix([
    duplicates("c", ["n"], { constraint: "u" }),
    duplicates("c", ["m"], { constraint: "i" }),
  ]);
  expect(steps).toMatchObject([{ changed: 1 }, { changed: 1 }]);
  expect(await w.sql("SELECT id FROM c ORDER BY id")).toEqual([{ id: 1 }, { id: 3 }]);
  expect(
    await w.sql(
      "SELECT bool_and(indisvalid) AS valid FROM pg_index WHERE indrelid = 'c'::regclass",
    ),
  ).toEqual([{ valid: true }]);
  const undone = await w.undo(run);
  expect(undone).toMatchObject({ rows: 2, conflicts: [] });
  expect(undone.notes).toHaveLength(2);
  expect((await databaseFacts(w.postgres)).rows).toEqual(before.rows);
});

test("a step whose constraint cannot be made changes nothing, is reported with its reason, and the others go on", async () => {
  await using w = await fixWorld(
    `${tables} INSERT INTO c VALUES (1, 1, 1), (2, 9, -1); ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p NOT VALID; ALTER TABLE c ADD CONSTRAINT k CHECK (n > 0) NOT VALID;
    CREATE FUNCTION deny() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
      IF EXISTS (SELECT FROM pg_constraint WHERE conname = 'f' AND convalidated) THEN RAISE EXCEPTION 'not today'; END IF; END $$;
    CREATE EVENT TRIGGER deny ON ddl_command_end EXECUTE FUNCTION deny()`,
  );
  const { run, steps } = await w.fix([toP, small], { strategy: "set-null" });
  expect(
    steps.map(({ finding, state, reason, changed }) => ({
      kind: finding.kind,
      state,
      reason,
      changed,
    })),
  ).toEqual([
    { kind: "check", state: "done", reason: undefined, changed: 1 },
    { kind: "orphan", state: "failed", reason: expect.stringContaining("not today"), changed: 0 },
  ]);
  expect(await w.sql("SELECT * FROM c ORDER BY id")).toEqual([
    { id: 1, p_id: 1, n: 1 },
    { id: 2, p_id: 9, n: null },
  ]);
  expect(
    await w.sql("SELECT step, state, reason FROM ctb_data.integrity_steps ORDER BY step"),
  ).toEqual([
    { step: 1, state: "done", reason: null },
    { step: 2, state: "failed", reason: expect.stringContaining("not today") },
  ]);
  await w.sql("DROP EVENT TRIGGER deny");
  expect(await w.undo(run)).toMatchObject({ rows: 1, conflicts: [] });
  expect(await w.sql("SELECT n FROM c WHERE id = 2")).toEqual([{ n: -1 }]);
});

test("a row that breaks another constraint that is marked as valid comes back, too", async () => {
  await using w = await fixWorld(
    `${tables} CREATE TABLE q (id integer PRIMARY KEY); ALTER TABLE c ADD q_id integer; INSERT INTO q VALUES (1);
    ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p, ADD CONSTRAINT g FOREIGN KEY (q_id) REFERENCES q;
    ALTER TABLE c DISABLE TRIGGER ALL; INSERT INTO c VALUES (1, 1, 1, 1), (2, 9, 1, 9); ALTER TABLE c ENABLE TRIGGER ALL`,
  );
  const before = await databaseFacts(w.postgres);
  const { run } = await w.fix([toP]);
  const undone = await w.undo(run);
  expect(undone).toMatchObject({ rows: 1, conflicts: [] });
  expect(undone.notes).toHaveLength(2);
  expect((await databaseFacts(w.postgres)).rows).toEqual(before.rows);
});
