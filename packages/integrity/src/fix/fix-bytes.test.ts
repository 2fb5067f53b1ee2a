import { randomBytes } from "node:crypto";
import { parseKeyring } from "@ctb-data/models";
import { openPostgres } from "@ctb-data/postgres";
import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { databaseFacts } from "../../testing/fix-facts.ts";
import { broken, duplicates, orphans } from "../../testing/fix-scans.ts";
import { fixWorld, serverVersion } from "../../testing/fix-world.ts";
import { quarantineTable } from "./fix-tables.ts";
import { undoFix } from "./undo-fix.ts";

/** Columns of many types, each with the values of two rows in SQL. */
const types: readonly (readonly [type: string, first: string, second: string])[] = [
  ["text", String.raw`E'a\tb\n\\"''é😀'`, "NULL"],
  ["float8", "'NaN'", "1e-320"],
  ["float4", "1.1", "'-0'"],
  ["numeric", "'1.10'", "'NaN'"],
  ["numeric", "1e-1000", "'-Infinity'"],
  ["timestamp", "'294276-01-01 00:00:00.000001'", "'-infinity'"],
  ["timestamptz", "'0044-03-15 12:00:00+00 BC'", "'infinity'"],
  ["interval", "'-1 mon +2 days -03:04:05.000006'", "'178000000 years'"],
  ["date", "'infinity'", "'4713-01-01 BC'"],
  ["timetz", "'23:59:59.999999-15:59'", "NULL"],
  ["bytea", String.raw`'\x00ff'`, "''"],
  ["json", `'{"a" : 1,  "a":2}'`, "'null'"],
  ["jsonb", `'{"b": [1.0, null]}'`, `'"null"'`],
  ["char(4)", "'ab'", "''"],
  ["bpchar", "'x  '", "''"],
  ["varchar(3)", "'  x'", "''"],
  ["name", "'Na me'", "''"],
  ['"char"', "'q'", String.raw`'\377'`],
  ["money", "1234.56", "-0.01"],
  ["xml", "'<a>1</a>'", "'x<b/>'"],
  ["uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "NULL"],
  ["inet", "'10.0.0.1'", "'::1/64'"],
  ["cidr", "'10.0.0.0/8'", "NULL"],
  ["macaddr8", "'08:00:2b:01:02:03:04:05'", "NULL"],
  ["varbit", "B'0101'", "B''"],
  ["text[]", `'[0:1]={"a,b","NULL"}'`, "'{}'"],
  ["integer[]", "'{{1,2},{3,NULL}}'", "NULL"],
  ["json[]", `ARRAY['{"x" : "y"}', '"s"', 'null']::json[]`, "NULL"],
  ["tstzrange", "'[2020-01-01 00:00+00,)'", "'empty'"],
  ["int4multirange", "'{[1,3),[5,6)}'", "'{}'"],
  ["point", "'(1.5,-0)'", "NULL"],
  ["polygon", "'((0,0),(1,1),(1,0))'", "NULL"],
  ["tsvector", "'a:1A b'", "''"],
  ["tsquery", "$$'x' & !y$$", "''"],
  ["pg_lsn", "'16/B374D848'", "NULL"],
  ["regclass", "'t'", "'pg_class'"],
  ["regtype", `'"Odd".pair'`, "'bigint'"],
  ["jsonpath", "'$.a[*] ? (@ > 1)'", "NULL"],
  ["bigint", "9223372036854775807", "-9223372036854775808"],
  ["boolean", "true", "NULL"],
  ['"Odd"."mood of"', `'so "so"'`, "''"],
  ['"Odd"."mood of"[]', String.raw`'{"so \"so\"",""}'`, "NULL"],
  ['"Odd".pair', `'(1,"a ""b""")'`, "ROW(NULL, NULL)"],
  ['"Odd".pair[]', `ARRAY[ROW(1,NULL)::"Odd".pair, NULL]`, "NULL"],
  ['"Odd".doc', `'"just text"'`, "'null'"],
  ['"Odd".padded', "'ab'", "''"],
  ['"Odd".few', "'{1,2}'", "NULL"],
  ['"Odd".told', "'(2,b)'", "NULL"],
];

test("values of any type come back as they were, whatever the settings of the database", async () => {
  const virtual = (await serverVersion()) >= 18 ? "VIRTUAL" : "STORED";
  const columns = types.map(([type], index) => `"Column ""${index}" ${type}`);
  await using w = await fixWorld(`
    CREATE SCHEMA "Odd"; CREATE TYPE "Odd"."mood of" AS ENUM ('so "so"', ''); CREATE TYPE "Odd".pair AS (a integer, "b c" text); CREATE TYPE "Odd".told AS (a integer, b text);
    CREATE DOMAIN "Odd".doc AS jsonb; CREATE DOMAIN "Odd".padded AS char(5); CREATE DOMAIN "Odd".few AS integer[] CHECK (cardinality(VALUE) < 4);
    CREATE FUNCTION "Odd".tell("Odd".told) RETURNS text LANGUAGE sql AS $$ SELECT 'told' $$; CREATE CAST ("Odd".told AS text) WITH FUNCTION "Odd".tell AS ASSIGNMENT;
    CREATE TABLE t (id integer PRIMARY KEY); CREATE TABLE other ();
    ALTER TABLE t ${columns.map((column) => `ADD ${column}`).join(", ")}, ADD g integer GENERATED ALWAYS AS (id * 2) STORED, ADD v integer GENERATED ALWAYS AS (id * 3) ${virtual};
    INSERT INTO t VALUES (1, ${types.map(([, first]) => first).join(", ")}), (2, ${types.map(([, , second]) => second).join(", ")}); INSERT INTO t (id) VALUES (3)`);
  const before = await databaseFacts(w.postgres);
  const { run, steps } = await w.fix([broken("range", "t", ["id"], "true")]);
  expect(steps).toMatchObject([{ state: "done", changed: 3 }]);
  expect(await w.sql("SELECT id FROM t")).toEqual([]);
  const kept =
    await w.sql(`SELECT old_row ->> 'Column "0' AS text, old_row ->> 'Column "14' AS spaces, old_row ->> 'Column "42' AS pair,
    old_row ->> 'Column "47' AS told, old_row ? 'g' AS generated FROM ${quarantineTable} WHERE key = '{"id": "1"}'`);
  expect(kept).toEqual([
    {
      text: "a\tb\n\\\"'é😀",
      spaces: "x  ",
      pair: '(1,"a ""b""")',
      told: "(2,b)",
      generated: false,
    },
  ]);
  const name = new URL(w.url).pathname.slice(1);
  await w.sql(`ALTER DATABASE ${name} SET search_path = "Odd"`);
  await using later = await openPostgres({ url: w.url });
  const undone = await undoFix({ postgres: later, registry: w.registry }, { run });
  expect(undone).toMatchObject({ rows: 3, conflicts: [], notes: [] });
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("tables without a primary key, with rows that are the same, identity, generated columns and partitions come back whole", async () => {
  await using w = await fixWorld(`
    CREATE TABLE heap (a text, b integer); INSERT INTO heap VALUES ('x', 1), ('x', 1), ('x', 1), ('y', 2), (NULL, NULL), (NULL, NULL);
    CREATE TABLE always (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a integer UNIQUE, d integer DEFAULT 7 NOT NULL, g integer GENERATED ALWAYS AS (a + 1) STORED UNIQUE);
    INSERT INTO always (a) VALUES (1), (2), (3);
    CREATE TABLE parts (id integer, part integer, note text, PRIMARY KEY (part, id)) PARTITION BY LIST (part);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1) PARTITION BY RANGE (id); CREATE TABLE parts_1a PARTITION OF parts_1 FOR VALUES FROM (0) TO (10);
    CREATE TABLE parts_2 (note text, dropped text, id integer NOT NULL, part integer NOT NULL); ALTER TABLE parts_2 DROP dropped; ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES IN (2);
    INSERT INTO parts VALUES (1, 1, 'a'), (2, 1, 'b'), (1, 2, 'c'), (2, 2, 'd');
    CREATE TABLE leads (id integer PRIMARY KEY, part integer, n integer, CONSTRAINT f FOREIGN KEY (part, n) REFERENCES parts (part, id) ON DELETE CASCADE); INSERT INTO leads VALUES (1, 1, 2), (2, 2, 1), (3, 1, NULL);
    CREATE TABLE none (); INSERT INTO none DEFAULT VALUES; INSERT INTO none DEFAULT VALUES;
    CREATE TABLE par (id integer, a integer); CREATE TABLE kid (extra text) INHERITS (par); INSERT INTO par VALUES (1, 1); INSERT INTO kid VALUES (2, 1, 'kept')`);
  const before = await databaseFacts(w.postgres);
  const targets = [
    broken("range", "heap", ["b"], "t.a IS DISTINCT FROM 'y'", { key: [] }),
    broken("range", "always", ["a"], "t.a <> 2"),
    broken("range", "parts", ["id"], "t.id = 2"),
    broken("range", "none", ["x"], "true", { key: [] }),
    broken("range", "par", ["a"], "true", { key: [] }),
  ];
  const { run, steps } = await w.fix(targets);
  expect(steps.map(({ changed, state }) => [state, changed])).toEqual([
    ["done", 5],
    ["done", 2],
    ["done", 3],
    ["done", 2],
    ["done", 1],
  ]);
  expect(await w.sql("SELECT id FROM leads ORDER BY id")).toEqual([{ id: 2 }, { id: 3 }]);
  expect(await w.undo(run)).toMatchObject({ rows: 13, conflicts: [] });
  expect(await databaseFacts(w.postgres)).toEqual(before);
  const cleared = await w.fix(
    [
      broken("range", "heap", ["b"], "t.b = 1", { key: [] }),
      duplicates("heap", ["a"], { key: [] }),
    ],
    { strategy: "set-null" },
  );
  expect(await w.sql("SELECT a, b FROM heap ORDER BY a, b")).toEqual([
    { a: "x", b: null }, { a: "y", b: 2 }, ...Array.from({ length: 4 }, () => ({ a: null, b: null })),
  ]); // prettier-ignore
  expect(await w.undo(cleared.run)).toMatchObject({ rows: 5, conflicts: [] });
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("triggers of users do not fire, and are on as they were afterwards", async () => {
  await using w = await fixWorld(`
    CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE t (id integer PRIMARY KEY, p_id integer, touched timestamptz DEFAULT '2020-01-01', n integer) PARTITION BY RANGE (id);
    CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (100); CREATE TABLE log (what text);
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (TG_OP); IF TG_OP = 'DELETE' THEN RETURN NULL; END IF; NEW.touched = now(); RETURN NEW; END $$;
    INSERT INTO t VALUES (1, 9), (2, 8);
    CREATE TRIGGER a BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION touch(); CREATE TRIGGER b AFTER DELETE ON t_1 EXECUTE FUNCTION touch();
    CREATE TRIGGER c BEFORE DELETE ON t_1 FOR EACH ROW EXECUTE FUNCTION touch(); CREATE TRIGGER d BEFORE DELETE ON t_1 FOR EACH ROW EXECUTE FUNCTION touch();
    ALTER TABLE t_1 ENABLE ALWAYS TRIGGER c; ALTER TABLE t_1 DISABLE TRIGGER d; ALTER TABLE t_1 ENABLE REPLICA TRIGGER b`);
  const before = await databaseFacts(w.postgres);
  const target = orphans("t", ["p_id"], { table: "p", columns: ["id"] });
  for (const strategy of ["quarantine", "set-null"] as const) {
    const { run, steps } = await w.fix([target], { strategy });
    expect(steps).toMatchObject([{ state: "done", changed: 2 }]);
    expect((await databaseFacts(w.postgres)).schema).toEqual(before.schema);
    expect(await w.undo(run)).toMatchObject({ rows: 2, conflicts: [] });
    expect(await databaseFacts(w.postgres)).toEqual(before);
  }
});

test("a rule or a policy that keeps rows makes the step fail, and nothing is lost", async () => {
  await using w =
    await fixWorld(`CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1), (2);
    CREATE RULE keep AS ON DELETE TO t WHERE old.id = 1 DO INSTEAD NOTHING`);
  const { steps } = await w.fix([broken("range", "t", ["id"], "true")]);
  expect(steps).toMatchObject([{ state: "failed", changed: 0 }]);
  expect(await w.sql("SELECT id FROM t ORDER BY id")).toEqual([{ id: 1 }, { id: 2 }]);
  expect(await w.sql(`SELECT * FROM ${quarantineTable}`)).toEqual([]);
});

test("clear text is encrypted in place and is nowhere else, a blind index is computed anew, and undo decrypts", async () => {
  const keyring = parseKeyring(randomBytes(32).toString("base64"));
  const registry = parseRegistry(
    `tables: { people: { columns: [{ name: id, type: integer, pk: true }, { name: tax, type: text, encrypted: { blind_index: true } }] } }`,
    { file: "people.yml" },
  );
  const cipher = keyring.cipherOf({ table: "people", column: "tax" });
  const options = { normalize: "none", bits: 256 } as const;
  await using w = await fixWorld(
    `CREATE TABLE people (id integer PRIMARY KEY, tax text, tax_bidx text);
    INSERT INTO people VALUES (1, 'DE-secret-1', NULL), (2, 'DE-secret-2', 'x'), (3, '${cipher.encrypt("DE-3")}', 'wrong'), (4, NULL, NULL);
    INSERT INTO people SELECT n, 'many-secret-' || n FROM generate_series(10, 2500) n`,
    { registry, keyring },
  );
  const before = await databaseFacts(w.postgres);
  const { run, steps } = await w.fix([
    broken("blind_index", "people", ["tax_bidx"], "t.tax_bidx = 'wrong'"),
    broken("clear_text", "people", ["tax"], "t.tax NOT LIKE 'ctb1.%'"),
  ]);
  expect(steps.map(({ finding, state, changed }) => [finding.kind, state, changed])).toEqual([
    ["clear_text", "done", 2493],
    ["blind_index", "done", 1],
  ]);
  const rows = await w.sql("SELECT id, tax, tax_bidx FROM people WHERE id < 10 ORDER BY id");
  const index = String(
    registry.tables.get("people")?.columns.get("tax")?.encryption?.blindIndex?.bits,
  );
  expect(index).toMatch(/\d/);
  expect(rows.map(({ tax }) => (typeof tax === "string" ? cipher.decrypt(tax) : null))).toEqual([
    "DE-secret-1",
    "DE-secret-2",
    "DE-3",
    null,
  ]);
  const blind = {
    ...options,
    ...registry.tables.get("people")?.columns.get("tax")?.encryption?.blindIndex,
  };
  expect(rows.map(({ tax_bidx: value }) => value)).toEqual([
    ...["DE-secret-1", "DE-secret-2", "DE-3"].map((text) => cipher.blindIndex(text, blind)),
    null,
  ]);
  expect(
    await w.sql("SELECT q::text FROM ctb_data.quarantine q WHERE q::text LIKE '%secret%'"),
  ).toEqual([]);
  expect(await w.undo(run)).toMatchObject({ rows: 2494, conflicts: [] });
  expect(await databaseFacts(w.postgres)).toEqual(before);
});

test("a row with clear text in another column is not kept before that is encrypted", async () => {
  const keyring = parseKeyring(randomBytes(32).toString("base64"));
  const registry = parseRegistry(
    `tables: { people: { columns: [{ name: id, type: integer, pk: true }, { name: up, type: integer, references: { table: people, on_delete: cascade } }, { name: tax, type: text, encrypted: true }] } }`,
    { file: "people.yml" },
  );
  const sql = `CREATE TABLE people (id integer PRIMARY KEY, up integer REFERENCES people ON DELETE CASCADE, tax text);
    INSERT INTO people VALUES (1, NULL, NULL), (2, 1, 'DE-secret')`;
  const bad = broken("range", "people", ["id"], "t.id = 1");
  await using w = await fixWorld(sql, { registry, keyring });
  const before = await databaseFacts(w.postgres);
  const { steps } = await w.fix([bad]);
  expect(steps).toMatchObject([{ state: "failed", changed: 0 }]);
  expect(steps[0]?.reason).toContain("fix clear_text:people.tax first");
  expect(await databaseFacts(w.postgres)).toEqual(before);
  expect(await w.sql(`SELECT * FROM ${quarantineTable}`)).toEqual([]);
  const both = await w.fix([
    bad,
    broken("clear_text", "people", ["tax"], "t.tax NOT LIKE 'ctb1.%'"),
  ]);
  expect(both.steps.map(({ finding, changed }) => [finding.kind, changed])).toEqual([
    ["clear_text", 1],
    ["range", 2],
  ]);
  expect(await w.sql("SELECT FROM ctb_data.quarantine q WHERE q::text LIKE '%secret%'")).toEqual(
    [],
  );
  expect(await w.undo(both.run)).toMatchObject({ rows: 3, conflicts: [] });
  expect(await databaseFacts(w.postgres)).toEqual(before);
});
