import type { Postgres } from "@ctb-data/postgres";
import { ensureOwnTables, type OwnTables } from "../own-tables.ts";

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

const workTables: OwnTables = {
  names: [workTable, runnersTable],
  format,
  create: createTables,
  what: "The tables for the work of runs",
};

/**
 * Makes the schema `ctb_data` and the tables of work where they are not there. Any number of sessions may do so at once.
 *
 * @throws {PipelineError} DENIED, UNKNOWN_FORMAT, DATABASE_FAILED
 */
export async function ensureWorkTables(postgres: Postgres): Promise<void> {
  await ensureOwnTables(postgres, workTables);
}
