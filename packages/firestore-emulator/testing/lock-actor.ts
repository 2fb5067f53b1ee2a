import * as fc from "fast-check";
import type { StoredDocument } from "../src/store/stored-document.ts";
import { LockOwner, type QueryLock } from "../src/transaction/lock-owner.ts";
import type { LockQueue } from "../src/transaction/lock-queue.ts";
import type { LockTarget } from "../src/transaction/lock-request.ts";

/** A document without fields. */
export function emptyDocument(path: string): StoredDocument {
  return { path, fields: new Map(), createTime: 0, updateTime: 0 };
}

type Step = readonly (
  | { readonly kind: "read"; readonly paths: readonly string[] }
  | { readonly kind: "query"; readonly collectionId: "c" | "d" }
)[];

/** What an actor does: reads, step by step, and a commit at the end. */
export interface Script {
  readonly isTransaction: boolean;
  readonly isRetry: boolean;
  /** What is asked for at once, one after the other. */
  readonly steps: readonly Step[];
  readonly writes: readonly string[];
}

const path = fc.constantFrom("c/1", "c/2", "c/3", "d/1", "d/2");
const pathList = fc.uniqueArray(path, { minLength: 1, maxLength: 2 });
const step: fc.Arbitrary<Step> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("read" as const), paths: pathList }),
    fc.record({
      kind: fc.constant("query" as const),
      collectionId: fc.constantFrom("c" as const, "d" as const),
    }),
  ),
  { minLength: 1, maxLength: 2 },
);
/** Any script, over few documents. */
export const arbitraryScript: fc.Arbitrary<Script> = fc.oneof(
  fc.record({
    isTransaction: fc.constant(true),
    isRetry: fc.boolean(),
    steps: fc.array(step, { minLength: 1, maxLength: 3 }),
    writes: fc.oneof(fc.constant([]), pathList),
  }),
  fc.record({
    isTransaction: fc.constant(false),
    isRetry: fc.constant(false),
    steps: fc.constant([]),
    writes: pathList,
  }),
);

/** Runs one script, turn by turn, and checks that nothing that it has read is written by another meanwhile. */
export class LockActor {
  readonly owner: LockOwner;
  readonly #script: Script;
  readonly #queue: LockQueue;
  readonly #others: readonly LockActor[];
  #next = 0;
  /** Waits for an answer. */
  busy = false;
  done = false;
  /** What was written under the lock of another. */
  readonly broken: string[] = [];

  /** @param others all actors, itself included. */
  constructor(
    script: Script,
    { age, queue, others }: { age: number; queue: LockQueue; others: readonly LockActor[] },
  ) {
    const { isTransaction, isRetry } = script;
    this.#script = script;
    this.owner = new LockOwner({ age, isTransaction, isRetry });
    this.#queue = queue;
    this.#others = others;
  }

  /** Asks for what comes next; `busy` until it was answered. */
  turn(): void {
    const requests = this.#script.steps[this.#next];
    this.#next += 1;
    this.busy = true;
    const answers = requests
      ? requests.map(async (request) => await this.#read(request))
      : [this.#commit()];
    Promise.all(answers)
      .catch(() => {
        // ABORTED: it ends, as a client's would.
        this.#end();
      })
      .finally(() => {
        this.busy = false;
      });
  }

  async #read(request: Step[number]): Promise<void> {
    const { owner } = this;
    const lock: QueryLock | undefined =
      request.kind === "query"
        ? {
            collectionId: request.collectionId,
            covers: (document) => document.path.startsWith(`${request.collectionId}/`),
          }
        : undefined;
    const target: LockTarget =
      request.kind === "query" && lock
        ? { kind: "query", lock }
        : { kind: "documents", paths: request.kind === "read" ? request.paths : [] };
    await this.#queue.run({ owner, target }, () => {
      this.#queue.hold(owner);
      if (lock) owner.queries.push(lock);
      if (request.kind === "read") for (const read of request.paths) owner.documents.add(read);
    });
  }

  async #commit(): Promise<void> {
    const { writes } = this.#script;
    const written = () =>
      writes.map((at) => ({ path: at, before: undefined, after: emptyDocument(at) }));
    const target: LockTarget = { kind: "write", paths: new Set(writes), written };
    await this.#queue.run({ owner: this.owner, target }, () => {
      for (const other of this.#others) {
        if (other === this || other.done) continue;
        for (const at of writes) {
          const isHeld =
            other.owner.documents.has(at) ||
            other.owner.queries.some(({ covers }) => covers(emptyDocument(at)));
          if (isHeld) this.broken.push(at);
        }
      }
    });
    this.#end();
  }

  #end(): void {
    this.done = true;
    this.#queue.release(this.owner);
  }
}
