import { quoteIdentifier, quoteLiteral, type Connection, type Queryable } from "@ctb-data/postgres";
import {
  formatColumnType,
  parseColumnType,
  type ColumnType,
  type ExportField,
  type Registry,
} from "@ctb-data/registry";
import { PipelineError } from "../pipeline-error.ts";

/** A vendor's own table, as the blueprint describes it. */
export interface VendorTable {
  readonly vendor: string;
  readonly schema: string;
  readonly name: string;
  /** `schema.name`, quoted. */
  readonly qualified: string;
  readonly fields: readonly ExportField[];
}

/**
 * The table of a blueprint: `table`, in the schema `public`, or `schema.table`.
 *
 * @throws {PipelineError} INVALID_BLUEPRINT when it is one of the registry's own.
 */
export function vendorTableOf(
  table: string,
  blueprint: { readonly vendor: string; readonly fields: readonly ExportField[] },
  registry: Registry,
): VendorTable {
  const dot = table.indexOf(".");
  const schema = dot === -1 ? "public" : table.slice(0, dot);
  const name = table.slice(dot + 1);
  const qualified = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  if ((schema === registry.schema && registry.tables.has(name)) || schema === "ctb_data") {
    throw new PipelineError(
      "INVALID_BLUEPRINT",
      `The vendor's table ${qualified} would be a canonical table.`,
      { hint: "Give the vendor's table another name, or a schema of its own.", table: qualified },
    );
  }
  return { ...blueprint, schema, name, qualified };
}

interface LiveTable {
  readonly kind: string;
  readonly comment: string | null;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Tables that inherit from it. */
  readonly heirs: string | null;
  /** Foreign keys of other tables that would act when its records go. */
  readonly followers: string | null;
}

/**
 * Whether the table is there, as this package has made it.
 *
 * @throws {PipelineError} REFUSED when something else has its name, or its columns are others.
 */
export async function checkVendorTable(on: Queryable, table: VendorTable): Promise<boolean> {
  const { rows } = await on.query<LiveTable>(liveTableSql, [table.schema, table.name]);
  const [live] = rows;
  if (live === undefined) return false;
  const { qualified, vendor, fields } = table;
  const refused = (why: string, hint: string): PipelineError =>
    new PipelineError("REFUSED", `${qualified} ${why}.`, { hint, table: qualified });
  if (!["r", "p"].includes(live.kind) || live.comment !== markOf(vendor))
    throw refused(
      `is there already, and is not marked as the table of ${vendor}`,
      `Give the vendor's table another name. If it is this vendor's: COMMENT ON TABLE ${qualified} IS ${quoteLiteral(markOf(vendor))}`,
    );
  if (live.heirs !== null)
    throw refused(
      `has tables that inherit from it, whose rows an export would delete: ${live.heirs}`,
      "Take them out (ALTER TABLE … NO INHERIT), or give the vendor's table another name.",
    );
  if (live.followers !== null)
    throw refused(
      `is referenced by foreign keys that would change other tables when its records are replaced: ${live.followers}`,
      "Make them NO ACTION DEFERRABLE INITIALLY DEFERRED, or drop them.",
    );
  const wanted = fields.map(({ name, type }) => `${name} ${typeText(sqlTypeOf(type))}`);
  const found = live.columns.map(({ name, type }) => `${name} ${typeText(type)}`);
  if (wanted.join("\n") === found.join("\n")) return true;
  throw refused(
    `has other columns than the blueprint: ${found.join(", ")}; wanted are ${wanted.join(", ")}`,
    `Change the table, or move it away (ALTER TABLE ${qualified} RENAME TO …): the export then makes a new one.`,
  );
}

const liveTableSql = `SELECT c.relkind AS kind, pg_catalog.obj_description(c.oid, 'pg_class') AS comment,
  (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod))
      ORDER BY a.attnum), '[]')
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  (SELECT pg_catalog.string_agg(i.inhrelid::regclass::text, ', ') FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid AND c.relkind = 'r') AS heirs,
  (SELECT pg_catalog.string_agg(f.conname || ' of ' || f.conrelid::regclass, ', ') FROM pg_catalog.pg_constraint f
    WHERE f.confrelid = c.oid AND f.conrelid <> c.oid AND f.contype = 'f' AND f.confdeltype IN ('c', 'n', 'd')) AS followers
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2`;

/**
 * Makes the table if it is not there, and keeps other writers out until the transaction ends; readers are not kept waiting. The lock by
 * name also holds for a table that is not there yet: of two exports the second waits, and reads its rows afterwards.
 *
 * @throws {PipelineError} REFUSED, NOT_FOUND when there is no such schema.
 */
export async function takeVendorTable(connection: Connection, table: VendorTable): Promise<void> {
  const { schema, name, qualified, fields, vendor } = table;
  await connection.query(
    "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))",
    [JSON.stringify(["ctb-data vendor table", schema, name])],
  );
  if (!(await checkVendorTable(connection, table))) {
    const columns = fields.map(
      (field) => `${quoteIdentifier(field.name)} ${sqlTypeOf(field.type)}`,
    );
    await connection.query(`CREATE TABLE ${qualified} (${columns.join(", ")})`);
    await connection.query(`COMMENT ON TABLE ${qualified} IS ${quoteLiteral(markOf(vendor))}`);
  }
  await connection.query(`LOCK TABLE ${qualified} IN SHARE ROW EXCLUSIVE MODE`);
}

/**
 * Empties the table and fills it again, in the transaction of the connection: readers have the old records until it is committed, and
 * then the new ones. TRUNCATE would keep them waiting for all that time, and show an empty table to a transaction that began before;
 * another table in its place would lose the grants, views and triggers of this one.
 *
 * @throws {PipelineError} REFUSED when its old records stay.
 */
export async function refillVendorTable(
  connection: Connection,
  table: VendorTable,
  copy: {
    readonly chunks: AsyncIterable<Uint8Array>;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<number> {
  const columns = table.fields.map(({ name }) => quoteIdentifier(name)).join(", ");
  await connection.query(`DELETE FROM ${table.qualified}`);
  const { rows: kept } = await connection.query(`SELECT FROM ${table.qualified} LIMIT 1`);
  if (kept.length > 0)
    throw new PipelineError("REFUSED", `${table.qualified} keeps its old records.`, {
      hint: "A trigger or rule of the table stops DELETE: drop it, for records that stay would be there twice.",
      table: table.qualified,
    });
  const { rows } = await connection.copyIn(
    `COPY ${table.qualified} (${columns}) FROM STDIN`,
    copy.chunks,
    { signal: copy.signal },
  );
  return rows;
}

function markOf(vendor: string): string {
  return `ctb-data vendor table of ${vendor}`;
}

/** A vendor's table counts nothing up: the values come. */
function sqlTypeOf(type: ColumnType): string {
  const text = formatColumnType(type);
  return text.replace(/^bigserial/, "bigint").replace(/^serial/, "integer");
}

/** One spelling for the blueprint's types and PostgreSQL's. PostgreSQL does not keep how many dimensions an array has. */
function typeText(text: string): string {
  const parsed = parseColumnType(text, new Map());
  if (!("type" in parsed)) return text;
  const { type } = parsed;
  const name = formatColumnType({ ...type, dimensions: Math.min(1, type.dimensions) });
  return name.replace(/^(numeric\(\d+),0\)/, "$1)");
}
