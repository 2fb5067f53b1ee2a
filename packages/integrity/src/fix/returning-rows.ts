import { quoteLiteral } from "@ctb-data/postgres";
import type { LiveTable } from "./live-table.ts";
import { imageColumns } from "./row-image.ts";
import { conflictTable } from "./undo-tables.ts";

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
  /** Only the row of this number in the quarantine, in SQL. */
  readonly only?: string;
}

/** SQL for the rows of the quarantine `q` that are to be put back into a table, conflicts aside. */
export function returningWhere(
  { run, step, table, only }: Pick<Returning, "run" | "step" | "table" | "only">,
  what: "gone" | "changed" | "all",
): string {
  const actions = {
    gone: "('moved', 'deleted')",
    changed: "('changed')",
    all: "('moved', 'deleted', 'changed')",
  };
  return `q.run = ${quoteLiteral(run)} AND q.step = ${step} AND q.store = 'postgres' AND q.place = ${quoteLiteral(table.place)}
    AND q.action IN ${actions[what]} AND q.restored_at IS NULL AND NOT EXISTS (SELECT FROM ${conflictTable} k WHERE k.id = q.id)${onlySql("q.id", only)}`;
}

function onlySql(id: string, only: string | undefined): string {
  return only === undefined ? "" : ` AND ${id} = ${only}`;
}

/** A FROM item: the rows that are to come back, as they were, without those in conflict. */
export function returningRows({ rows, only }: Returning, what: "gone" | "changed" | "all"): string {
  const actions = {
    gone: "b.ctb$action <> 'changed'",
    changed: "b.ctb$action = 'changed'",
    all: "true",
  };
  return `(SELECT b.* FROM ${rows} b WHERE ${actions[what]} AND NOT EXISTS (SELECT FROM ${conflictTable} k WHERE k.id = b.ctb$id)${onlySql("b.ctb$id", only)})`;
}

/** The columns of an image that the table can still take. */
export function columnsToReturn(table: LiveTable, image: readonly string[]): readonly string[] {
  const kept = new Set(image);
  return imageColumns(table).filter((name) => kept.has(name));
}
