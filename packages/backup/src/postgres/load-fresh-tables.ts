import type { Connection } from "@ctb-data/postgres";
import { BackupError } from "../backup-error.ts";
import { asDatabaseWork } from "./database-failure.ts";
import { loadPart } from "./load-part.ts";
import { PartQueue, type PartToLoad } from "./part-queue.ts";
import { qualifiedName } from "./qualified-name.ts";
import type { RestoreRowsOptions, TableToLoad } from "./restore-rows.ts";
import type { ServerFacts } from "./server-facts.ts";
import { sessionSettings } from "./session-settings.ts";

/** What loading needs besides the tables. */
export type LoadOptions = RestoreRowsOptions & { readonly server: ServerFacts };

/** Loads tables that nothing depends on, part by part, largest first, over several connections. The first failure stops all. */
export async function loadFreshTables(
  loads: readonly TableToLoad[],
  options: LoadOptions,
): Promise<void> {
  const { postgres, jobs = 2 } = options;
  const halt = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, halt.signal]) : halt.signal;
  await asDatabaseWork({ doing: "Looking for rows" }, async () => {
    await postgres.withConnection(async (connection) => await checkEmpty(connection, loads));
  });
  const queue = new PartQueue(loads);
  const work = async (): Promise<void> => {
    await postgres.withConnection(
      async (connection) => {
        for (let task = queue.take(); task; task = queue.take()) {
          await loadOne(connection, task, { ...options, signal });
          queue.done(task);
        }
      },
      { destroy: true },
    );
  };
  const orHalt = async (): Promise<void> => {
    try {
      await asDatabaseWork({ doing: "Loading rows" }, work);
    } catch (error) {
      queue.clear();
      halt.abort(error);
      throw error;
    }
  };
  await Promise.allSettled(Array.from({ length: Math.min(jobs, queue.length) }, orHalt));
  if (options.signal?.aborted === true && !(halt.signal.reason instanceof BackupError))
    throw new BackupError("CANCELLED", "The restore was stopped.", {
      cause: options.signal.reason,
    });
  // The first cause counts: the others only say that they were stopped.
  if (halt.signal.aborted) throw halt.signal.reason;
}

async function loadOne(
  connection: Connection,
  { load, part }: PartToLoad,
  options: LoadOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { table, target } = load;
  if (options.signal.aborted) throw options.signal.reason;
  await begin(connection, options.server);
  try {
    const isWhole = table.parts.length === 1 && !target.isOfExtension;
    const canFreeze = isWhole && (await emptied(connection, load));
    const sql = canFreeze ? `${table.copyIn} WITH (FREEZE)` : table.copyIn;
    await loadPart(connection, { ...options, table, part, sql });
    await connection.query("COMMIT");
  } catch (error) {
    if (!connection.lost) await connection.query("ROLLBACK");
    throw error;
  }
}

/** Starts a transaction that reads the text of rows. */
export async function begin(connection: Connection, server: ServerFacts): Promise<void> {
  await connection.query(
    `BEGIN; ${sessionSettings(server.versionNumber)} SET LOCAL synchronous_commit = off`,
  );
}

/**
 * A table that is emptied in the same transaction takes its rows as old ones, which nobody has to freeze later, and under
 * `wal_level = minimal` without writing them twice. Nobody can have written to it in between: it is locked. False where the user
 * may not.
 */
async function emptied(connection: Connection, { table }: TableToLoad): Promise<boolean> {
  const name = qualifiedName(table);
  const { rows } = await connection.query<{ may: boolean }>(
    "SELECT has_table_privilege($1::regclass, 'TRUNCATE') AS may",
    [name],
  );
  if (rows[0]?.may !== true) return false;
  await connection.query(`LOCK TABLE ONLY ${name} IN ACCESS EXCLUSIVE MODE`);
  if (await hasRowsNow(connection, name)) throw notEmpty(name);
  await connection.query(`TRUNCATE ONLY ${name}`);
  return true;
}

/** @throws {BackupError} NOT_EMPTY */
export async function checkEmpty(
  connection: Connection,
  loads: readonly TableToLoad[],
): Promise<void> {
  for (const { table, target } of loads) {
    const name = qualifiedName(table);
    // What an extension has put into its own table is not the user's.
    if (!target.isOfExtension && (await hasRowsNow(connection, name))) throw notEmpty(name);
  }
}

async function hasRowsNow(connection: Connection, name: string): Promise<boolean> {
  const { rows } = await connection.query<{ some: boolean }>(
    `SELECT EXISTS (SELECT FROM ONLY ${name}) AS some`,
  );
  return rows[0]?.some === true;
}

function notEmpty(name: string): BackupError {
  return new BackupError("NOT_EMPTY", `${name} has rows.`, {
    table: name,
    hint: "Restore into an empty table, replace its rows (exact), or those of the same keys (overwrite).",
  });
}
