import { RpcError } from "../rpc-error.ts";
import type { LockOwner } from "./lock-owner.ts";
import { isBehind, isBlockedByHolder, type LockRequest } from "./lock-request.ts";

interface Pending extends LockRequest {
  readonly grant: () => void;
  readonly refuse: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** What is told to who gives way; the client libraries begin the transaction anew. */
export function contention(): RpcError {
  return new RpcError("ABORTED", "Too much contention on these documents. Please try again.");
}

/**
 * The locks of one database: who holds what, and who waits for it, in the order of their coming. Whoever would wait in a
 * circle does not wait: the youngest transaction of the circle is refused at once.
 */
export class LockQueue {
  readonly #holders = new Set<LockOwner>();
  readonly #waitMs: number;
  #pending: Pending[] = [];

  /** @param waitMs how long one waits at most. */
  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  /**
   * Waits for its turn, then runs `action`, which must lock what it reads (`hold`) or write, at once.
   *
   * @param signal takes it out of the queue, when the client has gone.
   * @throws {RpcError} ABORTED when it has to give way, or waits too long; and what `action` throws.
   */
  async run<T>(request: LockRequest, action: () => T, signal?: AbortSignal): Promise<T> {
    if (!this.#isBlocked(request, this.#pending)) return action();
    return await new Promise<T>((resolve, reject) => {
      signal?.addEventListener("abort", () => {
        this.#refuse(
          request.owner,
          new RpcError("CANCELLED", "The client has cancelled the call."),
        );
      });
      const pending: Pending = {
        ...request,
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
        }, this.#waitMs),
      };
      this.#pending.push(pending);
      this.#breakCircles(pending.owner);
    });
  }

  /** Notes that the owner has locks. */
  hold(owner: LockOwner): void {
    this.#holders.add(owner);
  }

  /** Takes all locks from the owner, and lets those on who waited for them. */
  release(owner: LockOwner): void {
    this.#holders.delete(owner);
    owner.documents.clear();
    owner.queries.length = 0;
    this.#grantNext();
  }

  /** Refuses all who wait. */
  close(error: Error): void {
    for (const { refuse, timer } of this.#pending.splice(0)) {
      clearTimeout(timer);
      refuse(error);
    }
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
      this.#pending.splice(index, 1);
      clearTimeout(pending.timer);
      pending.grant();
      // What it did may have freed or blocked any of the others.
      index = 0;
    }
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

  /** The owners that wait for each other in a circle, beginning with the given one. */
  #findCircle(start: LockOwner): readonly LockOwner[] | undefined {
    const visited = new Set<LockOwner>();
    const search = (
      owner: LockOwner,
      path: readonly LockOwner[],
    ): readonly LockOwner[] | undefined => {
      for (const [index, pending] of this.#pending.entries()) {
        if (pending.owner !== owner) continue;
        for (const blocker of this.#blockersOf(pending, this.#pending.slice(0, index))) {
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

  /** Ends what the owner waits for. */
  #refuse(owner: LockOwner, error: Error): void {
    const refused = this.#pending.filter((pending) => pending.owner === owner);
    if (refused.length === 0) return;
    this.#pending = this.#pending.filter((pending) => pending.owner !== owner);
    for (const { timer, refuse } of refused) {
      clearTimeout(timer);
      refuse(error);
    }
    owner.aborted = true;
    this.release(owner);
  }
}
