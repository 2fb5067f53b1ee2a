import { parseKeyring } from "@ctb-data/models";
import { openPostgres, schemaSql } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import type { Registry } from "@ctb-data/registry";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomRulesRegistry, runs } from "../../testing/random-rules-registry.ts";
import { fixturesFor } from "./fixtures-for.ts";
import { referencesOf } from "./references.ts";

const keyring = parseKeyring("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdee");

/** Tables, those that others need first. */
function inOrder(registry: Registry): readonly string[] {
  const references = referencesOf(registry);
  const done = new Set<string>();
  const add = (name: string): void => {
    for (const { key, from } of references.get(name) ?? []) if (from === "parent") add(key.referencedTable);
    done.add(name);
  }; // prettier-ignore
  for (const name of registry.tables.keys()) add(name);
  return [...done];
}

async function withDatabase(
  registry: Registry,
  run: (db: Awaited<ReturnType<typeof openPostgres>>) => Promise<void>,
): Promise<void> {
  await using database = await createTestDatabase();
  await using db = await openPostgres({ url: database.url, registry, keyring, poolSize: 2 });
  await db.withConnection(async (connection) => await connection.query(`DO $do$ BEGIN ${schemaSql(registry)} END $do$`)); // prettier-ignore
  await run(db);
}

const sorted = (rows: readonly object[]): readonly string[] =>
  rows.map((row) => shown(row)).toSorted();

/** A row in which every value is told from every other. */
function shown(row: object): string {
  return JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)), (_key, value: unknown) => {
    if (typeof value === "bigint") return `${value}n`;
    if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }
    return typeof value === "number" && !Number.isFinite(value) ? `number ${value}` : value;
  });
} // prettier-ignore

describe("what factories make of random registries", () => {
  test("PostgreSQL takes, row n referring to row n, and gives back as it was made", { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(randomRulesRegistry, fc.integer(), async (registry, seed) => {
        const fixtures = fixturesFor(registry, { seed, keyring });
        await withDatabase(registry, async (db) => {
          for (const name of inOrder(registry)) {
            const factory = fixtures.table(name);
            const isTiny = registry.tables.get(name)?.columns.get("id")?.type.kind === "enum";
            const made = factory.many(isTiny ? 3 : 50);
            await db.copyIn(name, made);
            const back = await db.table(name).find({});
            expect(sorted(back.map((row) => withoutBlind(registry, name, row)))).toEqual(sorted(made));
          }
        });
      }),
      runs,
    );
  }); // prettier-ignore

  test("PostgreSQL takes at every edge, with all that they refer to", { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(randomRulesRegistry, fc.integer(), async (registry, seed) => {
        const fixtures = fixturesFor(registry, { seed, keyring });
        await withDatabase(registry, async (db) => {
          for (const name of inOrder(registry)) {
            const isTiny = registry.tables.get(name)?.columns.get("id")?.type.kind === "enum";
            const factory = fixtures.table(name);
            const created = isTiny ? [await factory.create(db)] : await factory.createEdges(db);
            for (const row of created) expect(factory.make(withoutKeys(registry, name, row))).toBeDefined();
          }
        });
      }),
      runs,
    );
  }); // prettier-ignore
});

function withoutBlind(registry: Registry, name: string, row: object): object {
  const columns = registry.tables.get(name)?.columns;
  return Object.fromEntries(Object.entries(row).filter(([column]) => columns?.get(column)?.blindIndexOf === undefined)); // prettier-ignore
}

/** What came back is valid as an input again; keys are left to the factory. */
function withoutKeys(registry: Registry, name: string, row: object): object {
  const table = registry.tables.get(name);
  const keys = new Set([...(table?.primaryKey?.columns ?? []), ...(table?.uniques.flatMap(({ columns }) => columns) ?? [])]); // prettier-ignore
  return Object.fromEntries(Object.entries(row).filter(([column]) => !keys.has(column)));
}
