import type { PlacedFailure } from "../failure.ts";
import type { AgainEntry } from "./again-table.ts";

/** What was settled for good: its marks are written. */
export interface LedgerPage {
  /** All documents of the part up to this one are settled. */
  readonly position?: string | undefined;
  readonly counts: Readonly<Record<string, number>>;
  readonly errors: readonly PlacedFailure[];
  /** What need not be looked at again. */
  readonly done: readonly AgainEntry[];
}

const empty: LedgerPage = { counts: {}, errors: [], done: [] };

/** Keeps what was settled in a part until it is written down. */
export class PartLedger {
  #page = empty;

  add(page: Partial<LedgerPage>): void {
    this.#page = joined(this.#page, { ...empty, ...page });
  }

  /** What is to be written down now. */
  take(): LedgerPage {
    const page = this.#page;
    this.#page = empty;
    return page;
  }

  /** It was not written down. */
  putBack(page: LedgerPage): void {
    this.#page = joined(page, this.#page);
  }
}

function joined(earlier: LedgerPage, later: LedgerPage): LedgerPage {
  return {
    position: later.position ?? earlier.position,
    counts: sumOfCounts(earlier.counts, later.counts),
    errors: [...earlier.errors, ...later.errors],
    done: [...earlier.done, ...later.done],
  };
}

export function sumOfCounts(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const sums = { ...a };
  for (const [name, count] of Object.entries(b)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
