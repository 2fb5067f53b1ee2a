import { quoteIdentifier, type Connection } from "@ctb-data/postgres";
import { markedNote, type Guard } from "./guard.ts";
import { keysMatch, type LiveReference } from "./live-references.ts";
import { readLiveTables, type LiveTable } from "./live-table.ts";
import type { TableCount } from "./move-rows.ts";
import { withSafeNames } from "./with-settings.ts";
import { goneTable, sameRow } from "./work-tables.ts";

interface ConstraintRow {
  readonly table: number;
  readonly name: string;
  readonly expression: string | null;
  readonly definition: string;
}

const validSql = `
SELECT o.conrelid AS table, o.conname AS name, pg_catalog.pg_get_expr(o.conbin, o.conrelid) AS expression,
  pg_catalog.pg_get_constraintdef(o.oid) AS definition
FROM pg_catalog.pg_constraint o
WHERE o.conrelid = ANY ($1::pg_catalog.oid[]) AND o.contype IN ('c', 'f') AND o.convalidated AND o.coninhcount = 0
  AND COALESCE((pg_catalog.to_jsonb(o) ->> 'conenforced')::pg_catalog.bool, true) ORDER BY o.conname`;

type Around = Pick<Guard, "undoFirst" | "undoLast" | "notes">;

/**
 * Constraints that are marked as valid and that rows in the work table break: the server would not take these rows again. How
 * `undo` gets around them; what the guard of the step does itself is left out.
 */
export async function brokenElsewhere(
  connection: Connection,
  {
    counts,
    references,
    guard,
  }: {
    readonly counts: readonly TableCount[];
    readonly references: readonly LiveReference[];
    readonly guard: Guard;
  },
): Promise<Around> {
  const tables = counts.filter(({ gone }) => gone > 0).map(({ table }) => table);
  if (tables.length === 0) return { undoFirst: [], undoLast: [], notes: [] };
  const constraints = await withSafeNames(
    connection,
    async () => await connection.query<ConstraintRow>(validSql, [tables.map(({ oid }) => oid)]),
  );
  const kept = references.filter(
    ({ keeps, table }) => keeps && tables.some(({ oid }) => oid === table),
  );
  const parents = await readLiveTables(
    connection,
    new Set(kept.map(({ referenced }) => referenced)),
  );
  const around: { undoFirst: string[]; undoLast: string[]; notes: string[] } = {
    undoFirst: [],
    undoLast: [],
    notes: [],
  };
  for (const constraint of constraints.rows) {
    const table = tables.find(({ oid }) => oid === constraint.table);
    const condition = table && conditionOf(constraint, kept, parents);
    if (!table || condition === undefined || !(await isBroken(connection, table, condition)))
      continue;
    const drop = `ALTER TABLE ${table.place} DROP CONSTRAINT IF EXISTS ${quoteIdentifier(constraint.name)}`;
    if (guard.undoFirst.includes(drop)) continue;
    around.undoFirst.push(drop);
    around.undoLast.push(
      `ALTER TABLE ${table.place} ADD CONSTRAINT ${quoteIdentifier(constraint.name)} ${constraint.definition} NOT VALID`,
    );
    around.notes.push(markedNote(constraint.name, table.name));
  }
  return around;
}

/** True for a row `t` that breaks the constraint. */
function conditionOf(
  { table, name, expression }: ConstraintRow,
  references: readonly LiveReference[],
  parents: ReadonlyMap<number, LiveTable>,
): string | undefined {
  if (expression !== null) return `(${expression}) IS FALSE`;
  const reference = references.find((one) => one.table === table && one.name === name);
  const parent = reference && parents.get(reference.referenced);
  if (!reference || !parent) return undefined;
  const complete = reference.columns.map((column) => `t.${quoteIdentifier(column)} IS NOT NULL`);
  return `${complete.join(" AND ")} AND NOT EXISTS (SELECT FROM ${parent.source} p WHERE ${keysMatch(reference, "p", "t")})`;
}

/** The names of the work table's columns are hidden: the expression of a check is in bare names. */
async function isBroken(
  connection: Connection,
  table: LiveTable,
  condition: string,
): Promise<boolean> {
  const { rows } = await connection.query<{ readonly broken: boolean }>(
    `SELECT EXISTS (SELECT FROM ${table.source} t WHERE EXISTS (SELECT FROM ${goneTable} g WHERE ${sameRow("t", "g")}) AND (${condition})) AS broken`,
  );
  return rows[0]?.broken === true;
}
