import type { Connection, Postgres } from "@ctb-data/postgres";
import type { Finding } from "../finding.ts";
import { IntegrityError } from "../integrity-error.ts";
import type { WorkOptions } from "../work-options.ts";
import { readExamples } from "./example-values.ts";
import type { FoundSubject } from "./found-rows.ts";
import { lettingGo, mostKeptTables } from "./letting-go.ts";
import { rewrittenTables } from "./rewritten-tables.ts";
import type { TableScan } from "./row-rule.ts";
import { asRowsWork } from "./rows-failure.ts";
import { runTasks } from "./run-tasks.ts";
import { tablesOf } from "./scan-facts.ts";
import { forgetKeys } from "./scan-table.ts";
import { splitScan } from "./split-scan.ts";
import { TableWork, type RowsCheck } from "./table-work.ts";
import { withSnapshot, type Snapshot, type SnapshotOptions } from "./with-snapshot.ts";

export type RowsCheckOptions = Omit<SnapshotOptions, "signal"> & WorkOptions;

/** What was found in rows, at one moment. */
export interface RowsReport {
  /** When the snapshot was taken, by the server's clock: ISO 8601 in UTC. */
  readonly takenAt: string;
  /** How many rows were looked at: counted in small tables, the planner's estimate of large ones. */
  readonly rows: number;
  /**
   * In the order of the scans. Examples are the first five in the order in which rows lie in the table (of partitions in the order of their
   * oids): the same for the same data, however many sessions have read it.
   */
  readonly findings: readonly Finding[];
  /** Full sentences. */
  readonly notChecked: readonly string[];
}

/**
 * Looks for all that scans ask for, in one snapshot and over several sessions: each table once for its rules and references, and once for its
 * keys, in pieces, the largest table first.
 *
 * @throws {IntegrityError} as {@link withSnapshot} does, and STATEMENT_TIMEOUT, LOCK_TIMEOUT, DENIED with the table.
 */
export async function checkRows(
  postgres: Postgres,
  scans: readonly TableScan[],
  options: RowsCheckOptions = {},
): Promise<RowsReport> {
  return await withSnapshot(
    postgres,
    options,
    async (snapshot) => await checkRowsIn(snapshot, scans, options),
  );
}

/** {@link checkRows} in a snapshot that others use, too. */
export async function checkRowsIn(
  snapshot: Snapshot,
  scans: readonly TableScan[],
  { onProgress, signal }: WorkOptions = {},
): Promise<RowsReport> {
  const { connections, takenAt } = snapshot;
  const failed = new AbortController();
  const notChecked = new Set<string>();
  const check: RowsCheck = {
    keys: new Map(),
    sent: new Map(),
    sessions: connections.length,
    signal: signal ? AbortSignal.any([signal, failed.signal]) : failed.signal,
    onNotChecked: (sentence) => void notChecked.add(sentence),
    onRows: (name, items) => onProgress?.({ kind: "count", store: "postgres", name, items }),
  };
  const work = scans.flatMap(splitScan).map((scan) => new TableWork(scan, check));
  onProgress?.({ kind: "step", step: "rows" });
  const items = scans.reduce((sum, { estimatedRows }) => sum + Math.max(0, estimatedRows), 0);
  onProgress?.({ kind: "total", store: "postgres", items });
  try {
    const all = work.flatMap((one) => one.tasks());
    const forget = (connection: Connection): boolean => check.sent.delete(connection);
    const tasks = scans.length <= mostKeptTables ? all : all.map((task) => lettingGo(task, forget));
    await runTasks(connections, tasks, () => failed.abort());
  } catch (error) {
    if (signal?.aborted === true) throw stopped(signal);
    throw error;
  }
  const [first] = connections;
  const findings = first ? await allFindings(first, work, check) : [];
  await tidyUp(check, connections);
  const rows = rowsOf(work);
  return { takenAt, rows, findings, notChecked: [...notChecked].toSorted() };
}

/** The sessions go on to others: what was set in them is undone, and what they hold is let go. */
async function tidyUp({ sent }: RowsCheck, connections: readonly Connection[]): Promise<void> {
  await asRowsWork({ doing: "Ending the check of rows" }, async () => {
    for (const connection of connections) {
      const plan = sent.get(connection);
      if (plan) await forgetKeys(connection, plan);
      await connection.query("SET LOCAL max_parallel_workers_per_gather TO DEFAULT");
    }
  });
}

/** A table that is read in parts, each with some of its rules, has its rows but once. */
function rowsOf(work: readonly TableWork[]): number {
  const byTable = new Map<string, number>();
  for (const { scan, found } of work)
    byTable.set(
      scan.table,
      Math.max(byTable.get(scan.table) ?? 0, ...found.map(({ rows }) => rows)),
    );
  return [...byTable.values()].reduce((sum, rows) => sum + rows, 0);
}

async function allFindings(
  connection: Connection,
  work: readonly TableWork[],
  { onNotChecked }: RowsCheck,
): Promise<readonly Finding[]> {
  const rewritten = await asRowsWork({ doing: "Looking for changed tables" }, async () => {
    const tables = work.flatMap(({ scan }) => tablesOf(scan));
    return await rewrittenTables(connection, new Set(tables));
  });
  for (const table of rewritten) {
    onNotChecked(
      `${table} was emptied or rewritten when the check had just begun: what depends on it was not checked.`,
    );
  }
  const findings: Finding[] = [];
  for (const one of work) findings.push(...(await findingsOf(connection, one, rewritten)));
  return findings;
}

async function findingsOf(
  connection: Connection,
  { scan, facts, found }: TableWork,
  rewritten: ReadonlySet<string>,
): Promise<readonly Finding[]> {
  if (!facts || rewritten.has(scan.table)) return [];
  const unsure = new Set(
    scan.references
      .filter(({ referencedTable }) => rewritten.has(referencedTable))
      .map(({ subject }) => subject.id),
  );
  const findings: Finding[] = [];
  for (const one of found.flatMap((rows) => rows.subjects())) {
    if (unsure.has(one.subject.id)) continue;
    const work = { doing: `Reading examples of ${scan.table}`, table: scan.table };
    const examples = await asRowsWork(work, async () => await readExamples(connection, one, { scan, facts })); // prettier-ignore
    findings.push({ ...findingOf(one, scan), examples });
  }
  return findings;
}

function findingOf(
  { subject, count }: FoundSubject,
  { name }: TableScan,
): Omit<Finding, "examples"> {
  const { id, kind, severity, columns, constraint, message } = subject;
  return {
    id,
    kind,
    severity,
    store: "postgres",
    table: name,
    columns,
    ...(constraint !== undefined && { constraint }),
    message: message(count),
    count,
  };
}

function stopped(signal: AbortSignal): IntegrityError {
  return new IntegrityError("CANCELLED", "The check was stopped.", { cause: signal.reason });
}
