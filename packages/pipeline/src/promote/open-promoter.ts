import type { Transaction } from "@ctb-data/postgres";
import { PipelineError } from "../pipeline-error.ts";
import { BatchPromotion } from "./promote-batch.ts";
import { hasPromotionTables, promotionColumns, promotionsTable } from "./promotion-tables.ts";
import { openTarget, type PromoterOptions, type PromotionTarget } from "./promotion-target.ts";
import type { PromotableDocument, PromotedBatch, Promoter } from "./promotion.ts";
import type { PromotionHabit } from "./write-rows.ts";

/**
 * Looks whether documents of a collection can be promoted into a table, and gives what does it. Opening writes nothing; `promote` needs
 * the tables of `ensurePromotionTables`.
 *
 * @throws {PipelineError} NOT_FOUND, MISSING_TABLES, REFUSED, DENIED, UNKNOWN_FORMAT; {PostgresError}; {ModelError}
 */
export async function openPromoter(options: PromoterOptions): Promise<Promoter> {
  const { postgres } = options.stores;
  const target = await openTarget(postgres, options);
  const habit = { unchanged: true };
  let recorded = await hasPromotionTables(postgres);
  return {
    promote: async (documents, { run, fence, signal }) => {
      recorded ||= await hasPromotionTables(postgres);
      if (!recorded) throw noTables();
      return await postgres.transaction(
        async (tx) => {
          const context = { target, records: promotionsTable, run, rehearsal: false, habit };
          const batch = await new BatchPromotion(tx, context, signal).run(documents);
          await fence(tx, batch);
          return batch;
        },
        { isolation: "read committed", ...(signal && { signal }) },
      );
    },
    rehearse: async (documents, signal) => {
      recorded ||= await hasPromotionTables(postgres);
      return await rehearse({ target, options, recorded, habit, signal }, documents);
    },
  };
}

/** What is thrown to roll back. */
class RolledBack extends Error {
  readonly batch: PromotedBatch;

  constructor(batch: PromotedBatch) {
    super("A rehearsal is rolled back");
    this.batch = batch;
  }
}

async function rehearse(
  {
    target,
    options,
    recorded,
    habit,
    signal,
  }: {
    readonly target: PromotionTarget;
    readonly options: PromoterOptions;
    readonly recorded: boolean;
    readonly habit: PromotionHabit;
    readonly signal: AbortSignal | undefined;
  },
  documents: readonly PromotableDocument[],
): Promise<PromotedBatch> {
  const work = async (tx: Transaction): Promise<never> => {
    const records = recorded ? promotionsTable : "pg_temp.ctb_imo_promotions";
    if (!recorded)
      await tx.query(
        `CREATE TEMPORARY TABLE ctb_imo_promotions ${promotionColumns} ON COMMIT DROP`,
      );
    const context = { target, records, run: 0, rehearsal: true, habit };
    throw new RolledBack(await new BatchPromotion(tx, context, signal).run(documents));
  };
  try {
    return await options.stores.postgres.transaction(work, {
      isolation: "read committed",
      ...(signal && { signal }),
    });
  } catch (error) {
    if (error instanceof RolledBack) return error.batch;
    throw error;
  }
}

function noTables(): PipelineError {
  return new PipelineError("MISSING_TABLES", `The database has no table ${promotionsTable}.`, {
    table: promotionsTable,
    hint: "A run makes it when it begins: make it with ensurePromotionTables.",
  });
}
