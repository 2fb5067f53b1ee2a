import { PostgresError, type Postgres, type Queryable } from "@ctb-data/postgres";
import { PipelineError } from "../pipeline-error.ts";
import { advisoryKey } from "./advisory-key.ts";
import { databaseError } from "./database-error.ts";

/** The parts of the work of all runs. Part -1 of a step is its plan. */
export const workTable = "ctb_data.imo_work";

/** Who shows life in which run. */
export const runnersTable = "ctb_data.imo_runners";

const format = 1;

const createTables = `
CREATE TABLE ${workTable} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  process_table text NOT NULL,
  run bigint NOT NULL,
  stage text NOT NULL,
  step text NOT NULL,
  part integer NOT NULL,
  range text,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'held', 'done', 'failed', 'cancelled')),
  position text,
  counts jsonb NOT NULL DEFAULT '{}',
  errors jsonb NOT NULL DEFAULT '[]',
  files jsonb NOT NULL DEFAULT '[]',
  token bigint NOT NULL DEFAULT 0,
  holder uuid,
  workers text[] NOT NULL DEFAULT '{}',
  crashes integer NOT NULL DEFAULT 0,
  expires_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  UNIQUE (process_table, run, stage, step, part)
);
COMMENT ON TABLE ${workTable} IS 'The work of ctb-data imo, format ${format}: one row for each part of a step of a run.';
COMMENT ON COLUMN ${workTable}.process_table IS 'The table of runs, quoted as in SQL: a database may have several.';
COMMENT ON COLUMN ${workTable}.part IS 'From 0; -1 is the plan, which has made the others once it is done.';
COMMENT ON COLUMN ${workTable}.range IS 'JSON: the documents of this part. As text, because jsonb cannot hold every name.';
COMMENT ON COLUMN ${workTable}.position IS 'JSON: what was done last.';
COMMENT ON COLUMN ${workTable}.token IS 'Grows with every holder. Only who has the newest one can write the row.';
COMMENT ON COLUMN ${workTable}.crashes IS 'How often it was taken over since it last moved.';
CREATE TABLE ${runnersTable} (
  id uuid PRIMARY KEY,
  process_table text NOT NULL,
  run bigint NOT NULL,
  worker text NOT NULL,
  place text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX imo_runners_run_idx ON ${runnersTable} (process_table, run);
COMMENT ON TABLE ${runnersTable} IS 'The runners of ctb-data imo, format ${format}: who does not move expires_at on is taken for dead.';
COMMENT ON COLUMN ${runnersTable}.place IS 'The machine, its boot and its namespace of processes: where the number in worker tells whether it lives.';
`;

/**
 * Makes the schema `ctb_data` and the tables of work where they are not there. Any number of sessions may do so at once.
 *
 * @throws {PipelineError} DENIED, UNKNOWN_FORMAT, DATABASE_FAILED
 */
export async function ensureWorkTables(postgres: Postgres): Promise<void> {
  try {
    for (let attempt = 1; ; attempt += 1) {
      if (await hasWorkTables(postgres)) return;
      try {
        await createWorkTables(postgres);
        return;
      } catch (error) {
        // Another part of ctb-data, with a lock of its own, has made the schema at the same moment.
        if (attempt > 3 || !isDuplicate(error)) throw error;
      }
    }
  } catch (error) {
    throw databaseError(error, "The tables for the work of runs could not be made in ctb_data", {
      table: workTable,
    });
  }
}

async function createWorkTables(postgres: Postgres): Promise<void> {
  await postgres.transaction(async (tx) => {
    await tx.query("SELECT pg_catalog.pg_advisory_xact_lock($1)", [advisoryKey(workTable)]);
    if (await hasWorkTables(tx)) return;
    const { rows } = await tx.query<{ readonly there: boolean }>(
      "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'ctb_data') AS there",
    );
    // IF NOT EXISTS would ask for the right to create schemas even when there is nothing to create.
    if (rows[0]?.there !== true) await tx.query("CREATE SCHEMA ctb_data");
    await tx.query(createTables);
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
export async function hasWorkTables(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ readonly comment: string | null }>(
    `SELECT pg_catalog.obj_description(c.oid, 'pg_class') AS comment
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'ctb_data' AND c.relname IN ('imo_work', 'imo_runners')`,
  );
  if (rows.length === 0) return false;
  const formats = rows.map(({ comment }) => /imo, format (?<n>\d+):/.exec(comment ?? "")?.[1]);
  if (formats.length === 2 && formats.every((found) => found === String(format))) return true;
  const newer = formats.find((found) => found !== undefined && found !== String(format));
  throw new PipelineError(
    "UNKNOWN_FORMAT",
    newer === undefined
      ? `The tables ${workTable} and ${runnersTable} are not those that this program makes.`
      : `What ${workTable} holds has format ${newer}; this version knows format ${format}.`,
    {
      table: workTable,
      hint:
        newer === undefined
          ? "Nothing was changed. Rename them, or drop them when no run is under way."
          : "Nothing was changed. Use the version of ctb-data that made it, or a newer one.",
    },
  );
}
