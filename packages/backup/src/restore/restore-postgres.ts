import { setTimeout } from "node:timers/promises";
import type { Connection, Postgres } from "@ctb-data/postgres";
import type { TableManifest } from "../archive/postgres-manifest.ts";
import type { OpenedBackup } from "../archive/read-backup.ts";
import { BackupError } from "../backup-error.ts";
import { applyGrants, applyPostData, applyPreData } from "../postgres-schema/apply-schema.ts";
import type { SchemaObject } from "../postgres-schema/schema-object.ts";
import { asDatabaseWork } from "../postgres/database-failure.ts";
import { restoreRows } from "../postgres/restore-rows.ts";
import { restoreSequences } from "../postgres/restore-sequences.ts";
import { applyOptionsOf, statementOf } from "./apply-options.ts";
import { readArchivedSchema } from "./archived-schema.ts";
import {
  dropMarker,
  dropStatements,
  findOwnObjects,
  markDone,
  markerStatements,
  readMarker,
} from "./postgres-target.ts";
import { refuseDamaged } from "./refuse-damaged.ts";
import type { PostgresPart, RestoreBackupOptions, RestoredRows } from "./restore-options.ts";
import { restoreTables } from "./restore-tables.ts";

export type PostgresRestoreOptions = RestoreBackupOptions & { readonly postgres: Postgres };

/** "ctbr": one restore at a time in a database. */
const restoreLock = 0x63746272;
const lockTries = 20;
const lockPauseMs = 250;

/**
 * Restores all rows of a backup, or those of some tables. The word of the restore stays in the database until `endPostgresRestore`: what
 * is run again after the rows were done does not begin with them again.
 *
 * @throws {BackupError} as `restoreBackup`.
 */
export async function restorePostgres(
  backup: OpenedBackup,
  options: PostgresRestoreOptions,
): Promise<RestoredRows> {
  const { postgres } = backup.manifest;
  if (postgres === null)
    throw new BackupError("NOT_FOUND", "The backup has nothing of PostgreSQL.");
  return await underLock(options.postgres, async () => {
    if (options.tables !== undefined || options.mode === "overwrite")
      return await restoreTables(backup, postgres, options);
    return await restoreWhole(backup, postgres, options);
  });
}

/** Takes the word of a restore away: all that belongs to it is done. @throws {BackupError} DATABASE_FAILED */
export async function endPostgresRestore(postgres: Postgres): Promise<void> {
  await asDatabaseWork(
    { doing: "Ending the restore" },
    async () => await postgres.transaction(dropMarker),
  );
}

async function underLock<T>(postgres: Postgres, fn: () => Promise<T>): Promise<T> {
  return await postgres.withConnection(
    async (connection) => {
      // The server must not end a session that only waits: its lock would be another restore's.
      await connection.query(
        "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'idle_session_timeout'",
      );
      await takeLock(connection, postgres.description);
      return await fn();
    },
    { destroy: true },
  );
}

/** The server may need a moment to see that a process which had it is gone. */
async function takeLock(connection: Connection, description: string): Promise<void> {
  for (let tries = 0; tries < lockTries; tries += 1) {
    const { rows } = await connection.query<{ got: boolean }>(
      "SELECT pg_catalog.pg_try_advisory_lock($1) AS got",
      [restoreLock],
    );
    if (rows[0]?.got === true) return;
    await setTimeout(lockPauseMs);
  }
  throw new BackupError("LOCKED", `Another restore runs in ${description}.`, {
    hint: "Wait until it is done, or end it.",
  });
}

async function restoreWhole(
  backup: OpenedBackup,
  manifest: PostgresPart,
  options: PostgresRestoreOptions,
): Promise<RestoredRows> {
  const { postgres, mode = "empty", onProgress } = options;
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  const { mustDrop, isDone } = await lookAtTarget(backup, options);
  if (isDone) return { tables: manifest.tables.length, rows, warnings: [] };
  // What is there now is only given up for something that is known to be readable to its end.
  if (mustDrop && mode === "exact") await refuseDamaged(backup, "postgres", options);
  const schema = await readArchivedSchema(backup, manifest);
  const applying = applyOptionsOf(options);
  onProgress?.({ kind: "step", step: "schema" });
  // One transaction: afterwards everything is as it was, or gone, with word of this restore in its place.
  const first = [
    ...(mustDrop ? await dropStatements(postgres) : []),
    ...markerStatements({ backup: backup.record.id, whole: true, tables: {} }),
  ].map((sql, index) => statementOf(`preparing the database, step ${index + 1}`, sql));
  const made = await applyPreData(postgres, [...first, ...schema.preData], applying);
  await loadRows(backup, manifest.tables, options);
  await restoreSequences(postgres, manifest.sequences, signalOf(options));
  onProgress?.({ kind: "step", step: "indexes and constraints" });
  const quiet = schema.postData.filter((object) => !isWatching(object));
  const built = await applyPostData(postgres, quiet, applying);
  // They would see the grants as something new, and write it down or forbid it.
  const last = [...schema.grants, ...schema.postData.filter(isWatching)];
  const granted = await applyGrants(postgres, last, applying);
  await asDatabaseWork(
    { doing: "Ending the restore" },
    async () => await postgres.transaction(markDone),
  );
  const warnings = [...made.warnings, ...built.warnings, ...granted.warnings];
  return { tables: manifest.tables.length, rows, warnings };
}

function isWatching({ kind }: SchemaObject): boolean {
  return kind === "event trigger";
}

async function lookAtTarget(
  { record }: OpenedBackup,
  { postgres, mode = "empty" }: PostgresRestoreOptions,
): Promise<{ readonly mustDrop: boolean; readonly isDone: boolean }> {
  const marker = await readMarker(postgres);
  const found = await findOwnObjects(postgres);
  if (found.length === 0) return { mustDrop: false, isDone: false };
  const goesOn = marker?.whole === true && marker.backup === record.id;
  if (goesOn && marker.done && mode === "empty") return { mustDrop: false, isDone: true };
  if (mode === "exact" || goesOn) return { mustDrop: true, isDone: false };
  const what = `${found.slice(0, 4).join(", ")}${found.length > 4 ? ", …" : ""}`;
  throw new BackupError(
    "NOT_EMPTY",
    marker === undefined
      ? `${postgres.description} is not empty: it has ${what}.`
      : `${postgres.description} holds an unfinished restore of ${marker.backup}, begun ${marker.startedAt}.`,
    {
      hint: "Restore into an empty database; or have rows of the same key replaced (`overwrite`), or everything else dropped (`exact`).",
      backup: record.id,
    },
  );
}

async function loadRows(
  { parts }: OpenedBackup,
  tables: readonly TableManifest[],
  { postgres, jobs, onProgress, signal }: PostgresRestoreOptions,
): Promise<void> {
  await restoreRows({
    postgres,
    tables,
    parts,
    mode: "empty",
    ...(jobs === undefined ? {} : { jobs }),
    onProgress,
    signal,
  });
}

function signalOf({ signal }: PostgresRestoreOptions): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
