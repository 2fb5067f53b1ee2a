import { quoteLiteral, type Queryable } from "@ctb-data/postgres";
import type { DroppedObject } from "./migration-file.ts";
import { qualifiedName } from "./qualified-name.ts";

/** A table or a column whose rows go. */
export interface DroppedRows extends DroppedObject {
  readonly kind: "table" | "column" | "rows";
}

/**
 * The tables and columns that go with what a statement names: those in a schema, those that TRUNCATE … CASCADE empties
 * too, and the columns of a type, wherever they are.
 */
export async function withDependents(
  db: Queryable,
  { kind, table, column, cascade }: DroppedObject,
): Promise<readonly DroppedRows[]> {
  const name = quoteLiteral(qualifiedName(table));
  if (kind === "schema") {
    return [
      ...(await tables(db, `c.relnamespace = pg_catalog.to_regnamespace(${name})`)),
      ...(await columns(db, `t.typnamespace = pg_catalog.to_regnamespace(${name})`)),
    ];
  }
  if (kind === "type") return await columns(db, `t.oid = pg_catalog.to_regtype(${name})`);
  if (kind === "extension") return await columns(db, isOfExtension(table.name));
  const named = { kind, table, ...(column !== undefined && { column }) };
  return cascade === true ? [named, ...(await tables(db, refersTo(name)))] : [named];
}

function isOfExtension(name: string): string {
  return `t.oid IN (SELECT d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.refclassid = 'pg_catalog.pg_extension'::regclass
  AND d.deptype = 'e' AND e.extname = ${quoteLiteral(name)})`;
}

/** Tables whose foreign keys lead to one, also through others. */
function refersTo(name: string): string {
  return `c.oid IN (WITH RECURSIVE emptied AS (
  SELECT pg_catalog.to_regclass(${name})::oid AS oid
  UNION SELECT k.conrelid FROM pg_catalog.pg_constraint k JOIN emptied ON emptied.oid = k.confrelid WHERE k.contype = 'f'
) SELECT oid FROM emptied) AND c.oid <> pg_catalog.to_regclass(${name})`;
}

async function tables(db: Queryable, where: string): Promise<readonly DroppedRows[]> {
  const { rows } = await db.query<{ readonly schema: string; readonly name: string }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND ${where} ORDER BY 1, 2`,
  );
  return rows.map((table) => ({ kind: "table", table }));
}

/** The columns of types, of the arrays of them, and of the domains over them. */
async function columns(db: Queryable, whichTypes: string): Promise<readonly DroppedRows[]> {
  type Row = { readonly schema: string; readonly name: string; readonly column: string };
  const { rows } = await db.query<Row>(
    `WITH RECURSIVE dropped AS (
  SELECT t.oid FROM pg_catalog.pg_type t WHERE ${whichTypes}
  UNION SELECT t.oid FROM pg_catalog.pg_type t JOIN dropped ON dropped.oid IN (t.typbasetype, t.typelem)
)
SELECT n.nspname::text AS schema, c.relname::text AS name, a.attname::text AS column
FROM pg_catalog.pg_attribute a JOIN dropped ON dropped.oid = a.atttypid
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2, a.attnum`,
  );
  return rows.map(({ schema, name, column }) => ({
    kind: "column",
    table: { schema, name },
    column,
  }));
}
