import type { Connection } from "@ctb-data/postgres";
import type { PlacedFailure } from "../failure.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { WorkOptions } from "../work-options.ts";
import { CopyScanner } from "./copy-scanner.ts";
import { throwIfAborted } from "./export-failure.ts";
import type { ExportPlan } from "./export-plan.ts";
import { qualified } from "./export-query.ts";
import { placedFailures, RecordMaker, type RejectedRecord } from "./record-maker.ts";

const maxFirstErrors = 20;

/** What became of the rows. */
export interface RecordCounts {
  readonly read: number;
  readonly rejected: number;
  readonly firstErrors: readonly PlacedFailure[];
}

export interface RecordsOptions extends WorkOptions {
  readonly plan: ExportPlan;
  readonly onRejected: (rejected: RejectedRecord) => void;
}

/**
 * The records of an export, some hundred KiB of them at a time. A part is as it is until the next but one is asked for. Nothing grows with the
 * number of rows.
 *
 * @returns what became of the rows.
 * @throws {PostgresError} of the COPY. @throws {PipelineError} CANCELLED
 */
export async function* exportRecords(
  connection: Connection,
  { plan, onRejected, onProgress, signal }: RecordsOptions,
): AsyncGenerator<Uint8Array, RecordCounts> {
  const firstErrors: PlacedFailure[] = [];
  const maker = new RecordMaker({
    fields: plan.fields,
    layout: plan.layout,
    table: plan.query.tables[0].name,
    key: plan.query.key,
    onRejected: (rejected) => {
      const room = maxFirstErrors - firstErrors.length;
      if (room > 0) firstErrors.push(...placedFailures(rejected).slice(0, room));
      onRejected(rejected);
    },
  });
  const scanner = new CopyScanner(plan.query.sources.length, maker.onRow);
  const copy = connection.copyOut(plan.query.copySql, { signal });
  let told = 0;
  for await (const chunk of copy) {
    scanner.push(chunk);
    onProgress?.({ kind: "count", name: "rows", items: maker.read - told });
    told = maker.read;
    yield maker.sink.take();
    throwIfAborted({ doing: "The export", signal });
  }
  if (!scanner.atEnd || copy.rows !== maker.read)
    throw new PipelineError(
      "DATABASE_FAILED",
      `PostgreSQL says that it sent ${copy.rows} rows, and ${maker.read} came.`,
      { hint: "What was there before is unchanged. Export again." },
    );
  yield maker.sink.take();
  return { read: maker.read, rejected: maker.rejected, firstErrors };
}

/**
 * Gives each part to `take`, until it says false. The COPY is over when this returns, however it ends.
 *
 * @returns what became of the rows; undefined when `take` has said false.
 */
export async function takeRecords(
  records: AsyncGenerator<Uint8Array, RecordCounts>,
  take: (part: Uint8Array) => Promise<boolean>,
): Promise<RecordCounts | undefined> {
  try {
    for (;;) {
      const part = await records.next();
      if (part.done === true) return part.value;
      if (!(await take(part.value))) return undefined;
    }
  } finally {
    await records.return(noRecords);
  }
}

/**
 * Says no to an export of which nothing is left, as with another keyring: its emptiness would take the place of what the vendor has.
 *
 * @param rejectsFile where the rejected records are, if they are anywhere.
 * @throws {PipelineError} REFUSED
 */
export function refuseNothing(
  { read, rejected, firstErrors }: RecordCounts,
  { vendor }: ExportPlan,
  rejectsFile: string | undefined,
): void {
  if (rejected === 0 || rejected < read) return;
  const [first] = firstErrors;
  const why = first === undefined ? "" : ` The first: ${first.message}`;
  const see = rejectsFile === undefined ? "" : `Each with its reason is in ${rejectsFile}. `;
  throw new PipelineError(
    "REFUSED",
    `Each of the ${read} records of ${vendor} was rejected, so that nothing would be left.${why}`,
    {
      hint: `${see}What was there before is unchanged. Correct the blueprint, the rows or DATA_ENCRYPTION_KEY, and export again.`,
      file: rejectsFile,
    },
  );
}

/** Before the first row. */
export const noRecords: RecordCounts = { read: 0, rejected: 0, firstErrors: [] };

/** Tells how many rows there are about to be. */
export async function tellTotal(
  connection: Connection,
  plan: ExportPlan,
  onProgress: WorkOptions["onProgress"],
): Promise<void> {
  if (onProgress === undefined) return;
  const { rows } = await connection.query<{ estimate: number | null }>(
    `SELECT sum(greatest(c.reltuples, 0))::float8 AS estimate
      FROM (SELECT $1::regclass::oid AS relid UNION SELECT relid::oid FROM pg_catalog.pg_partition_tree($1::regclass) WHERE isleaf) AS part
      JOIN pg_catalog.pg_class c ON c.oid = part.relid WHERE c.relkind <> 'p'`,
    [qualified(plan.registry, plan.query.tables[0])],
  );
  const estimate = rows[0]?.estimate ?? 0;
  onProgress({ kind: "total", name: "rows", items: estimate > 0 ? estimate : undefined });
}
