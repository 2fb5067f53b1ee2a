import { quoteIdentifier, type Queryable } from "@ctb-data/postgres";
import type { ReferentialAction, Registry } from "@ctb-data/registry";

/** A reference that leads from one live table to another, declared by the database or by the registry alone. */
export interface LiveReference {
  /** Of the constraint, or of what the registry would call it. */
  readonly name: string;
  /** The oid of the referring table. */
  readonly table: number;
  /** Of a partition the oid of the table at the top, whose rows these are; the same as `table` otherwise. */
  readonly tableHome: number;
  readonly columns: readonly string[];
  readonly referenced: number;
  readonly referencedHome: number;
  readonly referencedColumns: readonly string[];
  /** The operator of each column: `referenced.id = referring.customer_id`. */
  readonly equals: readonly string[];
  readonly onDelete: ReferentialAction;
  readonly onUpdate: ReferentialAction;
  /** What ON DELETE SET NULL sets: all of `columns`, or those that the database lists. */
  readonly nulledOnDelete: readonly string[];
  /** The server itself acts when a referenced row goes. */
  readonly live: boolean;
  /** The server refuses rows that lead nowhere, and has looked at all rows: it is enforced, validated and switched on. */
  readonly keeps: boolean;
}

interface ForeignKeyRow {
  readonly name: string;
  readonly keeps: boolean;
  readonly table: number;
  readonly tableHome: number;
  readonly referenced: number;
  readonly referencedHome: number;
  readonly columns: readonly string[];
  readonly referencedColumns: readonly string[];
  readonly equals: readonly string[];
  readonly onDelete: string;
  readonly onUpdate: string;
  readonly nulledOnDelete: readonly string[] | null;
}

const namesOf = (relation: string, numbers: string): string =>
  `(SELECT array_agg(a.attname ORDER BY k.place) FROM unnest(${numbers}) WITH ORDINALITY k (number, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = ${relation} AND a.attnum = k.number)`;

const homeOf = (relation: string): string =>
  `COALESCE(pg_catalog.pg_partition_root(${relation})::pg_catalog.oid, ${relation})`;

/**
 * Rows with a parent belong to the reference of a partitioned table. A reference with PERIOD (PostgreSQL 18) is left out:
 * what it refers to is no row; the server refuses a deletion that would break it.
 */
const foreignKeysSql = `
SELECT o.conname AS name, o.conrelid AS table, o.confrelid AS referenced, ${homeOf("o.conrelid")} AS "tableHome", ${homeOf("o.confrelid")} AS "referencedHome",
  ${namesOf("o.conrelid", "o.conkey")} AS columns,
  ${namesOf("o.confrelid", "o.confkey")} AS "referencedColumns",
  (SELECT array_agg('OPERATOR(' || pg_catalog.quote_ident(n.nspname) || '.' || p.oprname || ')' ORDER BY k.place)
    FROM unnest(o.conpfeqop) WITH ORDINALITY k (operator, place)
    JOIN pg_catalog.pg_operator p ON p.oid = k.operator JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace) AS equals,
  o.convalidated AND COALESCE((pg_catalog.to_jsonb(o) ->> 'conenforced')::pg_catalog.bool, true)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgconstraint = o.oid AND g.tgenabled NOT IN ('O', 'A')) AS keeps,
  o.confdeltype::pg_catalog.text AS "onDelete", o.confupdtype::pg_catalog.text AS "onUpdate",
  (SELECT array_agg(a.attname) FROM pg_catalog.jsonb_array_elements_text(NULLIF(pg_catalog.to_jsonb(o) -> 'confdelsetcols', 'null')) e (number)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = e.number::pg_catalog.int2) AS "nulledOnDelete"
FROM pg_catalog.pg_constraint o
WHERE o.contype = 'f' AND o.conparentid = 0
  AND NOT COALESCE((pg_catalog.to_jsonb(o) ->> 'conperiod')::pg_catalog.bool, false)
ORDER BY o.oid`;

const actions: Readonly<Record<string, ReferentialAction>> = {
  a: "no action",
  r: "restrict",
  c: "cascade",
  n: "set null",
  d: "set default",
};

/** Every reference of the database, and those of the registry that the database does not have. */
export async function readReferences(
  db: Queryable,
  registry: Registry,
): Promise<readonly LiveReference[]> {
  const { rows } = await db.query<ForeignKeyRow>(foreignKeysSql);
  const live = rows.map((row) => ({
    ...row,
    onDelete: actions[row.onDelete] ?? ("no action" as const),
    onUpdate: actions[row.onUpdate] ?? ("no action" as const),
    nulledOnDelete: row.nulledOnDelete ?? row.columns,
    live: true,
  }));
  const known = new Set(live.map(pairsOf));
  const declared = (await registryReferences(db, registry)).filter(
    (reference) => !known.has(pairsOf(reference)),
  );
  return [...live, ...declared];
}

async function registryReferences(
  db: Queryable,
  registry: Registry,
): Promise<readonly LiveReference[]> {
  const { rows } = await db.query<{
    readonly oid: number;
    readonly home: number;
    readonly name: string;
    readonly columns: readonly string[];
  }>(
    `SELECT c.oid, ${homeOf("c.oid")} AS home, c.relname AS name, array_agg(a.attname) AS columns
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') GROUP BY c.oid, c.relname`,
    [registry.schema],
  );
  const tables = new Map(rows.map((row) => [row.name, row]));
  const has = (name: string, columns: readonly string[]): boolean =>
    columns.every((column) => tables.get(name)?.columns.includes(column) === true);
  return [...registry.tables.values()].flatMap((table) =>
    table.foreignKeys.flatMap((key): readonly LiveReference[] => {
      const from = tables.get(table.name);
      const to = tables.get(key.referencedTable);
      if (!from || !to || !has(table.name, key.columns)) return [];
      if (!has(key.referencedTable, key.referencedColumns)) return [];
      return [
        {
          name: key.name,
          table: from.oid,
          tableHome: from.home,
          columns: key.columns,
          referenced: to.oid,
          referencedHome: to.home,
          referencedColumns: key.referencedColumns,
          equals: key.columns.map(() => "="),
          onDelete: key.onDelete,
          onUpdate: key.onUpdate,
          nulledOnDelete: key.columns,
          live: false,
          keeps: false,
        },
      ];
    }),
  );
}

/** The same for the same columns, in whatever order they are listed. */
function pairsOf({ table, referenced, columns, referencedColumns }: LiveReference): string {
  const pairs = columns.map((column, index) => [column, referencedColumns[index]]);
  return JSON.stringify([table, referenced, pairs.map((pair) => JSON.stringify(pair)).toSorted()]);
}

/**
 * The tables whose rows may lose what they refer to when rows of `start` go: itself, and all that lead to it. A row of a partition is one
 * of the whole table, so that what leads to either is reached.
 *
 * @param start a table, and of a partition the table at the top too
 */
export function tablesThatLeadTo(
  start: Iterable<number>,
  references: readonly LiveReference[],
): ReadonlySet<number> {
  const reached = new Set(start);
  for (const oid of reached) {
    for (const { table, tableHome, referenced, referencedHome } of references)
      if (referencedHome === oid) reached.add(referenced).add(table).add(tableHome);
  }
  return reached;
}

/** `p.id = c.customer_id AND …`, where `p` is the referenced row and `c` the one that refers to it. */
export function keysMatch(reference: LiveReference, p = "p", c = "c"): string {
  return reference.columns
    .map(
      (column, index) =>
        `${p}.${quoteIdentifier(reference.referencedColumns[index] ?? "")} ${reference.equals[index] ?? "="} ${c}.${quoteIdentifier(column)}`,
    )
    .join(" AND ");
}
