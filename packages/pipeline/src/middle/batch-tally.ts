import type { FieldFailure, PlacedFailure } from "../failure.ts";
import type { PromotedBatch } from "../promote/promotion.ts";
import type { MiddleContext } from "./middle-context.ts";
import type { MiddleCount } from "./middle-options.ts";
import type { SettledDocuments } from "./settle-documents.ts";
import type { JudgedDocument } from "./verdict.ts";

/** So many failures of a batch are kept: nobody reads more. */
const mostErrors = 20;

/** What is counted when a document is judged for the first time in a run. */
const atFirst: ReadonlySet<string> = new Set(["valid", "invalid", "waiting"]);

/** What is counted and said of one batch. */
export class BatchTally {
  readonly counts: Partial<Record<MiddleCount, number>> = {};
  readonly errors: PlacedFailure[] = [];
  /** Ids of those that are looked at again later. */
  readonly waiting: Set<string> = new Set();
  readonly #context: MiddleContext;
  readonly #isFirst: boolean;

  /** @param isFirst the documents were not judged before in this run: whether they are valid, and wait, is counted only then. */
  constructor(context: MiddleContext, isFirst: boolean) {
    this.#context = context;
    this.#isFirst = isFirst;
  }

  count(name: MiddleCount, by = 1): void {
    if (by > 0) this.counts[name] = (this.counts[name] ?? 0) + by;
  }

  judged({ document, verdict, counted }: JudgedDocument): void {
    for (const name of counted) if (this.#isFirst || !atFirst.has(name)) this.count(name);
    if (verdict.kind === "waiting") this.waiting.add(document.id);
    if (verdict.kind === "failed") this.#say(document.path, verdict.failures);
  }

  /** @param again ids of those that are not settled yet. */
  settled(
    judged: readonly JudgedDocument[],
    { marked, unmarked }: SettledDocuments,
    again: ReadonlySet<string>,
  ): void {
    this.count("marked", marked);
    for (const one of judged) {
      const { id, path } = one.document;
      if (again.has(id)) continue;
      this.judged(one);
      const refusal = unmarked.get(id);
      if (refusal === undefined) continue;
      this.count("unmarked");
      const message = `Firestore does not take the marks of this document: ${refusal}`;
      this.#say(path, [{ field: "", code: "too_large", message }]);
    }
  }

  /** They were changed again and again. */
  givenUp(judged: readonly JudgedDocument[], { changed }: SettledDocuments): void {
    this.count("changed", changed.length);
    this.count("superseded", judged.filter(({ verdict }) => verdict.kind === "superseded").length);
  }

  #say(place: string, failures: readonly FieldFailure[]): void {
    this.#context.errors.add(place, failures);
    for (const failure of failures)
      if (this.errors.length < mostErrors) this.errors.push({ ...failure, place });
  }
}

/** What is counted in the very transaction that does it: exactly once, whatever happens. */
export function countsOfRows({
  outcomes,
  displaced,
}: PromotedBatch): Readonly<Partial<Record<MiddleCount, number>>> {
  const counts = { inserted: 0, updated: 0, adopted: 0, displaced: displaced.length };
  for (const outcome of outcomes)
    if (outcome.kind === "promoted" && outcome.how !== "unchanged") counts[outcome.how] += 1;
  return counts;
}
