import { quoteIdentifier, type Connection } from "@ctb-data/postgres";
import { BackupError } from "../backup-error.ts";
import { asDatabaseWork } from "./database-failure.ts";
import { begin, checkEmpty, type LoadOptions } from "./load-fresh-tables.ts";
import { loadPart } from "./load-part.ts";
import { qualifiedName } from "./qualified-name.ts";
import type { TableToLoad } from "./restore-rows.ts";
import { suspendReactions } from "./suspend-reactions.ts";

const stage = "pg_temp.ctb_data_stage";

/** Loads tables that others depend on, in one transaction: all of them, or nothing. */
export async function loadKnownTables(
  loads: readonly TableToLoad[],
  options: LoadOptions,
): Promise<void> {
  if (loads.length === 0) return;
  if (options.mode === "overwrite") checkKeys(loads);
  await asDatabaseWork(
    { doing: "Restoring rows" },
    async () =>
      await options.postgres.withConnection(
        async (connection) => {
          await begin(connection, options.server);
          try {
            await loadAll(connection, loads, options);
            await connection.query("COMMIT");
          } catch (error) {
            if (!connection.lost) await connection.query("ROLLBACK");
            throw error;
          }
        },
        { destroy: true, ...(options.signal && { signal: options.signal }) },
      ),
  );
}

async function loadAll(
  connection: Connection,
  loads: readonly TableToLoad[],
  options: LoadOptions,
): Promise<void> {
  const names = loads.map(({ table }) => `ONLY ${qualifiedName(table)}`).join(", ");
  await connection.query(`LOCK TABLE ${names} IN ACCESS EXCLUSIVE MODE`);
  if (options.mode === "empty") await checkEmpty(connection, loads);
  const resume = await suspendReactions(
    connection,
    loads.map(({ target }) => target.oid),
  );
  if (options.mode === "exact") await emptyTables(connection, loads);
  for (const load of loads) {
    if (options.mode === "overwrite") await overwriteTable(connection, load, options);
    else await loadTable(connection, load, { ...options, sql: load.table.copyIn });
  }
  await resume();
}

async function emptyTables(connection: Connection, loads: readonly TableToLoad[]): Promise<void> {
  const own = loads.filter(({ target }) => !target.isOfExtension);
  const names = own.map(({ table }) => `ONLY ${qualifiedName(table)}`).join(", ");
  if (own.length > 0) await connection.query(`TRUNCATE ${names}`);
  for (const { table, target } of loads) {
    if (!target.isOfExtension) continue;
    await connection.query(`DELETE FROM ONLY ${qualifiedName(table)} ${target.extensionCondition}`);
  }
}

async function loadTable(
  connection: Connection,
  { table }: TableToLoad,
  options: LoadOptions & { readonly sql: string },
): Promise<void> {
  const { parts, sql, onProgress, signal } = options;
  for (const part of table.parts)
    await loadPart(connection, { table, part, parts, sql, onProgress, signal });
}

async function overwriteTable(
  connection: Connection,
  load: TableToLoad,
  options: LoadOptions,
): Promise<void> {
  const { table, target } = load;
  const name = qualifiedName(table);
  const columns = table.columns.map((column) => quoteIdentifier(column));
  const list = columns.join(", ");
  const key = target.primaryKey.map((column) => quoteIdentifier(column));
  const rest = columns.filter((column) => !key.includes(column));
  const update = rest.map((column) => `${column} = EXCLUDED.${column}`).join(", ");
  await connection.query(`CREATE TEMPORARY TABLE ctb_data_stage AS SELECT ${list} FROM ${name} WITH NO DATA`); // prettier-ignore
  await loadTable(connection, load, { ...options, sql: `COPY ${stage} (${list}) FROM STDIN` });
  await connection.query(
    `INSERT INTO ${name} (${list}) OVERRIDING SYSTEM VALUE SELECT ${list} FROM ${stage}
      ON CONFLICT (${key.join(", ")}) DO ${rest.length === 0 ? "NOTHING" : `UPDATE SET ${update}`}`,
  );
  await connection.query(`DROP TABLE ${stage}`);
}

function checkKeys(loads: readonly TableToLoad[]): void {
  for (const { table, target } of loads) {
    const { primaryKey } = target;
    if (primaryKey.length > 0 && primaryKey.every((column) => table.columns.includes(column)))
      continue;
    const name = qualifiedName(table);
    throw new BackupError("REFUSED", `${name} has no primary key to know its rows by.`, {
      table: name,
      hint: "Replace all of its rows (exact) instead.",
    });
  }
}
