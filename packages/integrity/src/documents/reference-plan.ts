import { quoteIdentifier } from "@ctb-data/postgres";
import type { ForeignKey, Registry, Table } from "@ctb-data/registry";
import { danglingDocument, type DocumentSubject } from "./document-subject.ts";
import { keyMatchOf, relationOf, type KeyMatch } from "./key-match.ts";
import type { LiveColumns } from "./live-columns.ts";

/** A foreign key whose columns are fields of documents. */
export interface ReferencePlan {
  readonly subject: DocumentSubject;
  readonly fields: readonly string[];
  readonly columns: readonly string[];
  /** Where the row would be. Undefined where there is no such table to look into. */
  readonly rows: { readonly sql: string; readonly keys: readonly KeyMatch[] } | undefined;
  /** The collection in which its document would be, by the key. */
  readonly collection: string | undefined;
}

/** The references of a table's documents, and what cannot be followed. */
export function referencePlansOf(
  table: Table,
  registry: Registry,
  live: ReadonlyMap<string, LiveColumns> | undefined,
): { readonly plans: readonly ReferencePlan[]; readonly notChecked: readonly string[] } {
  const plans: ReferencePlan[] = [];
  const notChecked: string[] = [];
  for (const key of table.foreignKeys) {
    const plan = planOf(key, table, { registry, live });
    if (plan === undefined) continue;
    if (plan.rows !== undefined || plan.collection !== undefined) plans.push(plan);
    else
      notChecked.push(
        `Whether ${table.firestore?.collection ?? table.name}.${plan.fields.join(", ")} leads somewhere was not checked: ${key.referencedTable} cannot be looked into.`,
      );
  }
  return { plans, notChecked };
}

interface Known {
  readonly registry: Registry;
  readonly live: ReadonlyMap<string, LiveColumns> | undefined;
}

function planOf(
  key: ForeignKey,
  table: Table,
  { registry, live }: Known,
): ReferencePlan | undefined {
  const { columns, referencedTable } = key;
  const mapping = table.firestore;
  const fields = columns.map((column) =>
    [...(mapping?.fields.values() ?? [])].find((field) => field.column === column),
  );
  // Encrypted ones are no keys.
  const isClear = columns.every((name) => table.columns.get(name)?.encryption === undefined);
  if (mapping === undefined || fields.includes(undefined) || !isClear) return undefined;
  const names = fields.flatMap((field) => field?.name ?? []);
  const rows = rowsOf(key, registry.schema, live?.get(referencedTable));
  const collection = collectionOf(key, registry);
  const subject = danglingDocument({
    collection: mapping.collection,
    table: table.name,
    fields: names,
    columns,
    leadsTo: referencedTable,
    to: {
      ...(rows !== undefined && { table: referencedTable }),
      ...(collection !== undefined && { collection }),
    },
  });
  return { subject, fields: names, columns, rows, collection };
}

function rowsOf(
  { referencedTable, referencedColumns }: ForeignKey,
  schema: string,
  live: LiveColumns | undefined,
): ReferencePlan["rows"] {
  const types = referencedColumns.map((name) => live?.get(name));
  if (types.includes(undefined)) return undefined;
  const keys = types.map((type) => keyMatchOf(type ?? ""));
  const given = keys.map((_, index) => `$${index + 1}::pg_catalog.text[]`);
  const names = keys.map((_, index) => `k${index}`);
  const matches = keys.map(({ matches: by }, index) =>
    by(`t.${quoteIdentifier(referencedColumns[index] ?? "")}`, `k.k${index}`),
  );
  return {
    keys,
    sql: `SELECT (k.place - 1)::pg_catalog.int4 AS place FROM unnest(${given.join(", ")}) WITH ORDINALITY AS k(${names.join(", ")}, place) WHERE EXISTS (SELECT FROM ${relationOf(schema, referencedTable)} AS t WHERE ${matches.join(" AND ")})`,
  };
}

function collectionOf(
  { referencedTable, referencedColumns }: ForeignKey,
  registry: Registry,
): string | undefined {
  const mapping = registry.tables.get(referencedTable)?.firestore;
  if (referencedColumns.length !== 1 || referencedColumns[0] !== mapping?.idColumn)
    return undefined;
  return mapping?.collection;
}
