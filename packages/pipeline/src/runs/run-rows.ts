import type { Queryable } from "@ctb-data/postgres";
import { PipelineError } from "../pipeline-error.ts";
import type { Stages } from "./decide-stages.ts";
import type { RunStatus, StageName } from "./run-record.ts";
import { checkInsertable, type RunTables } from "./run-tables.ts";
import { stageNames, stageOf, stageText } from "./stage-record.ts";

/** A row of `imo_processes`. */
export interface RunRow {
  readonly id: number;
  readonly blueprintId: number | undefined;
  /** Undefined for what is no status of a run. */
  readonly status: RunStatus | undefined;
  readonly stages: Stages;
}

interface ReadRow {
  readonly id: string;
  readonly blueprint: string | null;
  readonly status: string | null;
  readonly input: string | null;
  readonly middle: string | null;
  readonly output: string | null;
}

const statuses = ["pending", "running", "failed", "complete", "cancelled"] as const;

const columns = `p.id::pg_catalog.text AS id, p.blueprint_id::pg_catalog.text AS blueprint, p.status::pg_catalog.text AS status,
  p.input_stage::pg_catalog.text AS input, p.middle_stage::pg_catalog.text AS middle, p.output_stage::pg_catalog.text AS output`;

/** A run, locked until the transaction ends: whoever changes a run does so behind this. Undefined when there is none. */
export async function lockRun(
  tx: Queryable,
  tables: RunTables,
  id: number,
): Promise<RunRow | undefined> {
  // Not FOR UPDATE: promotion records may refer to the row, and must not wait.
  const sql = `SELECT ${columns} FROM ${tables.processes} p WHERE p.id = $1::pg_catalog.int8 FOR NO KEY UPDATE`;
  const { rows } = await tx.query<ReadRow>(sql, [id]);
  return rows[0] && runRow(rows[0]);
}

/** The open runs of a blueprint, the oldest first, locked. */
export async function lockOpenRuns(
  tx: Queryable,
  tables: RunTables,
  blueprint: number,
): Promise<readonly RunRow[]> {
  const { rows } = await tx.query<ReadRow>(
    `SELECT ${columns} FROM ${tables.processes} p
     WHERE p.blueprint_id = $1::pg_catalog.int8 AND p.status IN ('pending', 'running') ORDER BY p.id FOR NO KEY UPDATE`,
    [blueprint],
  );
  return rows.map(runRow);
}

/** Writes a run's status and stages. */
export async function writeRun(
  tx: Queryable,
  tables: RunTables,
  { id, status, stages }: Pick<RunRow, "id" | "status" | "stages">,
): Promise<void> {
  await tx.query(
    `UPDATE ${tables.processes} SET status = $2, input_stage = $3, middle_stage = $4, output_stage = $5 WHERE id = $1`,
    [id, status, ...stageTexts(tables, stages)],
  );
}

/** Writes one stage of a run. */
export async function writeStage(
  tx: Queryable,
  tables: RunTables,
  { id, name, stages }: { readonly id: number; readonly name: StageName; readonly stages: Stages },
): Promise<void> {
  await tx.query(`UPDATE ${tables.processes} SET ${name}_stage = $2 WHERE id = $1`, [
    id,
    stageText(stages[name]),
  ]);
}

/**
 * A new row, with the id that the database gives it.
 *
 * @throws {PipelineError} MISSING_TABLES
 */
export async function insertRun(
  tx: Queryable,
  tables: RunTables,
  { blueprint, stages }: { readonly blueprint: number; readonly stages: Stages },
): Promise<number> {
  const { now } = tables.newProcess;
  const named = stageNames.map((name) => `${name}_stage`);
  const given = ["blueprint_id", "status", ...named];
  checkInsertable(tables.newProcess, [...given, "created_at"]);
  const created = now === undefined ? "" : ", created_at";
  const { rows } = await tx.query<{ readonly id: string }>(
    `INSERT INTO ${tables.processes} (${given.join(", ")}${created})
     VALUES ($1, 'running', $2, $3, $4${now === undefined ? "" : `, ${now}`}) RETURNING id::pg_catalog.text AS id`,
    [blueprint, ...stageTexts(tables, stages)],
  );
  return idOf(rows[0]?.id ?? "");
}

function stageTexts({ neverNull }: RunTables, stages: Stages): readonly (string | null)[] {
  return stageNames.map((name) => stageText(stages[name]) ?? (neverNull.has(name) ? "{}" : null));
}

/** An id as a number. @throws {PipelineError} UNKNOWN_FORMAT for one that JavaScript cannot count to. */
export function idOf(text: string): number {
  const id = Number(text);
  if (text !== "" && Number.isSafeInteger(id)) return id;
  throw new PipelineError("UNKNOWN_FORMAT", `The id ${text} of a row is no number up to 2^53.`, {
    hint: "Let the sequence of the table count from a smaller number.",
  });
}

function runRow({ id, blueprint, status, input, middle, output }: ReadRow): RunRow {
  const records = { input: stageOf(input), middle: stageOf(middle), output: stageOf(output) };
  return {
    id: idOf(id),
    blueprintId: blueprint === null ? undefined : idOf(blueprint),
    status: statuses.find((known) => known === status),
    stages: Object.fromEntries(
      Object.entries(records).filter(([, record]) => record !== undefined),
    ),
  };
}
