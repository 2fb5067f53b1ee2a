import type { Postgres } from "@ctb-data/postgres";
import type { TableManifest } from "../archive/postgres-manifest.ts";
import { BackupError } from "../backup-error.ts";
import type { PartSource } from "../part/part.ts";
import type { OnBackupProgress } from "../progress.ts";
import { asDatabaseWork } from "./database-failure.ts";
import { loadFreshTables } from "./load-fresh-tables.ts";
import { loadKnownTables } from "./load-known-tables.ts";
import { qualifiedName, someNames } from "./qualified-name.ts";
import { readServerFacts } from "./server-facts.ts";
import { readTargetTables, type TargetTable } from "./target-tables.ts";

/**
 * What becomes of rows that are there. `empty`: there must be none. `exact`: they go. `overwrite`: those with the same primary key
 * are replaced, the others stay.
 */
export type RestoreRowsMode = "empty" | "exact" | "overwrite";

export interface RestoreRowsOptions {
  /** Its tables must be there. The pool must have a connection for each job. */
  readonly postgres: Postgres;
  /** Those of the manifest that are to be restored. */
  readonly tables: readonly TableManifest[];
  readonly parts: PartSource;
  readonly mode: RestoreRowsMode;
  /** Parts that are loaded at once, where they can. Default 2. */
  readonly jobs?: number;
  readonly onProgress?: OnBackupProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @internal One table of the archive, and the same one in the database. */
export interface TableToLoad {
  readonly table: TableManifest;
  readonly target: TargetTable;
}

/**
 * Loads the rows of tables that are there.
 *
 * Tables without foreign keys and triggers, as they are before the second half of the schema is run, are loaded part by part over
 * several connections, each part in a transaction of its own. If one fails, none of its rows are there; those of others may be.
 *
 * Everything else is one transaction over all of the tables, which ends with all of it or nothing: foreign keys from and to the
 * tables are dropped and made again behind the rows, so that the server checks every row of them; triggers do not run,
 * because the rows are what they were after the triggers had run.
 *
 * @throws {BackupError} NOT_FOUND for a table or column that is not there; NOT_EMPTY; REFUSED for `overwrite` of a table without a
 * primary key; DATABASE_FAILED, NOT_EQUAL, CANCELLED, and what the source throws.
 */
export async function restoreRows(options: RestoreRowsOptions): Promise<void> {
  const { postgres, mode, onProgress, tables } = options;
  onProgress?.({ kind: "step", step: "rows" });
  const bytes = tables.flatMap(({ parts }) => parts).reduce((sum, { plainBytes }) => sum + plainBytes, 0); // prettier-ignore
  const items = tables.reduce((sum, { rows }) => sum + rows, 0);
  onProgress?.({ kind: "total", store: "postgres", items, bytes });
  const [server, targets] = await asDatabaseWork(
    { doing: "Looking at the tables" },
    async () =>
      await postgres.withConnection(
        async (connection) =>
          [await readServerFacts(connection), await readTargetTables(connection, tables)] as const,
      ),
  );
  const loads = pairUp(tables, targets);
  const isFresh = mode === "empty" && loads.every(({ target }) => target.isPlain);
  if (isFresh) await loadFreshTables(loads, { ...options, server });
  else await loadKnownTables(loads, { ...options, server });
}

function pairUp(
  tables: readonly TableManifest[],
  targets: readonly TargetTable[],
): readonly TableToLoad[] {
  const byName = new Map(targets.map((target) => [qualifiedName(target), target]));
  const loads = tables.flatMap((table) => {
    const target = byName.get(qualifiedName(table));
    return target === undefined ? [] : [{ table, target }];
  });
  const missing = tables.map(qualifiedName).filter((name) => !byName.has(name));
  if (missing.length > 0) throw notFound(someNames(missing), missing[0]);
  for (const { table, target } of loads) {
    const columns = table.columns.filter((column) => !target.columns.includes(column));
    const name = qualifiedName(table);
    if (columns.length > 0) throw notFound(`the columns ${someNames(columns)} of ${name}`, name);
  }
  return loads;
}

function notFound(what: string, table: string | undefined): BackupError {
  return new BackupError("NOT_FOUND", `The database does not have ${what}.`, {
    table,
    hint: "Restore the schema of the backup first.",
  });
}
