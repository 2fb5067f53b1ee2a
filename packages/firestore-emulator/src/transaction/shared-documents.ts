import type { LockOwner } from "./lock-owner.ts";

/** How many documents are remembered. */
const maxDocuments = 10_000;

/** Documents that the last transaction that read them did not write, such as settings: nobody need wait to read them too. */
export class SharedDocuments {
  readonly #paths = new Set<string>();

  has(path: string): boolean {
    return this.#paths.has(path);
  }

  /** Learns from a transaction that has ended. */
  note({ documents, written }: LockOwner): void {
    for (const path of documents) {
      this.#paths.delete(path);
      if (!written.has(path)) this.#paths.add(path);
    }
    for (const oldest of this.#paths) {
      if (this.#paths.size <= maxDocuments) return;
      this.#paths.delete(oldest);
    }
  }
}
