import type { Registry, Table } from "@ctb-data/registry";
import { encryptedFieldsOf } from "./cipher-problem.ts";
import { CollectionJudge } from "./collection-judge.ts";
import type { DocumentStores } from "./document-stores.ts";
import type { LiveColumns } from "./live-columns.ts";
import { PairComparison } from "./pair-comparison.ts";
import { referencePlansOf, type ReferencePlan } from "./reference-plan.ts";
import { RowSource } from "./row-source.ts";

/** What is known of the live database before documents are read. */
export interface LiveRows {
  readonly columns: ReadonlyMap<string, LiveColumns>;
  /** Of the server: `UTF8`. */
  readonly encoding: string;
}

/** All that is to be looked for in one collection. */
export interface CollectionScan {
  readonly judge: CollectionJudge;
  readonly references: readonly ReferencePlan[];
  /** What cannot be: full sentences. */
  readonly notChecked: readonly string[];
}

/** The collections that the registry knows: of some tables, or all. */
export function wantedCollections(
  registry: Registry,
  tables: readonly string[] | undefined,
): readonly { readonly collection: string; readonly table: Table | undefined }[] {
  const ofTables = [...registry.tables.values()].flatMap((table) =>
    table.firestore !== undefined && (tables === undefined || tables.includes(table.name))
      ? [{ collection: table.firestore.collection, table }]
      : [],
  );
  const others = tables === undefined ? [...registry.collections.keys()] : [];
  return [...ofTables, ...others.map((collection) => ({ collection, table: undefined }))];
}

export function collectionScanOf(
  { collection, table }: { readonly collection: string; readonly table: Table | undefined },
  stores: DocumentStores,
  live: LiveRows | undefined,
): CollectionScan {
  const { firestore, keyring, registry } = stores;
  const inspector = firestore.inspector(collection);
  const mapping = table?.firestore;
  if (table === undefined || mapping === undefined) {
    const judge = new CollectionJudge({
      inspector,
      table,
      rows: undefined,
      encrypted: new Map(),
      keyIds: undefined,
    });
    return { judge, references: [], notChecked: [] };
  }
  const { plans, notChecked } = referencePlansOf(table, registry, live?.columns);
  const rows = live === undefined ? undefined : pairingOf(table, stores, live);
  const judge = new CollectionJudge({
    inspector,
    table,
    rows: rows?.pairing,
    encrypted: encryptedFieldsOf(table, mapping),
    keyIds: keyring?.keyIds,
  });
  return { judge, references: plans, notChecked: [...(rows?.notChecked ?? []), ...notChecked] };
}

function pairingOf(
  table: Table,
  { registry, keyring, firestore }: DocumentStores,
  live: LiveRows,
): Pick<CollectionScan, "notChecked"> & { readonly pairing?: CollectionJudge["rows"] } {
  const mapping = table.firestore;
  const columns = live.columns.get(table.name);
  if (mapping === undefined) return { notChecked: [] };
  const { collection, idColumn } = mapping;
  const without = (why: string): Pick<CollectionScan, "notChecked"> => ({
    notChecked: [`The documents of ${collection} were not compared with rows: ${why}.`],
  });
  if (columns === undefined) return without(`the database has no table ${table.name}`);
  if (!columns.has(idColumn))
    return without(`${table.name} has no column ${idColumn}, which their ids are`);
  const { encoding } = live;
  const source = new RowSource({
    schema: registry.schema,
    table,
    mapping,
    live: columns,
    encoding,
  });
  const comparison = new PairComparison(table, mapping, {
    columns: source.columns,
    keyring,
    types: firestore.types,
  });
  return {
    pairing: { source, comparison },
    notChecked: fieldsNotCompared(table, columns, keyring === undefined),
  };
}

function fieldsNotCompared(
  table: Table,
  live: LiveColumns,
  hasNoKeyring: boolean,
): readonly string[] {
  const mapping = table.firestore;
  return [...(mapping?.fields.values() ?? [])].flatMap(({ name, column: of }) => {
    const column = of === undefined ? undefined : table.columns.get(of);
    if (column === undefined || of === mapping?.idColumn) return [];
    const field = `${mapping?.collection ?? table.name}.${name}`;
    if (!live.has(column.name))
      return [
        `${field} was not compared with rows: the table ${table.name} has no column ${column.name}.`,
      ];
    return column.encryption !== undefined && hasNoKeyring
      ? [`${field} was not compared with rows: it is encrypted, and there is no keyring.`]
      : [];
  });
}
