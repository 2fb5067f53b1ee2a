import type { RawRange } from "@ctb-data/firestore";
import { ensurePromotionTables } from "../promote/promotion-tables.ts";
import { ensureAgainTable, hasAgain, rangesOfAgain, type AgainScope } from "./again-table.ts";
import { clearDeleted } from "./clear-deleted.ts";
import type { MiddleContext } from "./middle-context.ts";
import type { MiddleOptions } from "./middle-options.ts";
import { PartLedger, sumOfCounts } from "./part-ledger.ts";
import { throughFaults } from "./passing-fault.ts";
import { planParts } from "./plan-parts.ts";
import type { PartWork } from "./promote-documents.ts";
import { readDocuments } from "./read-documents.ts";
import { sideBySide } from "./side-by-side.ts";
import { readWaiting } from "./waiting-documents.ts";
import { workOnPart } from "./work-on-part.ts";

const defaultParts = 16;
/** Fewer waiting documents are not worth a part of their own. */
const leastWaiting = 100;

interface Step {
  readonly divide: (scope: AgainScope) => Promise<readonly (RawRange | undefined)[]>;
  readonly work: (work: PartWork) => Promise<void>;
  readonly last?: boolean;
  readonly isFirst?: boolean;
}

/** The steps of the middle stage, as one of its runners does them: its parts of each, and the next when all have done theirs. */
export class MiddleSteps {
  readonly #context: MiddleContext;
  readonly #options: MiddleOptions;
  readonly #name: string;
  #counts: Readonly<Record<string, number>> = {};

  constructor(context: MiddleContext, options: MiddleOptions) {
    this.#context = context;
    this.#options = options;
    this.#name = options.promote ? "promote" : "validate";
  }

  /** @returns what all runners have counted. */
  async run(): Promise<Readonly<Record<string, number>>> {
    const { stores, patienceMs, signal } = this.#context;
    if (this.#options.promote)
      await throughFaults({ patienceMs, signal }, async () => {
        await ensurePromotionTables(stores.postgres);
        await ensureAgainTable(stores.postgres);
      });
    await this.#documents();
    if (this.#options.promote) await this.#waiting();
    await this.#step(`${this.#name}-clear`, {
      divide: async () => [undefined],
      work: async (work) => await clearDeleted(this.#context, work),
    });
    return this.#counts;
  }

  async #documents(): Promise<void> {
    const { stores, documents, batch: least, signal } = this.#context;
    const { parts = defaultParts } = this.#options;
    await this.#step(this.#name, {
      isFirst: true,
      divide: async () =>
        await planParts(stores.firestore, documents.collection, { parts, least, signal }),
      work: async (work) => {
        const read = readDocuments(this.#context, rangeOf(work), work.signal);
        await workOnPart(this.#context, work, read);
      },
    });
  }

  /**
   * Documents that wait for others are tried again as long as that moves any. What then still waits, waits for nothing that will come: it
   * has failed. All runners go through the same passes, because they see the same counts: one that has nothing to look at is the end.
   */
  async #waiting(): Promise<void> {
    const { stores, onProgress } = this.#context;
    const { parts = defaultParts } = this.#options;
    let last = false;
    for (let pass = 1; ; pass += 1) {
      const counts = await this.#step(`${this.#name}-waiting-${pass}`, {
        last,
        divide: async (scope) => {
          if (!(await hasAgain(stores.postgres, scope))) return [];
          return await rangesOfAgain(stores.postgres, scope, { parts, least: leastWaiting });
        },
        work: async (work) => {
          onProgress?.({ kind: "step", step: "waiting", detail: `documents that wait, ${pass}` });
          const { scope, signal } = work;
          const read = readWaiting(this.#context, { scope, ...rangeOf(work) }, signal);
          await workOnPart(this.#context, work, read);
        },
      });
      if ((counts["again"] ?? 0) === 0) return;
      last = !promotedAny(counts);
    }
  }

  async #step(
    name: string,
    { divide, work, last = false, isFirst = false }: Step,
  ): Promise<Readonly<Record<string, number>>> {
    const { patienceMs, signal } = this.#context;
    const shared = this.#options.work(name);
    const scope = this.#scopeOf(shared.run);
    await shared.plan(
      async () => await throughFaults({ patienceMs, signal }, async () => await divide(scope)),
    );
    await sideBySide(shared, async (lease, stop) => {
      const signals = signal === undefined ? [lease.signal, stop] : [lease.signal, stop, signal];
      const ledger = new PartLedger();
      await work({ lease, scope, ledger, last, isFirst, signal: AbortSignal.any(signals) });
    });
    const counts = await throughFaults({ patienceMs, signal }, async () => await shared.counts());
    this.#counts = sumOfCounts(this.#counts, counts);
    return counts;
  }

  #scopeOf(run: number): AgainScope {
    const { stores, documents } = this.#context;
    const table = `${stores.registry.schema}.${documents.table}`;
    return { run, table, collection: documents.collection };
  }
}

function rangeOf({ lease }: PartWork): {
  readonly range: RawRange;
  readonly position: string | undefined;
} {
  const { part, position } = lease;
  return { range: part.range ?? { start: undefined, end: undefined }, position };
}

function promotedAny(counts: Readonly<Record<string, number>>): boolean {
  return ["inserted", "updated", "adopted"].some((name) => (counts[name] ?? 0) > 0);
}
