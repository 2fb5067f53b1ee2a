import { dirname } from "node:path";
import type { Connection, Postgres } from "@ctb-data/postgres";
import { PipelineError } from "../pipeline-error.ts";
import type { PipelineStores } from "../work-options.ts";
import { syncFolder } from "./draft-file.ts";
import { removeLeftDrafts } from "./draft-name.ts";
import type { ExportOptions, ExportReport } from "./export-options.ts";
import type { ExportPlan } from "./export-plan.ts";
import {
  exportRecords,
  noRecords,
  refuseNothing,
  takeRecords,
  tellTotal,
  type RecordCounts,
} from "./export-records.ts";
import { inSession } from "./export-snapshot.ts";
import { reportOf } from "./export-to-file.ts";
import { Handover } from "./handover.ts";
import { inTwoSessions } from "./in-two-sessions.ts";
import { outputPlaceOf } from "./output-place.ts";
import { OutputStage } from "./output-stage.ts";
import { RejectsFile } from "./rejects-file.ts";
import {
  checkVendorTable,
  refillVendorTable,
  takeVendorTable,
  vendorTableOf,
  type VendorTable,
} from "./vendor-table.ts";

type TableOptions = ExportOptions & { readonly table: string };

interface TableWork {
  readonly postgres: Postgres;
  readonly plan: ExportPlan;
  readonly options: TableOptions;
  readonly table: VendorTable;
}

/** Writes the records into a table of the vendor's in the same database, in one transaction. */
export async function exportToTable(
  { postgres, registry }: PipelineStores,
  plan: ExportPlan,
  options: TableOptions,
): Promise<ExportReport> {
  const { vendor, export: exporting } = options.blueprint;
  const fields = [...exporting.fields.values()];
  const table = vendorTableOf(options.table, { vendor, fields }, registry);
  const work: TableWork = { postgres, plan, options, table };
  if (options.dryRun === true) return await rehearse(work);
  await using rejects = await rejectsOf(options);
  const records = new TableRecords(work, rejects);
  const rejectsFile = await inTwoSessions(postgres, {
    doing: `Writing ${table.qualified}`,
    signal: options.signal,
    fn: async (connection) => {
      await takeVendorTable(connection, table);
      const rows = await refillVendorTable(connection, table, {
        chunks: records.chunks(),
        signal: options.signal,
      });
      const { read, rejected } = records.counts;
      if (rows !== read - rejected)
        throw new PipelineError(
          "DATABASE_FAILED",
          `${table.qualified} took ${rows} of ${read - rejected} records.`,
          { hint: "A trigger leaves records out.", table: table.qualified },
        );
      await rejects?.finish();
      if (rejected === read) refuseNothing(records.counts, plan, await rejects?.appear());
      await options.beforeAppearing?.();
      // Rejects without the records that they belong to harm nobody; the other way round nobody would look for them.
      return await rejects?.appear();
    },
  });
  await rejects?.removeOld();
  if (options.file !== undefined && rejects !== undefined) await syncFolder(dirname(options.file));
  return {
    ...reportOf(records.counts, records.sha256),
    bytes: records.bytes,
    output: table.qualified,
    rejectsFile,
  };
}

async function rehearse(work: TableWork): Promise<ExportReport> {
  const records = new TableRecords(work, undefined);
  await checkVendorTable(work.postgres, work.table);
  await records.drain();
  return {
    ...reportOf(records.counts, records.sha256),
    bytes: 0,
    output: undefined,
    rejectsFile: undefined,
  };
}

async function rejectsOf({ file }: TableOptions): Promise<RejectsFile | undefined> {
  if (file === undefined) return undefined;
  const place = await outputPlaceOf(file);
  if (place.kind === "stream") return undefined;
  await removeLeftDrafts(place.folder);
  return new RejectsFile(place);
}

/** The records as COPY takes them, with what is known of them when all have been given. */
class TableRecords {
  readonly #work: TableWork;
  readonly #rejects: RejectsFile | undefined;
  counts: RecordCounts = noRecords;
  sha256 = "";
  bytes = 0;

  constructor(work: TableWork, rejects: RejectsFile | undefined) {
    this.#work = work;
    this.#rejects = rejects;
  }

  /** Makes all of them, for their counts alone. */
  async drain(): Promise<void> {
    const chunks = this.chunks();
    while ((await chunks.next()).done !== true);
  }

  /** On a session of their own, which sees what is there when the first is asked for. */
  async *chunks(): AsyncGenerator<Uint8Array, void> {
    const { postgres, options } = this.#work;
    const { signal } = options;
    const parts = new Handover<Uint8Array>();
    const reading = inSession(postgres, "read", {
      doing: "Reading the rows",
      signal,
      fn: async (connection) => await this.#read(connection, parts),
    }).finally(() => parts.end());
    try {
      yield* parts.taken();
    } finally {
      parts.stop();
      // A failure of the reading is the news; without one all was given.
      await reading;
    }
  }

  async #read(connection: Connection, parts: Handover<Uint8Array>): Promise<void> {
    const { plan, options } = this.#work;
    const { onProgress, signal } = options;
    const stage = new OutputStage(undefined, "none");
    await tellTotal(connection, plan, onProgress);
    const records = exportRecords(connection, {
      plan,
      onProgress,
      signal,
      onRejected: (rejected) => this.#rejects?.add(rejected),
    });
    const counts = await takeRecords(records, async (part) => {
      this.bytes += part.length;
      await stage.write(part);
      await this.#rejects?.flush();
      return await parts.give(part);
    });
    if (counts === undefined) return;
    this.counts = counts;
    this.sha256 = await stage.end();
  }
}
