import type { AppliedChange } from "../store/database.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import type { DocumentTransition } from "./watch-target.ts";

/** How many documents may have changed that a slow client was not told of yet. */
const maxPending = 10_000;

/** What has changed since a client was last told: of each document only what it was then and what it is now. */
export class PendingChanges {
  #changes = new Map<
    string,
    { before: StoredDocument | undefined; after: StoredDocument | undefined }
  >();
  #tooMany = false;
  #time = 0;

  /** The time of the last change. */
  get time(): number {
    return this.#time;
  }

  /** Whether there is nothing to tell. */
  get isEmpty(): boolean {
    return this.#changes.size === 0 && !this.#tooMany;
  }

  add({ path, before, document }: AppliedChange, time: number): void {
    this.#time = time;
    if (this.#tooMany) return;
    const existing = this.#changes.get(path);
    if (existing) {
      existing.after = document;
      return;
    }
    if (this.#changes.size >= maxPending) {
      this.#tooMany = true;
      this.#changes.clear();
      return;
    }
    this.#changes.set(path, { before, after: document });
  }

  /** Takes all out. `undefined` when there were so many that they were not kept. */
  take(): readonly DocumentTransition[] | undefined {
    if (this.#tooMany) {
      this.#tooMany = false;
      return undefined;
    }
    const changes = this.#changes;
    this.#changes = new Map();
    return [...changes]
      .map(([path, { before, after }]) => ({ path, before, after }))
      .filter(({ before, after }) => before !== after);
  }
}
