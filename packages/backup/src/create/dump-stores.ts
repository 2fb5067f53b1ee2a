import type { Manifest, Pairing } from "../archive/backup-manifest.ts";
import {
  openFirestoreSnapshot,
  type FirestoreSnapshot,
} from "../firestore/open-firestore-snapshot.ts";
import {
  countChangedRows,
  readWriteCounters,
  type WriteCounters,
} from "../pairing/changed-rows.ts";
import { openPostgresSnapshot, type PostgresSnapshot } from "../postgres/open-postgres-snapshot.ts";
import type { CreateBackupOptions } from "./create-options.ts";
import { dumpPostgres } from "./dump-postgres.ts";
import { orHalt } from "./or-halt.ts";
import type { RecordingSink } from "./recording-sink.ts";

type DumpOptions = CreateBackupOptions & { readonly sink: RecordingSink };
type Dumped = Pick<Manifest, "postgres" | "firestore" | "pairing">;

/**
 * Reads both stores. PostgreSQL's snapshot comes first, with its locks; Firestore's read time right after it; then both are read at
 * the same time, each as of its moment. When one of the two fails, the other one is stopped: a half is no backup.
 */
export async function dumpStores(given: DumpOptions): Promise<Dumped> {
  const halt = new AbortController();
  const signal =
    given.signal === undefined ? halt.signal : AbortSignal.any([given.signal, halt.signal]);
  const options = { ...given, signal };
  const { postgres, firestore } = options;
  const counters = postgres === undefined ? undefined : await readWriteCounters(postgres);
  const rows = postgres === undefined ? undefined : await openRows(options, postgres);
  try {
    const documents =
      firestore === undefined ? undefined : await openDocuments(options, firestore, rows);
    try {
      const second =
        postgres === undefined || documents === undefined ? undefined : await snapshotOf(postgres);
      const dumped = await dumpBoth({ options, halt }, rows, documents);
      if (rows === undefined || documents === undefined || second === undefined)
        return { ...dumped, pairing: null };
      const window = { from: rows.snapshot, to: second, counters: counters ?? new Map() };
      return { ...dumped, pairing: await pairOf(options, dumped, window) };
    } finally {
      await documents?.close();
    }
  } finally {
    await rows?.close();
  }
}

async function openRows(
  { sink, signal, onProgress, jobs = 2, splitBytes, lockTimeoutMs }: DumpOptions,
  postgres: NonNullable<DumpOptions["postgres"]>,
): Promise<PostgresSnapshot> {
  onProgress?.({ kind: "step", step: "locking" });
  return await openPostgresSnapshot({
    postgres,
    parts: sink,
    jobs,
    ...(splitBytes === undefined ? {} : { splitBytes }),
    ...(lockTimeoutMs === undefined ? {} : { lockTimeoutMs }),
    onProgress,
    signal,
  });
}

async function openDocuments(
  { sink, signal, onProgress, jobs = 2, firestoreFiles = [] }: DumpOptions,
  firestore: NonNullable<DumpOptions["firestore"]>,
  rows: PostgresSnapshot | undefined,
): Promise<FirestoreSnapshot> {
  return await openFirestoreSnapshot({
    firestore,
    parts: sink,
    jobs,
    files: firestoreFiles,
    ...(rows === undefined ? {} : { changedSince: rows.takenAt }),
    onProgress,
    signal,
  });
}

async function dumpBoth(
  { options, halt }: { readonly options: DumpOptions; readonly halt: AbortController },
  rows: PostgresSnapshot | undefined,
  documents: FirestoreSnapshot | undefined,
): Promise<Pick<Dumped, "postgres" | "firestore">> {
  const [postgres, firestore] = await Promise.allSettled([
    rows === undefined ? null : orHalt(halt, async () => await dumpPostgres(rows, options)),
    documents === undefined ? null : orHalt(halt, async () => await documents.dump(options)),
  ]);
  if (postgres.status === "fulfilled" && firestore.status === "fulfilled")
    return { postgres: postgres.value, firestore: firestore.value };
  // The first cause counts: the other store only says that it was stopped.
  throw halt.signal.reason;
}

interface Window {
  readonly from: string;
  readonly to: string;
  readonly counters: WriteCounters;
}

async function pairOf(
  options: DumpOptions,
  { postgres, firestore }: Pick<Dumped, "postgres" | "firestore">,
  { from, to, counters }: Window,
): Promise<Pairing | null> {
  if (postgres === null || firestore === null || options.postgres === undefined) return null;
  const now = await readWriteCounters(options.postgres);
  return {
    postgresAt: postgres.snapshotAt,
    firestoreAt: firestore.readTime,
    skewMs: millisOf(firestore.readTime) - millisOf(postgres.snapshotAt),
    changedRows: await countChangedRows(
      options.postgres,
      { from, to, tables: postgres.tables },
      (table) => counters.get(table) !== now.get(table) || !now.has(table),
    ),
    changedDocuments: firestore.changed,
  };
}

async function snapshotOf(postgres: NonNullable<DumpOptions["postgres"]>): Promise<string> {
  const { rows } = await postgres.query<{ at: string }>(
    "SELECT pg_catalog.pg_current_snapshot()::text AS at",
  );
  return rows[0]?.at ?? "";
}

/** Milliseconds, with the microseconds as a fraction: Date knows none. */
function millisOf(instant: string): number {
  const fraction = /\.(\d+)/u.exec(instant)?.[1] ?? "0";
  const seconds = Date.parse(instant.replace(/\.\d+/u, ""));
  return Math.round(seconds * 1000 + Number(`0.${fraction}`) * 1_000_000) / 1000;
}
