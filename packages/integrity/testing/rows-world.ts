import {
  openPostgres,
  quoteIdentifier,
  type Catalog,
  type Connection,
  type Postgres,
} from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import { keysOf } from "../src/rows/keys-of.ts";
import { prepareScan } from "../src/rows/prepare-scan.ts";
import { referencesOf } from "../src/rows/references-of.ts";
import type { RowRule, TableScan } from "../src/rows/row-rule.ts";
import { scanKeys } from "../src/rows/scan-keys.ts";
import { scanTable, sendKeys } from "../src/rows/scan-table.ts";
import { withSnapshot } from "../src/rows/with-snapshot.ts";

/** A database of its own, and what is asked of it. */
export interface RowsWorld extends AsyncDisposable {
  readonly url: string;
  readonly db: Postgres;
  run(...statements: readonly string[]): Promise<void>;
  /** The references and keys of the registry and the database, in the live tables of the schema. */
  scans(options?: {
    readonly registry?: string;
    readonly rules?: Readonly<Record<string, readonly RowRule[]>>;
  }): Promise<readonly TableScan[]>;
  readonly notChecked: string[];
}

/** Runs statements in an empty database. */
export async function rowsWorld(...statements: readonly string[]): Promise<RowsWorld> {
  const database = await createTestDatabase();
  const db = await openPostgres({ url: database.url });
  const notChecked: string[] = [];
  const run = async (...list: readonly string[]): Promise<void> => {
    for (const sql of list) await db.query(sql);
  };
  await run(...statements);
  return {
    url: database.url,
    db,
    run,
    notChecked,
    scans: async ({ registry = "tables: {}", rules = {} } = {}) => {
      const parsed = parseRegistry(registry);
      const catalog = await db.readCatalog({ schemas: [parsed.schema] });
      return scansOf({ registry: parsed, catalog, rules, notChecked });
    },
    [Symbol.asyncDispose]: async () => {
      await db.close();
      await database.drop();
    },
  };
}

function scansOf({
  registry,
  catalog,
  rules,
  notChecked,
}: {
  readonly registry: Registry;
  readonly catalog: Catalog;
  readonly rules: Readonly<Record<string, readonly RowRule[]>>;
  readonly notChecked: string[];
}): readonly TableScan[] {
  const references = referencesOf(registry, catalog);
  const keys = keysOf(registry, catalog);
  notChecked.push(...references.notChecked, ...keys.notChecked);
  return catalog.tables.map((table) => ({
    table: `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`,
    name: table.name,
    key: table.primaryKey?.columns ?? [],
    estimatedRows: table.estimatedRows,
    rules: rules[table.name] ?? [],
    references: references.tables.get(table.name) ?? [],
    keys: keys.tables.get(table.name) ?? [],
  }));
}

/** For each finding the keys of its rows, sorted: `{ "orphan:orders(a)->b(id)": ["1", "2"] }`. */
export type Found = Readonly<Record<string, readonly string[]>>;

/** All that scans find, by one session. */
export async function foundBy(
  world: RowsWorld,
  scans: readonly TableScan[],
  options: { readonly connection?: Connection } = {},
): Promise<Found> {
  const found: Record<string, string[]> = {};
  const onNotChecked = (sentence: string): number => world.notChecked.push(sentence);
  const look = async (connection: Connection): Promise<void> => {
    for (const scan of scans) {
      const plan = await prepareScan(connection, scan, { onNotChecked });
      if (!plan) throw new Error(`There is no table ${scan.table}.`);
      await sendKeys(connection, plan);
      for await (const violations of scanTable(connection, plan))
        for (const { broken, key } of violations)
          for (const { subject } of broken) (found[subject.id] ??= []).push(textOf(key));
      for await (const { subject, key, kept } of scanKeys(connection, scan, { onNotChecked }))
        (found[subject.id] ??= []).push(`${textOf(key)} for ${textOf(kept.key)}`);
    }
  };
  if (options.connection) await look(options.connection);
  else await withSnapshot(world.db, { connections: 1 }, async ({ connections: [first] }) => {
    if (first) await look(first);
  }); // prettier-ignore
  return Object.fromEntries(Object.entries(found).map(([id, keys]) => [id, keys.toSorted()]));
}

function textOf(key: Readonly<Record<string, string | null>>): string {
  return Object.values(key).join("/");
}
