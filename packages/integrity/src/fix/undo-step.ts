import type { Keyring } from "@ctb-data/models";
import { PostgresError, type Connection } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import { withConstraintComments } from "./constraint-comments.ts";
import { findConflicts, keepAwayChildren, type ConflictSearch } from "./find-conflicts.ts";
import type { UndoConflict } from "./fix-options.ts";
import { quarantineTable, stepsTable } from "./fix-tables.ts";
import { keepRefused } from "./keep-refused.ts";
import { readReferences } from "./live-references.ts";
import { readLiveTables, type LiveTable } from "./live-table.ts";
import { lockedTransaction } from "./locked-transaction.ts";
import { openSealed } from "./open-sealed.ts";
import { readImages } from "./read-images.ts";
import { findRefusedRows, returnRows } from "./return-rows.ts";
import { columnsToReturn, type Returning } from "./returning-rows.ts";
import { conflictTable, sourceTable } from "./undo-tables.ts";
import { withSafeNames, withSchemaFirst } from "./with-settings.ts";

/** What all steps of an undo share. */
export interface UndoSession {
  readonly connection: Connection;
  readonly registry: Registry;
  readonly keyring: Keyring | undefined;
  readonly run: string;
  readonly dryRun: boolean;
  readonly lockTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** One step of a run as it is recorded. */
export interface RecordedStep {
  readonly step: number;
  readonly finding: string;
  readonly state: "running" | "done" | "failed" | "undone";
  readonly undoFirst: readonly string[];
  readonly undoLast: readonly string[];
  readonly undoNotes: readonly string[];
}

/** What the undo of a step did. */
export interface UndoneStep {
  readonly rows: number;
  readonly statements: readonly string[];
  readonly conflicts: readonly UndoConflict[];
  readonly notes: readonly string[];
}

/**
 * Undoes one step in one transaction: constraints as they were, rows back with the bytes that they had. What cannot come back
 * stays in the quarantine. A step that was undone before tries once more what was left.
 *
 * @throws {IntegrityError} LOCK_TIMEOUT, CANCELLED; {@link PostgresError} for what the server refuses. It is rolled back then.
 */
export async function undoStep(session: UndoSession, step: RecordedStep): Promise<UndoneStep> {
  const { connection, dryRun } = session;
  return await lockedTransaction(
    connection,
    { ...session, discard: dryRun, what: `the undo of step ${step.step}` },
    async () => {
      const { returning, lost } = await readReturning(session, step.step);
      // The table may only have another name for a while: the step is open until it is there again.
      if (returning.length === 0 && lost.length > 0)
        return { rows: 0, statements: [], conflicts: [], notes: lost };
      const again = step.state === "undone";
      const notes: string[] = [...(again ? [] : step.undoNotes), ...lost];
      const first = again ? [] : step.undoFirst;
      const last = again ? [] : step.undoLast;
      const statements = [...first, ...last];
      if (dryRun) {
        await withSafeNames(connection, async () => await search(session, returning, first));
        const rows = await countReturned(connection, returning);
        return { rows, statements, conflicts: await readConflicts(connection), notes };
      }
      await lockTables(connection, returning);
      const rows = await withConstraintComments(connection, async () => {
        await runAll(session, first, notes);
        const put = await putBack(session, returning);
        await runAll(session, last, notes);
        return put;
      });
      await closeStep(session, step.step);
      const conflicts = await readConflicts(connection);
      return { rows, statements, conflicts, notes };
    },
  );
}

async function putBack(session: UndoSession, returning: readonly Returning[]): Promise<number> {
  const { connection } = session;
  if (returning.length === 0) return 0;
  const searched = await withSafeNames(
    connection,
    async () => await search(session, returning, []),
  );
  await keepRefused(connection, {
    attempt: async () => await returnRows(connection, returning),
    search: async () => {
      const found = await findRefusedRows(connection, returning);
      await withSafeNames(connection, async () => await keepAwayChildren(connection, searched));
      return found;
    },
  });
  return await countReturned(connection, returning);
}

/** All without those in conflict. */
async function countReturned(
  connection: Connection,
  returning: readonly Returning[],
): Promise<number> {
  const { rows } = await connection.query<{ readonly count: bigint }>(
    `SELECT count(*) FROM ${conflictTable}`,
  );
  const all = returning.reduce((sum, { gone, changed }) => sum + gone + changed, 0);
  return all - Number(rows[0]?.count ?? 0);
}

async function search(
  session: UndoSession,
  returning: readonly Returning[],
  dropped: readonly string[],
): Promise<ConflictSearch> {
  const { connection, registry, dryRun } = session;
  // In a dry run the rows that other steps bring back are not there: what leads to them is not lost.
  const references = dryRun ? [] : await readReferences(connection, registry);
  const own = new Set(returning.map(({ table }) => table.oid));
  const around = references
    .filter(({ table, tableHome }) => own.has(table) || own.has(tableHome))
    .flatMap(({ table, referenced }) => [table, referenced]);
  const tables = await readLiveTables(connection, new Set([...own, ...around]));
  for (const one of returning) {
    if (one.changed > 0) await openSealed(session, one);
    await readImages(connection, one);
  }
  const searched = { returning, tables, references, dryRun, dropped };
  await findConflicts(connection, searched);
  return searched;
}

interface PlaceRow {
  readonly place: string;
  readonly oid: number | null;
  readonly gone: bigint;
  readonly changed: bigint;
  readonly columns: readonly string[] | null;
}

/** The tables that rows come back to, and what cannot come back to them. */
async function readReturning(
  { connection, run }: UndoSession,
  step: number,
): Promise<{ readonly returning: readonly Returning[]; readonly lost: readonly string[] }> {
  const { rows } = await connection.query<PlaceRow>(
    `SELECT q.place, pg_catalog.to_regclass(q.place)::pg_catalog.oid AS oid, count(*) FILTER (WHERE q.action <> 'changed') AS gone,
      count(*) FILTER (WHERE q.action = 'changed') AS changed,
      (SELECT array_agg(DISTINCT k.name) FROM (SELECT o.old_row, o.sealed FROM ${quarantineTable} o WHERE o.run = $1 AND o.step = $2 AND o.place = q.place LIMIT 1) o
        CROSS JOIN LATERAL (SELECT pg_catalog.jsonb_object_keys(o.old_row) UNION SELECT unnest(o.sealed)) k (name)) AS columns
    FROM ${quarantineTable} q WHERE q.run = $1 AND q.step = $2 AND q.store = 'postgres' AND q.restored_at IS NULL
    GROUP BY q.place ORDER BY q.place`,
    [run, step],
  );
  const tables = await withSafeNames(
    connection,
    async () =>
      await readLiveTables(
        connection,
        rows.flatMap(({ oid }) => (oid === null ? [] : [oid])),
      ),
  );
  const returning: Returning[] = [];
  const lost: string[] = [];
  for (const row of rows) {
    const table = row.oid === null ? undefined : tables.get(row.oid);
    if (!table) {
      lost.push(
        `${row.place} is gone; its ${Number(row.gone) + Number(row.changed)} rows stay in ${quarantineTable}.`,
      );
      continue;
    }
    const image = row.columns ?? [];
    const columns = columnsToReturn(table, image);
    lost.push(...droppedColumns(table, image));
    returning.push({
      rows: sourceTable(returning.length),
      run,
      step,
      table,
      columns,
      gone: Number(row.gone),
      changed: Number(row.changed),
    });
  }
  return { returning, lost };
}

function droppedColumns(table: LiveTable, image: readonly string[]): readonly string[] {
  const there = new Set(table.columns.map(({ name }) => name));
  const dropped = image.filter((name) => !there.has(name));
  if (dropped.length === 0) return [];
  return [
    `${table.place} has no ${dropped.join(", ")} any more; the values stay in ${quarantineTable}.`,
  ];
}

async function lockTables(connection: Connection, returning: readonly Returning[]): Promise<void> {
  const places = returning.map(({ table }) => table.place).toSorted();
  if (places.length > 0)
    await connection.query(`LOCK TABLE ${places.join(", ")} IN SHARE ROW EXCLUSIVE MODE`);
}

/** A statement that the server refuses is no reason to keep rows away: it is told. */
async function runAll(
  { connection, registry }: UndoSession,
  statements: readonly string[],
  notes: string[],
): Promise<void> {
  if (statements.length === 0) return;
  await withSchemaFirst(connection, registry.schema, async () => {
    for (const statement of statements) {
      await connection.query("SAVEPOINT ctb_undo");
      try {
        await connection.query(statement);
      } catch (error) {
        if (!(error instanceof PostgresError) || connection.lost) throw error;
        if (["55P03", "40P01", "40001"].includes(error.sqlState ?? "")) throw error;
        await connection.query("ROLLBACK TO SAVEPOINT ctb_undo");
        notes.push(`This could not be done: ${statement}. ${error.message}`);
      }
    }
  });
}

async function closeStep({ connection, run }: UndoSession, step: number): Promise<void> {
  await connection.query(
    `UPDATE ${quarantineTable} q SET conflict = k.reason FROM ${conflictTable} k WHERE q.id = k.id`,
  );
  await connection.query(
    `UPDATE ${stepsTable} SET state = 'undone', undone_at = pg_catalog.clock_timestamp() WHERE run = $1 AND step = $2`,
    [run, step],
  );
}

async function readConflicts(connection: Connection): Promise<readonly UndoConflict[]> {
  const { rows } = await connection.query<{
    readonly place: string;
    readonly reason: string;
    readonly names: readonly string[] | null;
    readonly values: readonly (string | null)[] | null;
  }>(`SELECT q.place, k.reason, (SELECT array_agg(e.key ORDER BY e.key) FROM pg_catalog.jsonb_each_text(q.key) e) AS names,
      (SELECT array_agg(e.value ORDER BY e.key) FROM pg_catalog.jsonb_each_text(q.key) e) AS values
    FROM ${conflictTable} k JOIN ${quarantineTable} q ON q.id = k.id ORDER BY q.id LIMIT 1000`);
  return rows.map(({ place, reason, names, values }) => ({
    store: "postgres" as const,
    place,
    key: Object.fromEntries((names ?? []).map((name, index) => [name, values?.[index] ?? null])),
    reason,
  }));
}
