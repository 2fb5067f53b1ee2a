import type { FieldFailure, PlacedFailure } from "../failure.ts";

const most = 20;

/** Keeps the first failures that are met. */
export class FirstErrors {
  readonly #list: PlacedFailure[] = [];

  get list(): readonly PlacedFailure[] {
    return this.#list;
  }

  add(place: string, failures: readonly FieldFailure[]): void {
    for (const failure of failures)
      if (this.#list.length < most) this.#list.push({ ...failure, place });
  }
}
