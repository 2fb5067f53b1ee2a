import type { Connection } from "@ctb-data/postgres";
import type { ServerFacts } from "./server-facts.ts";

/** A table of the database, as the catalog has it. */
export interface ListedTable {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** `r` has rows, `p` has partitions, `f` has its rows on another server. */
  readonly kind: "r" | "p" | "f";
  /** Columns that have values of their own, in order. Generated ones are left out. */
  readonly columns: readonly string[];
  /** Rows lie in pages that a ctid range can be read of. */
  readonly heap: boolean;
  readonly readable: boolean;
  /** Policies would hide rows from this user. */
  readonly filtered: boolean;
  /** The extension that it belongs to, if any. */
  readonly extension: string | null;
  /** For a table of an extension that marks it for dumps: which of its rows are the user's, as SQL or empty. Else null. */
  readonly extensionCondition: string | null;
}

/** Schemas that are not the user's. */
export const userSchema = String.raw`n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'`;

/** Reads nothing but the catalog, and waits for nobody's lock. */
function listSql(version: number): string {
  const stored = version >= 120_000 ? "AND a.attgenerated = ''" : "";
  return `SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
    ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute AS a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ${stored} ORDER BY a.attnum) AS columns,
    coalesce(m.amname = 'heap', true) AS heap,
    coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'), true) AS readable,
    row_security_active(c.oid) AS filtered,
    e.extname::text AS extension,
    CASE WHEN c.oid = ANY (e.extconfig) THEN e.extcondition[array_position(e.extconfig, c.oid)] END AS "extensionCondition"
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_am AS m ON m.oid = c.relam
    LEFT JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
      AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
    LEFT JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
    WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND ${userSchema}
    ORDER BY n.nspname, c.relname`;
}

/** Every table but temporary ones and those of the system. @throws {PostgresError} */
export async function listTables(
  connection: Connection,
  facts: ServerFacts,
): Promise<readonly ListedTable[]> {
  return (await connection.query<ListedTable>(listSql(facts.versionNumber))).rows;
}

/** Whether its rows go into the archive. */
export function hasRows(table: ListedTable): boolean {
  return table.kind === "r" && (table.extension === null || table.extensionCondition !== null);
}
