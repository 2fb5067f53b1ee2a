import { PostgresError, type Postgres, type Queryable } from "@ctb-data/postgres";
import { advisoryKey } from "./advisory-key.ts";
import { databaseError } from "./database-error.ts";
import { PipelineError } from "./pipeline-error.ts";

/** Tables of the schema `ctb_data` that this package makes and keeps for itself. */
export interface OwnTables {
  /** With the schema: `ctb_data.imo_work`. They are made together. */
  readonly names: readonly [string, ...string[]];
  /** What the comment of each says: `… imo, format 1: …`. */
  readonly format: number;
  /** The statements that make them, comments included. */
  readonly create: string;
  /** What they are, for messages: `The tables for the work of runs`. */
  readonly what: string;
}

/**
 * Makes the schema `ctb_data` and the tables where they are not there. Any number of sessions may do so at once.
 *
 * @throws {PipelineError} DENIED, UNKNOWN_FORMAT, DATABASE_FAILED
 */
export async function ensureOwnTables(postgres: Postgres, tables: OwnTables): Promise<void> {
  try {
    for (let attempt = 1; ; attempt += 1) {
      if (await hasOwnTables(postgres, tables)) return;
      try {
        await createOwnTables(postgres, tables);
        return;
      } catch (error) {
        // Another part of ctb-data, with a lock of its own, has made the schema at the same moment.
        if (attempt > 3 || !isDuplicate(error)) throw error;
      }
    }
  } catch (error) {
    throw databaseError(error, `${tables.what} could not be made in ctb_data`, {
      table: tables.names[0],
    });
  }
}

async function createOwnTables(postgres: Postgres, tables: OwnTables): Promise<void> {
  await postgres.transaction(async (tx) => {
    await tx.query("SELECT pg_catalog.pg_advisory_xact_lock($1)", [advisoryKey(tables.names[0])]);
    if (await hasOwnTables(tx, tables)) return;
    const { rows } = await tx.query<{ readonly there: boolean }>(
      "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'ctb_data') AS there",
    );
    // IF NOT EXISTS would ask for the right to create schemas even when there is nothing to create.
    if (rows[0]?.there !== true) await tx.query("CREATE SCHEMA ctb_data");
    await tx.query(tables.create);
  });
}

function isDuplicate(error: unknown): boolean {
  if (!(error instanceof PostgresError)) return false;
  return ["23505", "42P06", "42P07", "42710"].includes(error.sqlState ?? "");
}

/**
 * Whether the tables are there.
 *
 * @throws {PipelineError} UNKNOWN_FORMAT when a newer version made them, or they are not ours.
 */
export async function hasOwnTables(db: Queryable, { names, format }: OwnTables): Promise<boolean> {
  const { rows } = await db.query<{ readonly comment: string | null }>(
    `SELECT pg_catalog.obj_description(c.oid, 'pg_class') AS comment
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'ctb_data' AND 'ctb_data.' || c.relname = ANY ($1::pg_catalog.text[])`,
    [names],
  );
  if (rows.length === 0) return false;
  const formats = rows.map(
    ({ comment }) => /imo, format (?<n>\d+):/.exec(comment ?? "")?.groups?.["n"],
  );
  if (formats.length === names.length && formats.every((found) => found === String(format)))
    return true;
  const newer = formats.find((found) => found !== undefined && found !== String(format));
  throw newer === undefined ? notOurs(names) : ofAnotherFormat(names[0], newer, format);
}

function notOurs(names: OwnTables["names"]): PipelineError {
  const [table] = names;
  const message =
    names.length === 1
      ? `The table ${table} is not the one that this program makes.`
      : `The tables ${names.join(" and ")} are not those that this program makes.`;
  return new PipelineError("UNKNOWN_FORMAT", message, {
    table,
    hint:
      names.length === 1
        ? "Nothing was changed. Rename it, or drop it when no run is under way and nothing in it is needed."
        : "Nothing was changed. Rename them, or drop them when no run is under way.",
  });
}

function ofAnotherFormat(table: string, found: string, known: number): PipelineError {
  return new PipelineError(
    "UNKNOWN_FORMAT",
    `What ${table} holds has format ${found}; this version knows format ${known}.`,
    {
      table,
      hint: "Nothing was changed. Use the version of ctb-data that made it, or a newer one.",
    },
  );
}
