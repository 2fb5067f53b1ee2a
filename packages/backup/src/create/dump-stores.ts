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
import {
  openPostgresSnapshot,
  type PostgresSnapshot,
} from "../postgres/open-postgres-snapshot.ts";
import type { CreateBackupOptions } from "./create-options.ts";
import { dumpPostgres } from "./dump-postgres.ts";
import type { RecordingSink } from "./recording-sink.ts";

type DumpOptions = CreateBackupOptions & { readonly sink: RecordingSink };
type Dumped = Pick<Manifest, "postgres" | "firestore" | "pairing">;

/**
 * Reads both stores. PostgreSQL's snapshot comes first, with its locks; Firestore's read time right after it; then both are read at
 * the same time, each as of its moment.
 */
export async function dumpStores(options: DumpOptions): Promise<Dumped> {
  const { postgres, firestore } = options;
  const counters = postgres === undefined ? undefined : await readWriteCounters(postgres);
  const rows = postgres === undefined ? undefined : await openRows(options, postgres);
  try {
    const documents =
      firestore === undefined ? undefined : await openDocuments(options, firestore, rows);
    try {
      const second =
        postgres === undefined || documents === undefined
          ? undefined
          : await snapshotOf(postgres);
      const dumped = await dumpBoth(options, rows, documents);
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

/** When one of the two fails, the other one is stopped: a half is no backup. */
async function dumpBoth(
  options: DumpOptions,
  rows: PostgresSnapshot | undefined,
  documents: FirestoreSnapshot | undefined,
): Promise<Pick<Dumped, "postgres" | "firestore">> {
  const halt = new AbortController();
  const signal =
    options.signal === undefined ? halt.signal : AbortSignal.any([options.signal, halt.signal]);
  const orHalt = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      halt.abort(error);
      throw error;
    }
  };
  const results = await Promise.allSettled([
    rows === undefined ? null : orHalt(dumpPostgres(rows, { ...options, signal })),
    documents === undefined ? null : orHalt(documents.dump({ signal })),
  ]);
  const [postgres, firestore] = results;
  // The first cause counts: the other one only says that it was stopped.
  if (halt.signal.aborted) throw halt.signal.reason;
  if (postgres.status === "rejected") throw postgres.reason;
  if (firestore.status === "rejected") throw firestore.reason;
  return { postgres: postgres.value, firestore: firestore.value };
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
