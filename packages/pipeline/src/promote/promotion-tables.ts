import type { Postgres, Queryable } from "@ctb-data/postgres";
import { ensureOwnTables, hasOwnTables, type OwnTables } from "../own-tables.ts";

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

const promotionTables: OwnTables = {
  names: [promotionsTable],
  format,
  create: createTable,
  what: "The table of promotions",
};

/**
 * Makes the schema `ctb_data` and the table of promotions where they are not there. Any number of sessions may do so at once.
 *
 * @throws {PipelineError} DENIED, UNKNOWN_FORMAT, DATABASE_FAILED
 */
export async function ensurePromotionTables(postgres: Postgres): Promise<void> {
  await ensureOwnTables(postgres, promotionTables);
}

/**
 * Whether the table is there.
 *
 * @throws {PipelineError} UNKNOWN_FORMAT when a newer version made it, or it is not ours.
 */
export async function hasPromotionTables(db: Queryable): Promise<boolean> {
  return await hasOwnTables(db, promotionTables);
}
