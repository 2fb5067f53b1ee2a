import { setTimeout } from "node:timers/promises";
import type {
  AggregateField,
  AggregateQuery,
  AggregateQuerySnapshot,
  DocumentReference,
  DocumentSnapshot,
  Query,
  QuerySnapshot,
  Timestamp,
  Transaction,
} from "firebase-admin/firestore";
import type { ErrorPlace } from "./classify-error.ts";
import type { FirestoreContext } from "./firestore-context.ts";
import { FirestoreError, type FirestoreErrorCode } from "./firestore-error.ts";
import { within } from "./limits.ts";

/** An aggregation of which the result's names are known at run time only. */
export type AnyAggregate = Record<string, AggregateField<number | null>>;

export interface ReadLimits {
  readonly signal?: AbortSignal | undefined;
  /** For each request; 0 for as long as it takes. Default: that of the database. */
  readonly timeoutMs?: number;
}

/** Reads now, at one time, or inside of a transaction. */
export interface Reader {
  /** Listening and paging over several requests are for readers that outlive one attempt. */
  readonly kind: "now" | "at" | "transaction";
  document(
    ref: DocumentReference,
    limits: ReadLimits,
    place: ErrorPlace,
  ): Promise<DocumentSnapshot>;
  documents(
    refs: readonly DocumentReference[],
    limits: ReadLimits,
    place: ErrorPlace,
  ): Promise<readonly DocumentSnapshot[]>;
  query(query: Query, limits: ReadLimits, place: ErrorPlace): Promise<QuerySnapshot>;
  aggregate(
    query: AggregateQuery<AnyAggregate>,
    limits: ReadLimits,
    place: ErrorPlace,
  ): Promise<AggregateQuerySnapshot<AnyAggregate>>;
}

/** Reads what is there now. */
export class CurrentReader implements Reader {
  readonly kind = "now";
  readonly #context: FirestoreContext;

  constructor(context: FirestoreContext) {
    this.#context = context;
  }

  async document(
    ref: DocumentReference,
    limits: ReadLimits,
    place: ErrorPlace,
  ): Promise<DocumentSnapshot> {
    return await this.#context.run(async () => await ref.get(), limits, place);
  }

  async documents(
    refs: readonly DocumentReference[],
    limits: ReadLimits,
    place: ErrorPlace,
  ): Promise<readonly DocumentSnapshot[]> {
    return await this.#context.run(
      async () => await this.#context.client.getAll(...refs),
      limits,
      place,
    );
  }

  async query(query: Query, limits: ReadLimits, place: ErrorPlace): Promise<QuerySnapshot> {
    return await this.#context.run(async () => await query.get(), limits, place);
  }

  async aggregate(
    query: AggregateQuery<AnyAggregate>,
    limits: ReadLimits,
    place: ErrorPlace,
  ): Promise<AggregateQuerySnapshot<AnyAggregate>> {
    return await this.#context.run(async () => await query.get(), limits, place);
  }
}

/** Reads inside of one attempt of a transaction. */
export class TransactionReader implements Reader {
  readonly kind = "transaction";
  readonly #context: FirestoreContext;
  readonly #transaction: Transaction;
  /** @throws {FirestoreError} when the attempt is over */
  readonly #check: () => void;

  constructor(context: FirestoreContext, transaction: Transaction, check: () => void) {
    this.#context = context;
    this.#transaction = transaction;
    this.#check = check;
  }

  async #run<T>(work: () => Promise<T>, limits: ReadLimits, place: ErrorPlace): Promise<T> {
    this.#check();
    return await this.#context.run(work, limits, place);
  }

  async document(
    ref: DocumentReference,
    limits: ReadLimits,
    place: ErrorPlace,
  ): Promise<DocumentSnapshot> {
    return await this.#run(async () => await this.#transaction.get(ref), limits, place);
  }

  async documents(
    refs: readonly DocumentReference[],
    limits: ReadLimits,
    place: ErrorPlace,
  ): Promise<readonly DocumentSnapshot[]> {
    return await this.#run(async () => await this.#transaction.getAll(...refs), limits, place);
  }

  async query(query: Query, limits: ReadLimits, place: ErrorPlace): Promise<QuerySnapshot> {
    return await this.#run(async () => await this.#transaction.get(query), limits, place);
  }

  async aggregate(
    query: AggregateQuery<AnyAggregate>,
    limits: ReadLimits,
    place: ErrorPlace,
  ): Promise<AggregateQuerySnapshot<AnyAggregate>> {
    return await this.#run(async () => await this.#transaction.get(query), limits, place);
  }
}

/** What a broken connection, or a server that restarts, looks like. */
const passing: ReadonlySet<FirestoreErrorCode> = new Set(["CONNECTION_FAILED", "REQUEST_FAILED"]);
const retries = 4;

/**
 * Reads at one time. The SDK has that only as a transaction, which sends nothing of its own then; nor does it try such
 * reads again whose connection broke in the middle, though they give the same however often one asks.
 */
export class TimedReader implements Reader {
  readonly kind = "at";
  readonly #context: FirestoreContext;
  readonly #readTime: Timestamp;

  constructor(context: FirestoreContext, readTime: Timestamp) {
    this.#context = context;
    this.#readTime = readTime;
  }

  async #run<T>(
    work: (transaction: Transaction) => Promise<T>,
    limits: ReadLimits,
    place: ErrorPlace,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(work, limits, place);
      } catch (error) {
        const again = error instanceof FirestoreError && passing.has(error.code);
        if (!again || attempt > retries || error.status === undefined) throw error;
      }
      const pauseMs = Math.random() * 100 * 2 ** attempt;
      await within(async () => await setTimeout(pauseMs), { timeoutMs: 0, ...limits }, place);
    }
  }

  async #once<T>(
    work: (transaction: Transaction) => Promise<T>,
    limits: ReadLimits,
    place: ErrorPlace,
  ): Promise<T> {
    const options = { readOnly: true, readTime: this.#readTime } as const;
    return await this.#context.run(
      async () => await this.#context.client.runTransaction(work, options),
      limits,
      place,
    );
  }

  async document(
    ref: DocumentReference,
    limits: ReadLimits,
    place: ErrorPlace,
  ): Promise<DocumentSnapshot> {
    return await this.#run(async (transaction) => await transaction.get(ref), limits, place);
  }

  async documents(
    refs: readonly DocumentReference[],
    limits: ReadLimits,
    place: ErrorPlace,
  ): Promise<readonly DocumentSnapshot[]> {
    return await this.#run(async (transaction) => await transaction.getAll(...refs), limits, place);
  }

  async query(query: Query, limits: ReadLimits, place: ErrorPlace): Promise<QuerySnapshot> {
    return await this.#run(async (transaction) => await transaction.get(query), limits, place);
  }

  async aggregate(
    query: AggregateQuery<AnyAggregate>,
    limits: ReadLimits,
    place: ErrorPlace,
  ): Promise<AggregateQuerySnapshot<AnyAggregate>> {
    return await this.#run(async (transaction) => await transaction.get(query), limits, place);
  }
}
