import type { RawRange } from "@ctb-data/firestore";
import { type Postgres, type Queryable } from "@ctb-data/postgres";
import { ensureOwnTables, type OwnTables } from "../own-tables.ts";

const againTable = "ctb_data.imo_waiting";

const format = 1;

const createTable = `
CREATE TABLE ${againTable} (
  run_id bigint NOT NULL,
  table_name text COLLATE pg_catalog."C" NOT NULL,
  collection text COLLATE pg_catalog."C" NOT NULL,
  document_id text COLLATE pg_catalog."C" NOT NULL,
  stamp integer NOT NULL DEFAULT 1,
  PRIMARY KEY (run_id, table_name, collection, document_id)
);
COMMENT ON TABLE ${againTable} IS 'Documents to be looked at again by ctb-data imo, format ${format}: they wait for others, or lost their row.';
COMMENT ON COLUMN ${againTable}.run_id IS 'The run: a row of imo_processes.';
COMMENT ON COLUMN ${againTable}.stamp IS 'Grows each time that the document is added: who has looked at it takes it away only when nobody has added it since.';
`;

const againTables: OwnTables = {
  names: [againTable],
  format,
  create: createTable,
  what: "The table of documents that wait",
};

/** A document that is to be looked at again, as often as somebody has said so until it was read. */
export interface AgainEntry {
  readonly id: string;
  /** Grows each time that the document is added. */
  readonly stamp: number;
}

/** Whose documents they are. */
export interface AgainScope {
  readonly run: number;
  /** The table that they go to, with its schema: a database may have several tables of runs. */
  readonly table: string;
  readonly collection: string;
}

/**
 * Makes the table of documents that a run has to look at again: those that wait for others, and those that lost their row. Ids are in the
 * order of their UTF-8 bytes.
 *
 * @throws {PipelineError} DENIED, UNKNOWN_FORMAT, DATABASE_FAILED
 */
export async function ensureAgainTable(postgres: Postgres): Promise<void> {
  await ensureOwnTables(postgres, againTables);
}

/** They are to be looked at: once more where somebody is looking at them now. */
export async function addAgain(
  on: Queryable,
  { run, table, collection }: AgainScope,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  await on.query(
    `INSERT INTO ${againTable} AS a (run_id, table_name, collection, document_id)
      SELECT $1, $2, $3, id FROM pg_catalog.unnest($4::pg_catalog.text[]) AS id ORDER BY id
      ON CONFLICT (run_id, table_name, collection, document_id) DO UPDATE SET stamp = a.stamp + 1`,
    [run, table, collection, ids],
  );
}

/** They were looked at. Those that were added since stay. */
export async function dropAgain(
  on: Queryable,
  { run, table, collection }: AgainScope,
  entries: readonly AgainEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  await on.query(
    `DELETE FROM ${againTable} AS a USING unnest($4::pg_catalog.text[], $5::pg_catalog.int4[]) AS done (id, stamp)
      WHERE run_id = $1 AND table_name = $2 AND collection = $3 AND document_id = done.id AND a.stamp = done.stamp`,
    [run, table, collection, entries.map(({ id }) => id), entries.map(({ stamp }) => stamp)],
  );
}

export async function hasAgain(
  on: Queryable,
  { run, table, collection }: AgainScope,
): Promise<boolean> {
  const { rows } = await on.query(
    `SELECT FROM ${againTable} WHERE run_id = $1 AND table_name = $2 AND collection = $3 LIMIT 1`,
    [run, table, collection],
  );
  return rows.length > 0;
}

/** The next ones behind the id `after`, up to the end of the range. */
export async function readAgain(
  on: Queryable,
  { run, table, collection }: AgainScope,
  span: { readonly range: RawRange; readonly after: string | undefined; readonly limit: number },
): Promise<readonly AgainEntry[]> {
  const idOf = (path: string | undefined): string | null =>
    path === undefined ? null : path.slice(collection.length + 1);
  const { rows } = await on.query<AgainEntry>(
    `SELECT document_id AS id, stamp FROM ${againTable} WHERE run_id = $1 AND table_name = $2 AND collection = $3
      AND ($4::pg_catalog.text IS NULL OR document_id >= $4) AND ($5::pg_catalog.text IS NULL OR document_id < $5)
      AND ($6::pg_catalog.text IS NULL OR document_id > $6) ORDER BY document_id LIMIT $7`,
    [
      run,
      table,
      collection,
      idOf(span.range.start),
      idOf(span.range.end),
      span.after ?? null,
      span.limit,
    ],
  );
  return rows;
}

/** Cuts them into about so many ranges of equal size. */
export async function rangesOfAgain(
  on: Queryable,
  { run, table, collection }: AgainScope,
  { parts, least }: { readonly parts: number; readonly least: number },
): Promise<readonly RawRange[]> {
  const { rows } = await on.query<{ readonly id: string }>(
    `SELECT id FROM (
      SELECT document_id AS id, pg_catalog.row_number() OVER (ORDER BY document_id) - 1 AS n, pg_catalog.count(*) OVER () AS count
      FROM ${againTable} WHERE run_id = $1 AND table_name = $2 AND collection = $3
    ) AS numbered WHERE n > 0 AND n % GREATEST($4, (count + $5 - 1) / $5) = 0 ORDER BY id`,
    [run, table, collection, least, parts],
  );
  const bounds = rows.map(({ id }) => `${collection}/${id}`);
  return [...bounds, undefined].map((end, index) => ({
    start: index === 0 ? undefined : bounds[index - 1],
    end,
  }));
}
