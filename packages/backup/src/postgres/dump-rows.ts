import type { Connection } from "@ctb-data/postgres";
import type { TableManifest } from "../archive/postgres-manifest.ts";
import { BackupError } from "../backup-error.ts";
import type { PartRecord, PartSink } from "../part/part.ts";
import type { OnBackupProgress } from "../progress.ts";
import { databaseFailure } from "./database-failure.ts";
import { copyInSql, planParts, type MeasuredTable, type PlannedPart } from "./plan-parts.ts";
import { qualifiedName } from "./qualified-name.ts";
import type { SnapshotSessions } from "./snapshot-sessions.ts";

export interface DumpRowsOptions {
  readonly sessions: SnapshotSessions;
  readonly parts: PartSink;
  readonly jobs: number;
  readonly splitBytes: number;
  /** Whether the server finds a ctid range without reading the whole table. */
  readonly canSplit: boolean;
  readonly onProgress: OnBackupProgress | undefined;
  readonly signal: AbortSignal;
}

type DumpedPart = PartRecord & { readonly rows: number };

/** Reads the rows of every table into parts, largest first, several at once. The first failure stops them all. */
export async function dumpRows(
  tables: readonly MeasuredTable[],
  options: DumpRowsOptions,
): Promise<readonly TableManifest[]> {
  const halt = new AbortController();
  const signal = AbortSignal.any([options.signal, halt.signal]);
  const parts = tables.flatMap((table) => planParts(table, options));
  const queue = parts.toSorted((left, right) => right.sizeBytes - left.sizeBytes);
  const done = new Map<PlannedPart, DumpedPart>();
  const work = async (): Promise<void> => {
    for (let part = queue.shift(); part; part = queue.shift()) {
      const planned = part;
      const dumped = await options.sessions.use(
        async (connection) => await dumpPart(connection, planned, { ...options, signal }),
      );
      done.set(planned, dumped);
    }
  };
  const orHalt = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      queue.length = 0;
      halt.abort(error);
      throw error;
    }
  };
  await Promise.allSettled(Array.from({ length: options.jobs }, orHalt));
  // The first cause counts: the others only say that they were stopped.
  if (signal.aborted) throw signal.reason;
  return tables.map((table) => manifestOf(table, parts, done));
}

async function dumpPart(
  connection: Connection,
  part: PlannedPart,
  options: DumpRowsOptions,
): Promise<DumpedPart> {
  const table = qualifiedName(part.table);
  const writer = await options.parts.open(part.name);
  try {
    const copy = connection.copyOut(part.sql, { signal: options.signal });
    let bytes = 0;
    let told = 0;
    for await (const chunk of copy) {
      bytes += chunk.length;
      await writer.write(chunk);
      tell(options, { name: table, items: copy.messages - told, bytes: chunk.length });
      told = copy.messages;
    }
    const rows = checkCount(part, copy);
    const record = await writer.finish();
    if (record.plainBytes !== bytes) throw lostBytes(part, bytes, record.plainBytes);
    return { ...record, rows };
  } catch (error) {
    await writer.abort();
    if (options.signal.aborted) throw options.signal.reason;
    throw databaseFailure(error, { doing: `Reading ${table}`, table });
  }
}

/** What the server says that it sent must be what came. */
function checkCount(
  part: PlannedPart,
  copy: { readonly rows: number | undefined; readonly messages: number },
): number {
  if (copy.rows === copy.messages) return copy.rows;
  const table = qualifiedName(part.table);
  throw new BackupError(
    "DATABASE_FAILED",
    `The server says that it sent ${copy.rows ?? "no"} rows of ${table}; ${copy.messages} came.`,
    { table, key: part.name },
  );
}

function lostBytes(part: PlannedPart, sent: number, written: number): BackupError {
  return new BackupError(
    "STORAGE_FAILED",
    `${sent} bytes were given to the part ${part.name}; it has ${written}.`,
    { key: part.name },
  );
}

function tell(
  { onProgress }: DumpRowsOptions,
  count: { readonly name: string; readonly items: number; readonly bytes: number },
): void {
  onProgress?.({ kind: "count", store: "postgres", ...count });
}

function manifestOf(
  table: MeasuredTable,
  parts: readonly PlannedPart[],
  done: ReadonlyMap<PlannedPart, DumpedPart>,
): TableManifest {
  const own = parts
    .filter((part) => part.table === table)
    .map((part) => {
      const dumped = done.get(part);
      if (dumped) return dumped;
      throw new Error(`The part ${part.name} was not read`);
    });
  const { schema, name, columns } = table;
  const rows = own.reduce((sum, part) => sum + part.rows, 0);
  return { schema, name, columns: [...columns], rows, copyIn: copyInSql(table), parts: own };
}
