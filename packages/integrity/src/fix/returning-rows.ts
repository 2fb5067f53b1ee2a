import { quoteIdentifier, quoteLiteral, type Connection } from "@ctb-data/postgres";
import { quarantineTable } from "./fix-tables.ts";
import type { LiveTable } from "./live-table.ts";
import { imageColumns, imageValue, recordOf } from "./row-image.ts";
import { conflictTable, openedTable } from "./undo-tables.ts";

/** The rows of one table that a step has taken away or changed, and that are not put back. */
export interface Returning {
  readonly run: string;
  readonly step: number;
  readonly table: LiveTable;
  /** The temporary table in which they are, in their own types. */
  readonly rows: string;
  /** The columns that the images have and the table still has. */
  readonly columns: readonly string[];
  readonly gone: number;
  readonly changed: number;
  /** Only these of its rows, by their numbers in the quarantine. */
  readonly within?: { readonly from: bigint; readonly to: bigint };
}

/** SQL for the rows of the quarantine `q` that are to be put back into a table, conflicts aside. */
export function returningWhere(
  { run, step, table, within }: Pick<Returning, "run" | "step" | "table" | "within">,
  what: "gone" | "changed" | "all",
): string {
  const actions = {
    gone: "('moved', 'deleted')",
    changed: "('changed')",
    all: "('moved', 'deleted', 'changed')",
  };
  return `q.run = ${quoteLiteral(run)} AND q.step = ${step} AND q.store = 'postgres' AND q.place = ${quoteLiteral(table.place)}
    AND q.action IN ${actions[what]} AND q.restored_at IS NULL AND NOT EXISTS (SELECT FROM ${conflictTable} k WHERE k.id = q.id)${withinSql("q.id", within)}`;
}

function withinSql(id: string, within: Returning["within"]): string {
  return within ? ` AND ${id} BETWEEN ${within.from} AND ${within.to}` : "";
}

/** SQL for the row as it was, what was encrypted since decrypted. */
const oldImage = `(q.old_row || COALESCE((SELECT pg_catalog.jsonb_object_agg(o.col, o.value) FROM ${openedTable} o WHERE o.id = q.id), '{}'))`;

/**
 * Reads the images into a temporary table that ends with the transaction: `ctb$id` is the number in the quarantine, `ctb$new` what was
 * changed. While names mean what they meant; the insertion runs with the user's own path. `OFFSET 0` because the server may else turn images
 * into columns before it leaves out those in conflict, which may be the ones that cannot be.
 */
export async function readImages(connection: Connection, returning: Returning): Promise<void> {
  const { table, columns, rows } = returning;
  const values = columns.map((name) => `${imageValue(table, name)} AS ${quoteIdentifier(name)}`);
  const name = rows.replace("pg_temp.", "");
  await connection.query(`CREATE TEMPORARY TABLE ${name} ON COMMIT DROP AS
    SELECT ${["q.id AS ctb$id", "q.action AS ctb$action", "q.new_row AS ctb$new", ...values].join(", ")}
    FROM (SELECT q.* FROM ${quarantineTable} q WHERE ${returningWhere(returning, "all")} OFFSET 0) q
      CROSS JOIN LATERAL ${recordOf(oldImage, table, columns)};
    ANALYZE ${rows}`);
}

/** A FROM item: the rows that are to come back, as they were, without those in conflict. */
export function returningRows(
  { rows, within }: Returning,
  what: "gone" | "changed" | "all",
): string {
  const actions = {
    gone: "b.ctb$action <> 'changed'",
    changed: "b.ctb$action = 'changed'",
    all: "true",
  };
  return `(SELECT b.* FROM ${rows} b WHERE ${actions[what]} AND NOT EXISTS (SELECT FROM ${conflictTable} k WHERE k.id = b.ctb$id)${withinSql("b.ctb$id", within)})`;
}

/** The columns of an image that the table can still take. */
export function columnsToReturn(table: LiveTable, image: readonly string[]): readonly string[] {
  const kept = new Set(image);
  return imageColumns(table).filter((name) => kept.has(name));
}
