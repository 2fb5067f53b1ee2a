import { expect, test } from "vitest";
import { expressionName } from "./expression-name.ts";
import { parseRegistry } from "./index.ts";
import { indexColumnNames, makeObjectName, nameBytes } from "./object-names.ts";
import { readSql } from "./sql-expression.ts";

test("names are cut at 63 bytes, the longer part first, and never inside of a character", () => {
  expect(makeObjectName("clients", "email", "key")).toBe("clients_email_key");
  expect(makeObjectName("t".repeat(63), undefined, "pkey")).toBe(`${"t".repeat(58)}_pkey`);
  expect(makeObjectName("t".repeat(40), "c".repeat(40), "fkey")).toBe(
    `${"t".repeat(29)}_${"c".repeat(28)}_fkey`,
  );
  expect(makeObjectName("é".repeat(31), "c", "check")).toBe(`${"é".repeat(27)}_c_check`);
  expect(nameBytes(makeObjectName("é".repeat(31), "ü".repeat(31), "idx"))).toBeLessThanOrEqual(63);
});

test("constraints and indexes get the names that PostgreSQL gives them", () => {
  const registry = parseRegistry(`
tables:
  people:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: email, type: text, unique: true, check: length(email) > 3 }
      - { name: boss_id, type: integer, references: people.id, check: boss_id <> id }
      - { name: born, type: date }
    unique: [[born, email]]
    checks: ["born > '1900-01-01'", "born < '2100-01-01'", "true"]
    indexes: [born, [boss_id, born], lower(email), "(lower(email) || 'x')", { columns: [born], include: [email] }, { columns: [lower(email), lower(email)] }, born]
`);
  const table = registry.tables.get("people");
  expect(table?.primaryKey?.name).toBe("people_pkey");
  expect(table?.uniques.map(({ name }) => name)).toEqual([
    "people_email_key",
    "people_born_email_key",
  ]);
  expect(table?.checks.map(({ name }) => name)).toEqual([
    "people_email_check",
    "people_check",
    "people_born_check",
    "people_born_check1",
    "people_check1",
  ]);
  expect(table?.foreignKeys.map(({ name }) => name)).toEqual(["people_boss_id_fkey"]);
  expect(table?.indexes.map(({ name }) => name)).toEqual([
    "people_born_idx",
    "people_boss_id_born_idx",
    "people_lower_idx",
    "people_expr_idx",
    "people_born_email_idx",
    "people_lower_lower1_idx",
    "people_born_idx1",
  ]);
});

test("a made-up name avoids tables, sequences and names that the file gives", () => {
  const registry = parseRegistry(`
tables:
  a:
    columns: [{ name: id, type: serial, pk: true }, { name: b, type: text, unique: true }]
    indexes: [{ columns: b, name: a_b_key }]
  a_pkey: { columns: [{ name: x, type: text }] }
  a_b: { columns: [{ name: idx, type: text, unique: true }] }
`);
  expect(registry.tables.get("a")?.primaryKey?.name).toBe("a_pkey1");
  expect(registry.tables.get("a")?.uniques[0]?.name).toBe("a_b_key1");
});

test("a part that comes again gets a number", () => {
  expect(indexColumnNames(["expr", "a", "expr", "expr"])).toEqual(["expr", "a", "expr1", "expr2"]);
  expect(indexColumnNames(["x".repeat(63), "x".repeat(63)])).toEqual([
    "x".repeat(63),
    `${"x".repeat(62)}1`,
  ]);
});

// Each was compared with what PostgreSQL 18.4 calls an index on it.
test.each([
  ["lower(email)", "lower"],
  ["((LOWER(email)))", "lower"],
  ["pg_catalog.lower(b)", "lower"],
  ['"O d"', "O d"],
  ["b || 'x'", "expr"],
  ["lower(a) || lower(b)", "expr"],
  ["b::varchar", "b"],
  ["i::bigint::text", "i"],
  ["(j->>'n')::int", "int4"],
  ["(j->>'n')::numeric(10,2)", "numeric"],
  ["(j->>'n')::character varying(10)", "varchar"],
  ["(j->>'d')::double precision", "float8"],
  ["(j->>'d')::timestamp with time zone", "timestamptz"],
  ["(j ->> 'x')::pg_catalog.int4", "int4"],
  ["cast(j->>'n' as bigint)", "int8"],
  ["cast(i as bigint)", "i"],
  ["j->>'n'", "expr"],
  ["coalesce(b, 'x')", "coalesce"],
  ["case when i > 1 then 1 else 2 end", "case"],
  ["case when i > 1 then 'x' else b end", "b"],
  ["case when i > 1 then lower(b) else upper(b) end", "upper"],
  ["case when f then null else null end", "case"],
  ["trim(b)", "btrim"],
  ["trim(leading from b)", "ltrim"],
  ["extract(year from t)", "extract"],
  ["t at time zone 'utc'", "timezone"],
  ['lower(b) collate "C"', "lower"],
  ["array[i, 1]", "array"],
  ["a[1]", "a"],
  ["i is null", "expr"],
  ["not f", "expr"],
  ["b like 'x%'", "expr"],
])("an index on %s is called %s", (sql, name) => {
  const read = readSql(sql);
  expect("tokens" in read ? expressionName(read.tokens) : read.fault).toBe(name);
});

test("two unique constraints over the same columns are one, and none stands beside the primary key", () => {
  const table = parseRegistry(`
tables:
  t:
    columns: [{ name: id, type: integer, pk: true, unique: true }, { name: a, type: text, unique: true }]
    unique: [{ columns: a, name: mine }, { columns: [id], name: kept }]
`).tables.get("t");
  expect(table?.uniques.map(({ name }) => name)).toEqual(["mine", "kept"]);
});

test("thousands of constraints of one name are numbered in no time, names that are cut too", () => {
  const [table, column] = ["t".repeat(63), "c".repeat(60)];
  const registry = parseRegistry(
    `tables:\n  ${table}:\n    columns: [{ name: ${column}, type: text }]\n    checks:\n${`      - ${column} <> ''\n`.repeat(20_000)}`,
  );
  const names = registry.tables.get(table)?.checks.map(({ name }) => name) ?? [];
  expect(new Set(names).size).toBe(20_000);
  expect(names[0]).toBe(`${"t".repeat(28)}_${"c".repeat(28)}_check`);
  expect(names[19_999]).toBe(`${"t".repeat(26)}_${"c".repeat(25)}_check19999`);
});

function nameOf(sql: string): string {
  const read = readSql(sql);
  return "tokens" in read ? expressionName(read.tokens) : read.fault;
}

test("an index expression may be in thousands of brackets and casts", () => {
  expect(nameOf(`${"(".repeat(4000)}lower(a)${")".repeat(4000)}`)).toBe("lower");
  expect(nameOf(`('x')${"::text".repeat(1500)}::date`)).toBe("date");
  expect(nameOf("(a) || (b)")).toBe("expr");
  expect(nameOf("((lower((a))))::text::date")).toBe("lower");
});
