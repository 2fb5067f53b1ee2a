import { quoteIdentifier, quoteLiteral, type Connection } from "@ctb-data/postgres";
import { IntegrityError } from "../integrity-error.ts";
import { addDependents, moveWhatMayNotBeEmpty } from "./add-dependents.ts";
import { brokenElsewhere } from "./broken-elsewhere.ts";
import { brokenOf, clearingOf, scanOnly, type Broken } from "./broken-rows-sql.ts";
import { withConstraintComments } from "./constraint-comments.ts";
import { stepsTable } from "./fix-tables.ts";
import { guardOf, type Guard } from "./guard.ts";
import { readReferences, tablesThatLeadTo, type LiveReference } from "./live-references.ts";
import { clearableColumns, readLiveTables, type LiveTable } from "./live-table.ts";
import { lockedTransaction } from "./locked-transaction.ts";
import { countRows, moveRows, type TableCount } from "./move-rows.ts";
import { sealValues } from "./seal-values.ts";
import { selectBrokenRows } from "./select-broken-rows.ts";
import { stepStatements } from "./step-statements.ts";
import type { FixSession, StepTarget } from "./step-target.ts";
import { withSafeNames, withSchemaFirst } from "./with-settings.ts";
import { changedTable, goneTable } from "./work-tables.ts";

/** What a step did, or would do. */
export interface StepResult {
  readonly statements: readonly string[];
  readonly rows: number;
}

/**
 * Fixes one finding in one transaction: locks the tables, looks for its rows anew, keeps them in the quarantine, takes them
 * away or changes them, and sees to the constraint. In a dry run nothing is locked or written.
 *
 * @throws {IntegrityError} LOCK_TIMEOUT, REFUSED, CANCELLED; {@link PostgresError} for what the server refuses. All of it is
 * rolled back then.
 */
export async function fixStep(
  session: FixSession,
  target: StepTarget,
  step: number,
): Promise<StepResult> {
  const { connection, run, changedSchema } = session;
  const result = await lockedTransaction(
    connection,
    { ...session, readOnly: run === undefined, what: `the fix of ${target.finding.id}` },
    async () => {
      const found = await findRows(session, target);
      const rows = found.counts.reduce((sum, { gone, changed }) => sum + gone + changed, 0);
      const guard = openGuard(session, target, rows > 0);
      const statements = stepStatements({ session, target, guard, ...found });
      if (run === undefined) return { statements, rows, guard };
      const around = await brokenElsewhere(connection, { ...found, guard });
      const action = session.strategy === "delete" ? "deleted" : "moved";
      if (rows > 0) await moveRows(connection, found.counts, { run, step, action });
      await keepFromComingBack(session, guard);
      await recordStep(connection, {
        run,
        step,
        target,
        guard: joinedWith(guard, around),
        statements,
        rows,
      });
      return { statements, rows, guard };
    },
  );
  if (run !== undefined)
    for (const statement of result.guard.statements) changedSchema.add(statement);
  return result;
}

/** Around the statements of the guard: first off, last on again. */
function joinedWith(guard: Guard, around: Omit<Guard, "statements">): Guard {
  return {
    statements: guard.statements,
    undoFirst: [...guard.undoFirst, ...around.undoFirst],
    undoLast: [...guard.undoLast, ...around.undoLast],
    notes: [...guard.notes, ...around.notes],
  };
}

/** Without what another step of this run has done already. */
function openGuard(session: FixSession, target: StepTarget, broken: boolean): Guard {
  const { registry, catalog, changedSchema } = session;
  const guard = guardOf(target.finding, { registry, catalog, broken });
  const done = guard.statements.some((statement) => changedSchema.has(statement));
  return done ? { statements: [], undoFirst: [], undoLast: [], notes: [] } : guard;
}

interface Found {
  readonly table: LiveTable | undefined;
  readonly broken: Broken | undefined;
  readonly counts: readonly TableCount[];
  /** All of the database. */
  readonly references: readonly LiveReference[];
}

async function findRows(session: FixSession, { scan, finding }: StepTarget): Promise<Found> {
  const broken = scan && brokenOf(scan, finding.id);
  const { connection, registry, run } = session;
  const name = scan?.table ?? placeOf(session, finding.table);
  const start = await oidOf(connection, name);
  const references = await readReferences(connection, registry);
  const reached = tablesThatLeadTo([start], references);
  const others = broken && "reference" in broken ? [broken.reference.referencedTable] : [];
  const tables = await withSafeNames(
    connection,
    async () => await readLiveTables(connection, reached),
  );
  if (run !== undefined) await lockTables(connection, [...tables.values()], others);
  const table = tables.get(start);
  if (!scan || !broken || !table) return { table, broken, counts: [], references };
  await selectBrokenRows(session, {
    scan: scanOnly(scan, broken),
    broken,
    source: table.source,
  });
  await clearOrSeal(session, table, broken);
  const verb = session.strategy === "delete" ? ("deleted" as const) : ("moved" as const);
  await addDependents(connection, {
    registry,
    tables,
    references: leadingTo(reached, references),
    verb,
  });
  return { table, broken, counts: await countRows(connection), references };
}

function placeOf({ registry }: FixSession, table = ""): string {
  return `${quoteIdentifier(registry.schema)}.${quoteIdentifier(table)}`;
}

function leadingTo(
  reached: ReadonlySet<number>,
  references: readonly LiveReference[],
): readonly LiveReference[] {
  return references.filter(({ referenced }) => reached.has(referenced));
}

async function oidOf(connection: Connection, place: string): Promise<number> {
  const { rows } = await connection.query<{ readonly oid: number | null }>(
    "SELECT pg_catalog.to_regclass($1)::pg_catalog.oid AS oid",
    [place],
  );
  const oid = rows[0]?.oid;
  if (oid !== null && oid !== undefined) return oid;
  throw new IntegrityError("NOT_FOUND", `There is no table ${place} any more.`, {
    table: place,
    hint: "It was there a moment ago: run the command again.",
  });
}

/** All at once and in the order of their names, so that two programs that do so never wait for each other. */
async function lockTables(
  connection: Connection,
  tables: readonly LiveTable[],
  others: readonly string[],
): Promise<void> {
  // A partition is locked with its table.
  const places = tables.filter(({ oid, home }) => oid === home).map(({ place }) => place);
  const sorted = [...new Set([...places, ...others])].toSorted();
  await connection.query(`LOCK TABLE ${sorted.join(", ")} IN SHARE ROW EXCLUSIVE MODE`);
}

async function clearOrSeal(session: FixSession, table: LiveTable, broken: Broken): Promise<void> {
  const { connection, registry, strategy } = session;
  const kind = "rule" in broken ? broken.rule.subject.kind : undefined;
  if (kind === "clear_text" || kind === "blind_index") {
    await sealValues(session, table, broken);
    return;
  }
  if (strategy !== "set-null") return;
  const clearing = clearingOf(broken, clearableColumns(table, registry));
  if (!clearing) return;
  await connection.query(`INSERT INTO ${changedTable} (rel, tid, depth, why, col)
    SELECT g.rel, g.tid, 0, g.why, k.col FROM ${goneTable} g CROSS JOIN unnest(ARRAY[${clearing.columns.map(quoteLiteral).join(", ")}]) k (col);
    DELETE FROM ${goneTable}`);
  await moveWhatMayNotBeEmpty(connection, { table, depth: 0, broken: clearing.stillBroken });
}

async function keepFromComingBack(session: FixSession, guard: Guard): Promise<void> {
  if (guard.statements.length === 0) return;
  const { connection, registry } = session;
  await withConstraintComments(connection, async () => {
    await withSchemaFirst(connection, registry.schema, async () => {
      for (const statement of guard.statements) await connection.query(statement);
    });
  });
}

async function recordStep(
  connection: Connection,
  {
    run,
    step,
    target: { finding },
    guard,
    statements,
    rows,
  }: StepResult & {
    readonly run: string;
    readonly step: number;
    readonly target: StepTarget;
    readonly guard: Guard;
  },
): Promise<void> {
  await connection.query(
    `INSERT INTO ${stepsTable} (run, step, finding, kind, store, message, state, statements, undo_first, undo_last, undo_notes, rows, started_at, finished_at)
    VALUES ($1, $2, $3, $4, 'postgres', $5, 'done', $6, $7, $8, $9, $10, pg_catalog.now(), pg_catalog.clock_timestamp())`,
    [
      run, step, finding.id, finding.kind, finding.message, statements,
      guard.undoFirst, guard.undoLast, guard.notes, rows,
    ], // prettier-ignore
  );
}
