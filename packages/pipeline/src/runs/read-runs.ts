import { quoteLiteral, type Postgres } from "@ctb-data/postgres";
import { databaseError } from "../database-error.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { PipelineStores } from "../work-options.ts";
import { noRun } from "./change-run.ts";
import type { RunRecord, RunStatus } from "./run-record.ts";
import { idOf } from "./run-rows.ts";
import { findRunTables, type RunTables } from "./run-tables.ts";
import { stageOf } from "./stage-record.ts";
import { runnersTable } from "./work-tables.ts";

interface ListedRow {
  readonly id: string;
  readonly blueprint: string;
  readonly vendor: string | null;
  readonly version: string | null;
  readonly status: RunStatus;
  readonly input: string | null;
  readonly middle: string | null;
  readonly output: string | null;
  readonly createdAt: string | null;
  readonly runners: readonly string[];
}

const defaultLimit = 20;

/** An error where somebody may not look is no answer to who is there; and before the first run there is no table. */
const readableSql = `SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'ctb_data' AND c.relname = 'imo_runners'
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')`;

/**
 * The newest runs first.
 *
 * @throws {PipelineError} INVALID_OPTIONS, MISSING_TABLES, DENIED, DATABASE_FAILED
 */
export async function listRuns(
  stores: PipelineStores,
  {
    limit = defaultLimit,
    signal,
  }: { readonly limit?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly RunRecord[]> {
  if (!Number.isInteger(limit) || limit < 1)
    throw new PipelineError(
      "INVALID_OPTIONS",
      `The limit is ${limit}: it must be a whole number from 1.`,
    );
  return await readRows(stores, { where: "true", order: "DESC", parameters: [limit], signal });
}

/**
 * One run.
 *
 * @throws {PipelineError} NOT_FOUND, MISSING_TABLES, DENIED, DATABASE_FAILED
 */
export async function readRun(stores: PipelineStores, id: number): Promise<RunRecord> {
  if (!Number.isSafeInteger(id)) throw noRun(id);
  const [run] = await readRows(stores, {
    where: "p.id = $2::pg_catalog.int8",
    order: "DESC",
    parameters: [1, id],
    signal: undefined,
  });
  if (run === undefined) throw noRun(id);
  return run;
}

interface RowsQuery {
  readonly where: string;
  readonly order: "DESC";
  /** The first is the limit. */
  readonly parameters: readonly unknown[];
  readonly signal: AbortSignal | undefined;
}

async function readRows(
  stores: PipelineStores,
  { where, order, parameters, signal }: RowsQuery,
): Promise<readonly RunRecord[]> {
  const { postgres } = stores;
  const tables = await findRunTables(stores);
  try {
    const runners = await runnersSql(postgres, tables);
    const { rows } = await postgres.query<ListedRow>(
      `SELECT p.id::pg_catalog.text AS id, b.id::pg_catalog.text AS blueprint, b.config ->> 'vendor' AS vendor,
         b.config ->> 'version' AS version, p.status::pg_catalog.text AS status, p.input_stage::pg_catalog.text AS input,
         p.middle_stage::pg_catalog.text AS middle, p.output_stage::pg_catalog.text AS output, ${tables.createdAt} AS "createdAt", ${runners} AS runners
       FROM ${tables.processes} p JOIN ${tables.blueprints} b ON b.id = p.blueprint_id
       WHERE b.blueprint_type = 'imo' AND p.status IN ('pending', 'running', 'failed', 'complete', 'cancelled') AND ${where}
       ORDER BY p.id ${order} LIMIT $1`,
      parameters,
      { ...(signal && { signal }) },
    );
    return rows.map(recordOf);
  } catch (error) {
    throw databaseError(error, "The runs could not be read", { table: tables.processes });
  }
}

async function runnersSql(postgres: Postgres, { processes }: RunTables): Promise<string> {
  const { rows } = await postgres.query(readableSql);
  if (rows.length === 0) return "'{}'::pg_catalog.text[]";
  return `ARRAY(SELECT r.worker FROM ${runnersTable} r WHERE r.process_table = ${quoteLiteral(processes)} AND r.run = p.id
    AND r.expires_at > pg_catalog.clock_timestamp() ORDER BY r.started_at, r.id)`;
}

function recordOf(row: ListedRow): RunRecord {
  return {
    id: idOf(row.id),
    blueprintId: idOf(row.blueprint),
    vendor: row.vendor ?? "",
    version: row.version ?? "",
    status: row.status,
    input: stageOf(row.input),
    middle: stageOf(row.middle),
    output: stageOf(row.output),
    createdAt: row.createdAt ?? undefined,
    runners: row.runners,
  };
}
