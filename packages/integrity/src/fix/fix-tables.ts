import { PostgresError, type Connection, type Queryable } from "@ctb-data/postgres";
import { IntegrityError } from "../integrity-error.ts";

/** The runs of `fix`, one row each. */
export const runsTable = "ctb_data.integrity_runs";

/** What a run did for one finding, one row each. */
export const stepsTable = "ctb_data.integrity_steps";

/**
 * What every row and document was before a fix moved, changed or deleted it. `docs/formats.md` says what its columns mean.
 * A row of it is written in the transaction that takes the row of the user's table away; for a document before it is changed.
 */
export const quarantineTable = "ctb_data.quarantine";

const format = 1;

const createTables = `
CREATE TABLE ${runsTable} (
  id text PRIMARY KEY,
  state text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'undoing', 'undone')),
  strategy text NOT NULL,
  options jsonb NOT NULL,
  started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  finished_at timestamptz,
  undo_started_at timestamptz,
  undone_at timestamptz,
  backend integer NOT NULL,
  run_by text NOT NULL,
  database_user text NOT NULL DEFAULT SESSION_USER,
  tool_version text NOT NULL,
  error text
);
COMMENT ON TABLE ${runsTable} IS 'Runs of ctb-data integrity fix, format ${format}. ctb-data integrity undo <id> puts back what one has changed.';
CREATE TABLE ${stepsTable} (
  run text NOT NULL REFERENCES ${runsTable} (id) ON DELETE CASCADE,
  step integer NOT NULL,
  finding text NOT NULL,
  kind text NOT NULL,
  store text NOT NULL CHECK (store IN ('postgres', 'firestore')),
  message text NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'undone')),
  statements text[] NOT NULL DEFAULT '{}',
  undo_first text[] NOT NULL DEFAULT '{}',
  undo_last text[] NOT NULL DEFAULT '{}',
  undo_notes text[] NOT NULL DEFAULT '{}',
  rows bigint NOT NULL DEFAULT 0,
  documents bigint NOT NULL DEFAULT 0,
  reason text,
  started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  finished_at timestamptz,
  undone_at timestamptz,
  PRIMARY KEY (run, step)
);
COMMENT ON TABLE ${stepsTable} IS 'What each run of ctb-data integrity fix did for each finding: the statements, and those that undo them before (undo_first) and after (undo_last) the rows are put back.';
CREATE TABLE ${quarantineTable} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run text NOT NULL,
  step integer NOT NULL,
  store text NOT NULL CHECK (store IN ('postgres', 'firestore')),
  place text NOT NULL,
  key jsonb NOT NULL,
  action text NOT NULL CHECK (action IN ('moved', 'changed', 'deleted', 'created')),
  why text NOT NULL,
  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  old_row jsonb,
  new_row jsonb,
  sealed text[],
  old_document text,
  new_document text,
  restored_at timestamptz,
  conflict text
);
CREATE INDEX quarantine_run_step_idx ON ${quarantineTable} (run, step, store);
COMMENT ON TABLE ${quarantineTable} IS 'Rows and documents as they were before ctb-data integrity fix moved, changed or deleted them: from where (place, key), when (at) and why.';
COMMENT ON COLUMN ${quarantineTable}.place IS 'The table as schema.table, quoted where PostgreSQL would; of a document its collection.';
COMMENT ON COLUMN ${quarantineTable}.key IS 'Of a row its primary key, column by column as text ({} where the table has none); of a document {"path": …}.';
COMMENT ON COLUMN ${quarantineTable}.old_row IS 'The row as it was: every column that is not generated, as PostgreSQL prints its value (DateStyle ISO, IntervalStyle postgres, bytea hex, TimeZone UTC), JSON null for NULL.';
COMMENT ON COLUMN ${quarantineTable}.new_row IS 'Of a changed row the columns that were changed, with what they hold since.';
COMMENT ON COLUMN ${quarantineTable}.sealed IS 'Columns that were encrypted in place: their old value is not here, it is what new_row decrypts to.';
COMMENT ON COLUMN ${quarantineTable}.old_document IS 'The document as it was, one line of JSON; NULL where there was none.';
COMMENT ON COLUMN ${quarantineTable}.new_document IS 'The document as the fix has made it; NULL where it was deleted.';
COMMENT ON COLUMN ${quarantineTable}.restored_at IS 'When undo has put it back.';
COMMENT ON COLUMN ${quarantineTable}.conflict IS 'Why undo could not put it back.';
`;

/** Nobody else reads what was taken out of other tables, whatever the database's default privileges would give. */
const onlyOurs = `
DO $$ DECLARE grantee text; BEGIN
  FOR grantee IN SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::text END
    FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
    WHERE c.oid IN ('${runsTable}'::pg_catalog.regclass, '${stepsTable}'::pg_catalog.regclass, '${quarantineTable}'::pg_catalog.regclass) AND a.grantee <> c.relowner
  LOOP EXECUTE 'REVOKE ALL ON ${runsTable}, ${stepsTable}, ${quarantineTable} FROM ' || grantee; END LOOP;
END $$;
REVOKE ALL ON ${runsTable}, ${stepsTable}, ${quarantineTable} FROM PUBLIC;`;

/**
 * Makes the schema `ctb_data` and its tables where they are not there. Only under the lock of fixes: two sessions that make
 * them at once would both fail.
 *
 * @throws {IntegrityError} DENIED, UNKNOWN_FORMAT, DATABASE_FAILED
 */
export async function ensureFixTables(connection: Connection): Promise<void> {
  if (await hasFixTables(connection)) return;
  const { rows } = await connection.query<{ readonly there: boolean }>(
    "SELECT pg_catalog.to_regnamespace('ctb_data') IS NOT NULL AS there",
  );
  // IF NOT EXISTS would ask for the right to create schemas even when there is nothing to create.
  const schema = rows[0]?.there === true ? "" : "CREATE SCHEMA ctb_data;";
  try {
    await connection.query(`BEGIN; ${schema} ${createTables} ${onlyOurs} COMMIT;`);
  } catch (error) {
    if (!connection.lost) await connection.query("ROLLBACK");
    throw notMade(error);
  }
}

/**
 * Whether the tables are there.
 *
 * @throws {IntegrityError} UNKNOWN_FORMAT when a newer version made them, or they are not ours.
 */
export async function hasFixTables(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ readonly comment: string | null; readonly tables: number }>(
    `SELECT pg_catalog.obj_description(pg_catalog.to_regclass('${runsTable}'), 'pg_class') AS comment,
      pg_catalog.num_nonnulls(pg_catalog.to_regclass('${runsTable}'), pg_catalog.to_regclass('${stepsTable}'), pg_catalog.to_regclass('${quarantineTable}')) AS tables`,
  );
  const { comment, tables } = rows[0] ?? { comment: null, tables: 0 };
  if (tables === 0) return false;
  const found = /integrity fix, format (?<format>\d+)\./.exec(comment ?? "")?.groups?.["format"];
  if (tables === 3 && found === String(format)) return true;
  throw new IntegrityError(
    "UNKNOWN_FORMAT",
    found === undefined || tables < 3
      ? `The tables ${runsTable}, ${stepsTable} and ${quarantineTable} are not those that this program makes.`
      : `What ${runsTable} holds has format ${found}; this version knows format ${format}.`,
    {
      table: runsTable,
      hint:
        found === undefined || tables < 3
          ? "Nothing was changed. Rename them, or put back what is missing of them."
          : "Nothing was changed. Use the version of ctb-data that made it, or a newer one.",
    },
  );
}

function notMade(cause: unknown): unknown {
  if (!(cause instanceof PostgresError)) return cause;
  const denied = cause.sqlState === "42501";
  return new IntegrityError(
    denied ? "DENIED" : "DATABASE_FAILED",
    `The tables for what a fix moves could not be made in ctb_data: ${cause.message}`,
    {
      cause,
      table: quarantineTable,
      hint: denied
        ? "Nothing was changed. Run it as a user that may create the schema ctb_data and tables in it, or let an administrator run CREATE SCHEMA ctb_data AUTHORIZATION <user>."
        : "Nothing was changed. See the message of the server.",
    },
  );
}
