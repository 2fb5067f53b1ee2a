import { randomBytes } from "node:crypto";
import { jsonNull, modelOf, parseKeyring, type AnyValue, type ModelValue } from "@ctb-data/models";
import { openPostgres, quoteIdentifier, schemaSql, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry, type Registry, type Table } from "@ctb-data/registry";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runRules } from "../../testing/rules-run.ts";
import type { FindingKind } from "../finding.ts";
import { columnRules, type ColumnRulesOptions } from "./column-rules.ts";

const runs = { numRuns: process.env["SLOW"] === undefined ? 10 : 100 };
const keyring = parseKeyring(randomBytes(32).toString("hex"));

const text = fc
  .string({ unit: "binary", maxLength: 8 })
  .map((value) => value.replaceAll(/\0|\p{Surrogate}/gu, ""));
// SQL's NULL and the JSON value null are two things.
const json = fc
  .oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(null, -0, 1e300, {}, []))
  .map((value) => (value === null ? jsonNull : value));
const date = fc.constantFrom(
  "infinity",
  "-infinity",
  "4714-11-24 BC",
  "0001-01-01 BC",
  "2024-02-29",
  "5874897-12-31",
);
const time = fc.constantFrom(
  "infinity",
  "0044-03-15T12:00:00Z BC",
  "2026-01-31T04:05:06.789012Z",
  "1969-12-31T23:59:59Z",
);
const number = fc.constantFrom(
  "NaN",
  "Infinity",
  "-Infinity",
  "-0",
  "0.10",
  "1e-20",
  "123456789012345678901234567890.5",
);

/** A column, values that it may have, and what a change in SQL makes of one that it may not. */
type Spec = readonly [
  column: Readonly<Record<string, unknown>>,
  values: fc.Arbitrary<unknown>,
  bad?: readonly [kind: FindingKind, sql: string],
];

const specs: readonly Spec[] = [
  [{ type: "smallint" }, fc.constantFrom(-32_768, 0, 32_767)],
  [{ type: "integer", min: -5, max: 7 }, fc.integer({ min: -5, max: 7 }), ["range", "8"]],
  [{ type: "bigint" }, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  [{ type: "numeric" }, number],
  [{ type: "numeric", max: 0 }, fc.constantFrom("-Infinity", "-0.5", "0"), ["range", "'NaN'"]],
  [{ type: "numeric(6,2)", min: 0 }, fc.constantFrom("0", "9999.99", "NaN"), ["range", "-0.01"]],
  [{ type: "real" }, fc.float()],
  [{ type: "double precision", min: -1 }, fc.double({ min: -1 }), ["range", "'-Infinity'"]],
  [{ type: "boolean" }, fc.boolean()],
  [{ type: "text" }, text],
  [{ type: "varchar(8)", min: 1 }, text.filter((value) => value !== ""), ["length", "''"]],
  [{ type: "char(4)" }, fc.constantFrom("", "a", "🌍🌍🌍🌍", "ab  ")],
  [{ type: "text", pattern: "^[a-c]+$" }, fc.stringMatching(/^[a-c]+$/), ["pattern", "'d'"]],
  [{ type: "text", pattern: "^\\p{L}*$" }, fc.constantFrom("", "é", "漢字"), ["pattern", "'1'"]],
  [
    { type: "text", format: "email" },
    fc.constantFrom("a@b.co", "O'neil.x+1@a-b.example"),
    ["format", "'a@b'"],
  ],
  [
    { type: "text", enum: ["a", "it's", "\\"] },
    fc.constantFrom("a", "it's", "\\"),
    ["enum", "'A'"],
  ],
  [{ type: "uuid" }, fc.uuid()],
  [{ type: "date" }, date],
  [{ type: "time(3)" }, fc.constantFrom("24:00:00", "00:00:00.001")],
  [{ type: "timestamp" }, time.map((value) => value.replace("Z", ""))],
  [{ type: "timestamptz" }, time],
  [{ type: "interval" }, fc.constantFrom("infinity", "1 year -2 days 03:04:05.000006", "00:00:00")],
  [{ type: "json" }, json],
  [{ type: "jsonb" }, json, ["invalid_value", "(repeat('[', 2500) || repeat(']', 2500))::jsonb"]],
  [{ type: "bytea" }, fc.uint8Array({ maxLength: 9 })],
  [{ type: "inet" }, fc.constantFrom("10.0.0.0/8", "::", "2001:db8::1")],
  [{ type: "mood" }, fc.constantFrom("so so", "NULL", "it's")],
  [{ type: "mood[]" }, fc.array(fc.constantFrom("so so", "NULL", null))],
  [
    { type: "text[]", max: 4 },
    fc.array(fc.constantFrom("abc", "", null, "NULL", "{")),
    ["length", "'{abcde}'"],
  ],
  [
    { type: "integer[]" },
    fc.constantFrom(
      [],
      [
        [1, null],
        [2, 3],
      ],
      [null],
    ),
    ["invalid_value", "'[0:1]={1,2}'"],
  ],
  [
    { type: "numeric(3,1)[]", min: 0 },
    fc.array(fc.constantFrom("NaN", "99.9", null)),
    ["range", "'{{1},{-1}}'"],
  ],
  [
    { type: "jsonb[]" },
    fc.array(json, { maxLength: 3 }),
    ["invalid_value", "ARRAY[['1','2']]::jsonb[]"],
  ],
  [{ type: "timestamptz[]" }, fc.array(time, { maxLength: 3 })],
  [
    { type: "text", max: 4, encrypted: true },
    text.filter((value) => value.length <= 4),
    ["clear_text", "'abc'"],
  ],
  [
    { type: "bigint", encrypted: { blind_index: true } },
    fc.bigInt({ min: 0n, max: 9n }),
    ["undecryptable", `'ctb1.${keyring.keyIds[0] ?? ""}.${"A".repeat(40)}'`],
  ],
  [
    { type: "date[]", encrypted: true },
    fc.array(date),
    ["unknown_key", `'ctb1.00000000.${"A".repeat(40)}'`],
  ],
];

const names = ["we ird", 'quo"te', "select", "constructor", "größe", "value", "element", "t", "Id"];

interface Plan {
  readonly columns: readonly (readonly [name: string, spec: Spec])[];
  readonly rows: readonly (readonly unknown[])[];
  readonly required: boolean;
}

const plan: fc.Arbitrary<Plan> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...specs)), {
    selector: ([name]) => name,
    minLength: 1,
  })
  .chain((columns) =>
    fc.boolean().chain((required) => {
      const value = ([, [, values]]: (typeof columns)[number]) =>
        required ? values : fc.option(values, { freq: 5 });
      return fc
        .array(fc.tuple(...columns.map(value)), { minLength: 3, maxLength: 6 })
        .map((rows) => ({ columns, rows, required }));
    }),
  );

function registryOf({ columns, required }: Plan): Registry {
  const list = columns.map(([name, [column]]) => ({ ...column, name, nullable: !required }));
  return parseRegistry(
    JSON.stringify({
      enums: { mood: ["so so", "NULL", "it's"] },
      tables: {
        "Ta ble": { columns: [{ name: "id", type: "integer", primary_key: true }, ...list] },
      },
    }),
    { file: "random.yml" },
  );
}

/** The rows as the model takes them. */
function valuesOf(table: Table, { columns, rows }: Plan): readonly AnyValue[] {
  const model = modelOf(table, { keyring });
  return rows.map((row, index) => {
    const input: Record<string, unknown> = { id: index + 1 };
    for (const [at, [name]] of columns.entries()) input[name] = row[at];
    const value: Record<string, ModelValue> = { ...model.parse(input) };
    return value;
  });
}

async function optionsOf(postgres: Postgres, registry: Registry): Promise<ColumnRulesOptions> {
  const { tables, enums } = await postgres.readCatalog({ schemas: ["public"] });
  const live = tables.find(({ name }) => name === "Ta ble");
  if (live === undefined) throw new Error("no table");
  return { registry, table: registry.tables.get("Ta ble"), live, enums, keyring };
}

/** Changes the second row, and keeps all rows as they were in a table `before`. */
async function plant(
  postgres: Postgres,
  {
    column,
    sql,
    index,
  }: { readonly column: string; readonly sql: string; readonly index: string | undefined },
): Promise<void> {
  await postgres.query('CREATE TABLE before AS TABLE "Ta ble"');
  await postgres.query(`ALTER TABLE "Ta ble" ALTER COLUMN ${column} DROP NOT NULL`);
  await postgres.query(`UPDATE "Ta ble" SET ${column} = ${sql} WHERE id = 2`);
  if (index === undefined) return;
  // Beside a value that is not null stands an index.
  const blind = quoteIdentifier(index);
  await postgres.query(
    `UPDATE "Ta ble" SET ${blind} = '0123456789abcdef' WHERE id = 2 AND ${blind} IS NULL`,
  );
}

test("valid rows break no rule, and a planted violation breaks exactly its own", async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (planned) => {
      const registry = registryOf(planned);
      const table = registry.tables.get("Ta ble");
      if (table === undefined) throw new Error("no table");
      await using database = await createTestDatabase();
      await using postgres = await openPostgres({ url: database.url, registry, keyring });
      for (const statement of schemaSql(registry)
        .replaceAll(/^--.*$/gm, "")
        .split(";\n")
        .filter((part) => part.trim() !== ""))
        await postgres.query(statement);
      await postgres.copyIn("Ta ble", valuesOf(table, planned));
      const options = await optionsOf(postgres, registry);
      const rules = columnRules(options);
      expect(await runRules(postgres, '"Ta ble"', rules)).toStrictEqual({});
      expect(
        await runRules(
          postgres,
          '"Ta ble"',
          columnRules({ ...options, keyring: undefined, enums: undefined }),
        ),
      ).toStrictEqual({});
      for (const [name, [, , bad]] of planned.columns) {
        const plants = [bad, planned.required ? (["null", "NULL"] as const) : undefined];
        for (const [kind, sql] of plants.filter((one) => one !== undefined)) {
          const index = table.columns.get(name)?.encryption?.blindIndex?.column;
          await plant(postgres, { column: quoteIdentifier(name), sql, index });
          expect(await runRules(postgres, '"Ta ble"', rules)).toStrictEqual({
            [`${kind}:Ta ble.${name}`]: ["2"],
          });
          await postgres.query('TRUNCATE "Ta ble"');
          await postgres.query('INSERT INTO "Ta ble" TABLE before');
          await postgres.query("DROP TABLE before");
        }
      }
    }),
    { ...runs, endOnFailure: true },
  );
});
