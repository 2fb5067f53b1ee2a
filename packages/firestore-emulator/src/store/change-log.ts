import type { AppliedCommit } from "./database.ts";

const maxChanges = 20_000;

/** Which documents changed lately, to know what the present tells of a moment that has just passed. */
export class ChangeLog {
  #times: number[] = [];
  #paths: string[] = [];
  /** All changes after this time are known. */
  #completeFrom: number;

  /** @param time the time of the last commit that it is not told of, or later. */
  constructor(time: number) {
    this.#completeFrom = time;
  }

  add({ time, changes }: AppliedCommit): void {
    for (const { path } of changes) {
      this.#times.push(time);
      this.#paths.push(path);
    }
    if (this.#times.length < 2 * maxChanges) return;
    const drop = this.#times.length - maxChanges;
    this.#completeFrom = this.#times[drop - 1] ?? this.#completeFrom;
    this.#times = this.#times.slice(drop);
    this.#paths = this.#paths.slice(drop);
  }

  /** The paths of all documents that changed after that time; `undefined` when that is not known any more. */
  since(time: number): ReadonlySet<string> | undefined {
    if (time < this.#completeFrom) return undefined;
    let from = this.#times.length;
    while (from > 0 && (this.#times[from - 1] ?? 0) > time) from -= 1;
    return new Set(this.#paths.slice(from));
  }
}
