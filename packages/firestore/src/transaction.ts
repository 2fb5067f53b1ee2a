import type { Transaction as SdkTransaction, Timestamp } from "firebase-admin/firestore";
import { originalOf, toFirestoreError } from "./classify-error.ts";
import { TransactionCollections } from "./data-access.ts";
import type { FirestoreContext } from "./firestore-context.ts";
import { FirestoreError } from "./firestore-error.ts";
import { cancelled, timerMs } from "./limits.ts";
import { TransactionReader } from "./reader.ts";
import type { PreparedWrite } from "./write.ts";

/** How a transaction is run. */
export interface RunOptions {
  readonly readOnly?: boolean;
  readonly readTime?: Timestamp | undefined;
  readonly retries?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs `fn` in a transaction; again when the server says that this is worth it. */
export async function runTransaction<T>(
  context: FirestoreContext,
  fn: (tx: TransactionCollections) => Promise<T>,
  options: RunOptions,
): Promise<T> {
  const { retries = 4, signal, readOnly = false } = options;
  if (!Number.isSafeInteger(retries) || retries < 0)
    throw new FirestoreError("INVALID_OPTIONS", "retries must be a whole number from 0 on.");
  context.checkOpen();
  if (signal?.aborted === true) throw cancelled(signal);
  let attempt = 0;
  /** What the last attempt ended with, if it was not the server that ended it. */
  let thrown: { readonly error: unknown } | undefined;
  const commit = new CommitTimer(context.timeoutMs);
  const once = async (transaction: SdkTransaction): Promise<T> => {
    thrown = undefined;
    attempt += 1;
    commit.stop();
    try {
      if (signal?.aborted === true) throw cancelled(signal);
      const result = await runAttempt(context, fn, { transaction, attempt, readOnly, signal });
      commit.start();
      return result;
    } catch (error) {
      thrown = { error };
      // The SDK looks for the server's code to decide whether another attempt is worth it. Codes of others mean nothing.
      throw error instanceof FirestoreError ? originalOf(error) : new Error("The function threw.");
    }
  };
  const how = readOnly
    ? ({ readOnly: true, ...(options.readTime && { readTime: options.readTime }) } as const)
    : ({ maxAttempts: retries + 1 } as const);
  try {
    const running = context.track(context.client.runTransaction(once, how));
    return await Promise.race([running, commit.tooLate]);
  } catch (error) {
    if (thrown !== undefined) throw thrown.error;
    throw toFirestoreError(error, { refused: "INVALID_TRANSACTION" });
  } finally {
    commit.stop();
  }
}

/** The SDK tries a commit for ten minutes, however long that is for who waits. */
class CommitTimer {
  readonly tooLate: Promise<never>;
  readonly #timeoutMs: number;
  #reject: (error: FirestoreError) => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.tooLate = new Promise((_, reject) => (this.#reject = reject));
  }

  start(): void {
    if (this.#timeoutMs === 0) return;
    this.#timer = setTimeout(() => {
      const message = `The writes of the transaction were not answered within ${this.#timeoutMs} ms.`;
      const hint = "They may have been done all the same: read before you try again.";
      this.#reject(new FirestoreError("TIMEOUT", message, { hint }));
    }, timerMs(this.#timeoutMs));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

interface Attempt {
  readonly transaction: SdkTransaction;
  readonly attempt: number;
  readonly readOnly: boolean;
  readonly signal: AbortSignal | undefined;
}

async function runAttempt<T>(
  context: FirestoreContext,
  fn: (tx: TransactionCollections) => Promise<T>,
  { transaction, attempt, readOnly, signal }: Attempt,
): Promise<T> {
  let isOver = false;
  const check = (): void => {
    if (isOver)
      throw new FirestoreError("INVALID_TRANSACTION", "The transaction is over.", {
        hint: "Await everything that the function given to transaction() does.",
      });
    if (signal?.aborted === true) throw cancelled(signal);
  };
  const send = (prepare: () => PreparedWrite): void => {
    check();
    if (readOnly)
      throw new FirestoreError("INVALID_TRANSACTION", "A read-only transaction cannot write.");
    const { path, apply } = prepare();
    context.build(() => apply(transaction), { path, refused: "INVALID_VALUE" });
  };
  const reader = new TransactionReader(context, transaction, check);
  try {
    const result = await fn(new TransactionCollections(context, { reader, send }, attempt));
    check();
    return result;
  } finally {
    isOver = true;
  }
}
