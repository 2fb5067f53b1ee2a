import { PostgresError, type Postgres, type Queryable } from "@ctb-data/postgres";
import { PipelineError } from "../pipeline-error.ts";
import { advisoryKey } from "../runs/advisory-key.ts";
import { databaseError } from "../runs/database-error.ts";

/** Which row each document was promoted to. A record is written in the transaction that writes its row. */
export const promotionsTable = "ctb_data.imo_promotions";

const format = 1;

/** The columns, for the table itself and for the temporary one of a rehearsal in a database that has none. */
export const promotionColumns = `(
  collection text COLLATE pg_catalog."C" NOT NULL,
  document_id text COLLATE pg_catalog."C" NOT NULL,
  table_name text COLLATE pg_catalog."C" NOT NULL,
  row_key text COLLATE pg_catalog."C" NOT NULL,
  content_hash bytea NOT NULL,
  update_time timestamptz NOT NULL,
  process_id bigint NOT NULL,
  promoted_at timestamptz NOT NULL,
  columns text[] NOT NULL,
  before jsonb,
  CONSTRAINT imo_promotions_pkey PRIMARY KEY (collection, document_id),
  CONSTRAINT imo_promotions_row_key UNIQUE (table_name, row_key)
)`;

const createTable = `
CREATE TABLE ${promotionsTable} ${promotionColumns};
COMMENT ON TABLE ${promotionsTable} IS 'Which row each document was promoted to by ctb-data imo, format ${format}: written in the transaction that writes the row.';
COMMENT ON COLUMN ${promotionsTable}.table_name IS 'The table as schema.table, quoted as PostgreSQL quotes.';
COMMENT ON COLUMN ${promotionsTable}.row_key IS 'The primary key of the row as PostgreSQL prints it; of several columns a JSON array of them.';
COMMENT ON COLUMN ${promotionsTable}.content_hash IS 'SHA-256 of the fields of the document that was promoted, without marks.';
COMMENT ON COLUMN ${promotionsTable}.update_time IS 'When this version of the document was written, by Firestore''s clock.';
COMMENT ON COLUMN ${promotionsTable}.process_id IS 'The run (imo_processes) that has written it.';
COMMENT ON COLUMN ${promotionsTable}.columns IS 'The columns that the document has given: what a later version leaves out goes back to its default.';
COMMENT ON COLUMN ${promotionsTable}.before IS 'NULL when the row was inserted. Of a row that was there before: what each column held that the document has changed.';
`;

/**
 * Makes the schema `ctb_data` and the table of promotions where they are not there. Any number of sessions may do so at once.
 *
 * @throws {PipelineError} DENIED, UNKNOWN_FORMAT, DATABASE_FAILED
 */
export async function ensurePromotionTables(postgres: Postgres): Promise<void> {
  try {
    for (let attempt = 1; ; attempt += 1) {
      if (await hasPromotionTables(postgres)) return;
      try {
        await createPromotionTables(postgres);
        return;
      } catch (error) {
        // Another part of ctb-data, with a lock of its own, has made the schema at the same moment.
        if (attempt > 3 || !isDuplicate(error)) throw error;
      }
    }
  } catch (error) {
    throw databaseError(error, "The table of promotions could not be made in ctb_data", {
      table: promotionsTable,
    });
  }
}

async function createPromotionTables(postgres: Postgres): Promise<void> {
  await postgres.transaction(async (tx) => {
    await tx.query("SELECT pg_catalog.pg_advisory_xact_lock($1)", [advisoryKey(promotionsTable)]);
    if (await hasPromotionTables(tx)) return;
    const { rows } = await tx.query<{ readonly there: boolean }>(
      "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'ctb_data') AS there",
    );
    // IF NOT EXISTS would ask for the right to create schemas even when there is nothing to create.
    if (rows[0]?.there !== true) await tx.query("CREATE SCHEMA ctb_data");
    await tx.query(createTable);
  });
}

function isDuplicate(error: unknown): boolean {
  if (!(error instanceof PostgresError)) return false;
  return ["23505", "42P06", "42P07", "42710"].includes(error.sqlState ?? "");
}

/**
 * Whether the table is there.
 *
 * @throws {PipelineError} UNKNOWN_FORMAT when a newer version made it, or it is not ours.
 */
export async function hasPromotionTables(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ readonly comment: string | null }>(
    `SELECT pg_catalog.obj_description(c.oid, 'pg_class') AS comment
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'ctb_data' AND c.relname = 'imo_promotions'`,
  );
  const [row] = rows;
  if (row === undefined) return false;
  const found = /imo, format (?<n>\d+):/.exec(row.comment ?? "")?.groups?.["n"];
  if (found === String(format)) return true;
  throw new PipelineError(
    "UNKNOWN_FORMAT",
    found === undefined
      ? `The table ${promotionsTable} is not the one that this program makes.`
      : `What ${promotionsTable} holds has format ${found}; this version knows format ${format}.`,
    {
      table: promotionsTable,
      hint:
        found === undefined
          ? "Nothing was changed. Rename it."
          : "Nothing was changed. Use the version of ctb-data that made it, or a newer one.",
    },
  );
}
