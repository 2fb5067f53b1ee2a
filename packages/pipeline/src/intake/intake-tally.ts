import type { FieldFailure, PlacedFailure } from "../failure.ts";
import { FirstErrors } from "../middle/first-errors.ts";
import type { IntakeOptions } from "./intake-options.ts";

/** What is counted of an intake. */
export const intakeCounts = [
  "read",
  "created",
  "changed",
  "unchanged",
  "repeated",
  "rejected",
  "doubtful",
] as const;

export type IntakeCount = (typeof intakeCounts)[number];

const tellMs = 1000;

/** Counts, and tells now and then what was counted since the last time. */
export class IntakeTally {
  readonly #onWritten: IntakeOptions["onWritten"];
  readonly #counts: Record<IntakeCount, number> = {
    read: 0,
    created: 0,
    changed: 0,
    unchanged: 0,
    repeated: 0,
    rejected: 0,
    doubtful: 0,
  };
  readonly #errors = new FirstErrors();
  #told: Readonly<Record<IntakeCount, number>> = { ...this.#counts };
  #toldAt = performance.now();

  constructor(onWritten: IntakeOptions["onWritten"]) {
    this.#onWritten = onWritten;
  }

  get counts(): Readonly<Record<IntakeCount, number>> {
    return this.#counts;
  }

  get firstErrors(): readonly PlacedFailure[] {
    return this.#errors.list;
  }

  add(count: IntakeCount, more = 1): void {
    this.#counts[count] += more;
  }

  /** What is known of a count so far; less than it was is not believed. */
  atLeast(count: IntakeCount, total: number): void {
    this.#counts[count] = Math.max(this.#counts[count], total);
  }

  fail(line: number, failures: readonly FieldFailure[]): void {
    this.#errors.add(`line ${line}`, failures);
  }

  /** @throws what `onWritten` throws. */
  async tell({ isLast = false }: { readonly isLast?: boolean } = {}): Promise<void> {
    if (this.#onWritten === undefined) return;
    if (!isLast && performance.now() - this.#toldAt < tellMs) return;
    const now = { ...this.#counts };
    const news = intakeCounts.map((name) => [name, now[name] - this.#told[name]] as const);
    this.#told = now;
    this.#toldAt = performance.now();
    await this.#onWritten(Object.fromEntries(news));
  }
}
