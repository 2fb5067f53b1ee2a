import { RpcError } from "../rpc-error.ts";
import type { LockOwner } from "./lock-owner.ts";
import { isBehind, isBlockedByHolder, type LockRequest } from "./lock-request.ts";
import { SharedDocuments } from "./shared-documents.ts";

interface Pending extends LockRequest {
  readonly grant: () => void;
  readonly refuse: (error: Error) => void;
  /** Ends the waiting altogether. */
  readonly timer: NodeJS.Timeout;
  /** Ends its patience. */
  patience: NodeJS.Timeout | undefined;
  isPatient: boolean;
  /** Until when it leaves others the time to hear that they are done. */
  courtesy: NodeJS.Timeout | undefined;
  isCourteous: boolean;
}

/** How long one waits, in milliseconds. */
export interface LockWaits {
  /** For a lock, before it is ABORTED. */
  readonly lockMs: number;
  /** For those who have read the same document and do not end, before it is read all the same. */
  readonly patienceMs: number;
  /**
   * After a transaction, before a commit without one that waited for it is made: its client hears of it after the client of
   * the transaction, as it would over a longer way. 0 makes it at once.
   */
  readonly courtesyMs: number;
}

/** What is told to who gives way; the client libraries begin the transaction anew. */
export function contention(): RpcError {
  return new RpcError("ABORTED", "Too much contention on these documents. Please try again.");
}

/**
 * The locks of one database: who holds what, and who waits for it, in the order of their coming. A transaction that commits
 * takes the locks of younger ones and waits for older ones. Whoever would wait in a circle all the same does not wait: the
 * youngest transaction of the circle is refused at once.
 *
 * Client libraries wait about a second before they begin a transaction anew. So a transaction does not read what another has
 * just read, and will probably write, but waits a little for its end. Where that does not come, or where documents turn out
 * to be only read, they are shared.
 */
export class LockQueue {
  readonly #holders = new Set<LockOwner>();
  readonly #waits: LockWaits;
  readonly #shared = new SharedDocuments();
  #pending: Pending[] = [];

  constructor(waits: LockWaits) {
    this.#waits = waits;
  }

  /**
   * Waits for its turn, then runs `action`, which must lock what it reads (`hold`) or write, at once.
   *
   * @param signal takes it out of the queue, when the client has gone.
   * @throws {RpcError} ABORTED when it has to give way, or waits too long; and what `action` throws.
   */
  async run<T>(request: LockRequest, action: () => T, signal?: AbortSignal): Promise<T> {
    if (request.owner.ended) throw contention();
    this.#wound(request);
    const isPatient = this.#isPatient(request);
    if (!this.#isBlocked({ ...request, isPatient }, this.#pending)) {
      const result = action();
      this.#breakCircles(request.owner);
      return result;
    }
    return await new Promise<T>((resolve, reject) => {
      const pending: Pending = {
        ...request,
        isPatient,
        patience: undefined,
        courtesy: undefined,
        isCourteous:
          this.#waits.courtesyMs > 0 &&
          request.target.kind === "write" &&
          !request.owner.isTransaction,
        grant: () => {
          try {
            resolve(action());
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        },
        refuse: reject,
        timer: setTimeout(() => {
          this.#refuse(pending.owner, contention());
        }, this.#waits.lockMs),
      };
      signal?.addEventListener("abort", () => {
        this.#cancel(pending);
      });
      this.#pending.push(pending);
      if (isPatient) this.#restartPatience(pending);
      this.#breakCircles(pending.owner);
      if (signal?.aborted) this.#cancel(pending);
    });
  }

  /** Notes that the owner has locks. */
  hold(owner: LockOwner): void {
    this.#holders.add(owner);
  }

  /** Ends the owner: refuses what it waits for, takes all locks from it, and lets those on who waited for them. */
  release(owner: LockOwner): void {
    owner.ended = true;
    this.#refusePending(owner, contention());
    if (!owner.aborted) this.#shared.note(owner);
    const waiting = this.#pending.filter(
      (pending) => pending.isPatient && isBlockedByHolder(pending, owner),
    );
    this.#holders.delete(owner);
    owner.documents.clear();
    owner.queries.length = 0;
    this.#grantNext();
    // Things go on: those who wait for the next one now may go on waiting.
    for (const pending of waiting) {
      if (this.#pending.includes(pending)) this.#restartPatience(pending);
    }
  }

  /** Refuses all who wait. */
  close(error: Error): void {
    for (const pending of this.#pending.splice(0)) {
      stopTimers(pending);
      pending.refuse(error);
    }
  }

  /**
   * A transaction that commits does not wait for younger ones that have read what it writes: they give way. For older ones it
   * waits. So does the service; and since age decides, no circle of such waits can come about.
   */
  #wound(request: LockRequest): void {
    const { owner, target } = request;
    if (target.kind !== "write" || !owner.isTransaction) return;
    for (const holder of this.#holders) {
      const isYounger = holder.isTransaction && holder.age > owner.age;
      if (isYounger && isBlockedByHolder(request, holder)) this.#refuse(holder, contention());
    }
  }

  #isPatient({ owner, target }: LockRequest): boolean {
    return (
      target.kind === "documents" &&
      owner.isTransaction &&
      target.paths.some((path) => !this.#shared.has(path))
    );
  }

  #restartPatience(pending: Pending): void {
    clearTimeout(pending.patience);
    pending.patience = setTimeout(() => {
      pending.isPatient = false;
      this.#grantNext();
      this.#breakCircles(pending.owner);
    }, this.#waits.patienceMs);
  }

  #isBlocked(request: LockRequest, earlier: readonly Pending[]): boolean {
    return this.#blockersOf(request, earlier).next().done !== true;
  }

  *#blockersOf(request: LockRequest, earlier: readonly Pending[]): Generator<LockOwner, void> {
    for (const holder of this.#holders) {
      if (isBlockedByHolder(request, holder)) yield holder;
    }
    for (const other of earlier) {
      if (isBehind(request, other)) yield other.owner;
    }
  }

  #grantNext(): void {
    for (let index = 0; index < this.#pending.length;) {
      const pending = this.#pending[index];
      if (!pending) return;
      if (this.#isBlocked(pending, this.#pending.slice(0, index))) {
        index += 1;
        continue;
      }
      if (pending.isCourteous) {
        this.#beginCourtesy(pending);
        index += 1;
        continue;
      }
      this.#pending.splice(index, 1);
      stopTimers(pending);
      pending.grant();
      // It may be waiting for something else still, and who waits for that now waits for it.
      this.#breakCircles(pending.owner);
      // What it did may have freed or blocked any of the others.
      index = 0;
    }
  }

  #beginCourtesy(pending: Pending): void {
    pending.courtesy ??= setTimeout(() => {
      pending.isCourteous = false;
      this.#grantNext();
    }, this.#waits.courtesyMs);
  }

  /** Refuses the youngest of each circle that goes through the owner, until there is none. */
  #breakCircles(owner: LockOwner): void {
    for (;;) {
      const circle = this.#findCircle(owner);
      if (!circle) return;
      const transactions = circle.filter(({ isTransaction }) => isTransaction);
      const candidates = transactions.length > 0 ? transactions : circle;
      this.#refuse(
        candidates.reduce((left, right) => (left.age > right.age ? left : right)),
        contention(),
      );
    }
  }

  /** The owners that wait for each other in a circle, beginning with the given one. Who is patient will not wait for ever. */
  #findCircle(start: LockOwner): readonly LockOwner[] | undefined {
    const visited = new Set<LockOwner>();
    const search = (
      owner: LockOwner,
      path: readonly LockOwner[],
    ): readonly LockOwner[] | undefined => {
      for (const [index, pending] of this.#pending.entries()) {
        if (pending.owner !== owner) continue;
        const request = { ...pending, isPatient: false };
        for (const blocker of this.#blockersOf(request, this.#pending.slice(0, index))) {
          if (blocker === start) return path;
          if (visited.has(blocker)) continue;
          visited.add(blocker);
          const circle = search(blocker, [...path, blocker]);
          if (circle) return circle;
        }
      }
      return undefined;
    };
    return search(start, [start]);
  }

  #cancel(pending: Pending): void {
    if (!this.#pending.includes(pending)) return;
    this.#refuse(pending.owner, new RpcError("CANCELLED", "The client has cancelled the call."));
  }

  /** Ends what the owner waits for, and takes its locks from it. */
  #refuse(owner: LockOwner, error: Error): void {
    this.#refusePending(owner, error);
    owner.aborted = true;
    this.release(owner);
  }

  #refusePending(owner: LockOwner, error: Error): void {
    const refused = this.#pending.filter((pending) => pending.owner === owner);
    if (refused.length === 0) return;
    this.#pending = this.#pending.filter((pending) => pending.owner !== owner);
    for (const pending of refused) {
      stopTimers(pending);
      pending.refuse(error);
    }
  }
}

function stopTimers({ timer, patience, courtesy }: Pending): void {
  clearTimeout(timer);
  clearTimeout(patience);
  clearTimeout(courtesy);
}
