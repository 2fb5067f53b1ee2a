import { quoteIdentifier, quoteLiteral, type Connection } from "@ctb-data/postgres";
import { addDependents, moveWhatMayNotBeEmpty } from "./add-dependents.ts";
import { brokenElsewhere } from "./broken-elsewhere.ts";
import { brokenOf, clearingOf, scanOnly, type Broken } from "./broken-rows-sql.ts";
import { withConstraintComments } from "./constraint-comments.ts";
import { stepsTable } from "./fix-tables.ts";
import { guardOf, type Guard } from "./guard.ts";
import type { LiveReference } from "./live-references.ts";
import { clearableColumns, type LiveTable } from "./live-table.ts";
import { lockSurroundings } from "./lock-surroundings.ts";
import { lockedTransaction } from "./locked-transaction.ts";
import { countRows, moveRows, type TableCount } from "./move-rows.ts";
import { refuseClearText } from "./refuse-clear-text.ts";
import { sealValues } from "./seal-values.ts";
import { selectBrokenRows } from "./select-broken-rows.ts";
import { stepStatements } from "./step-statements.ts";
import type { FixSession, StepTarget } from "./step-target.ts";
import { withSchemaFirst } from "./with-settings.ts";
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
      if (rows > 0) await refuseClearText(session, found.counts);
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
  const { connection, registry } = session;
  const { table, tables, references, leading } = await lockSurroundings(session, {
    place: scan?.table ?? placeOf(session, finding.table),
    others: broken && "reference" in broken ? [broken.reference.referencedTable] : [],
  });
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
    references: leading,
    verb,
  });
  return { table, broken, counts: await countRows(connection), references };
}

function placeOf({ registry }: FixSession, table = ""): string {
  return `${quoteIdentifier(registry.schema)}.${quoteIdentifier(table)}`;
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
