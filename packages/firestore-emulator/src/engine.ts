import { EmulatorError } from "./emulator-error.ts";
import { comparePaths } from "./name/compare-paths.ts";
import { lastId, parentPath } from "./name/resource-name.ts";
import type { Consistency, TransactionOptions, Write, WriteResult } from "./protocol/messages.ts";
import { invalidArgument, RpcError } from "./rpc-error.ts";
import { retentionMicros, type Database, type DocumentChange } from "./store/database.ts";
import type { Databases } from "./store/databases.ts";
import type { StoredDocument } from "./store/stored-document.ts";
import type { LockOwner, QueryLock } from "./transaction/lock-owner.ts";
import { LockQueue, type LockWaits } from "./transaction/lock-queue.ts";
import type { LockTarget, WrittenDocument } from "./transaction/lock-request.ts";
import type { ReadContext } from "./transaction/read-context.ts";
import type { Transaction } from "./transaction/transaction.ts";
import { Transactions, type TransactionLimits } from "./transaction/transactions.ts";
import { microsOf, type Timestamp } from "./value/timestamp.ts";
import { checkWrite, type CheckedWrite } from "./write/check-write.ts";
import { planWrites, type WriteBase, type WritePlan } from "./write/plan-writes.ts";

/** Where commits are kept. */
export interface CommitLog {
  /** Writes a commit down; throws, and nothing is written, when that fails. */
  append(commit: {
    readonly database: string;
    readonly time: number;
    readonly changes: readonly DocumentChange[];
  }): void;
  /** Writes down that a database was cleared. */
  appendClear(database: string, time: number): void;
  /** Resolves once all that was written down so far is safe on disk. */
  flushed(): Promise<void>;
}

export interface EngineOptions extends TransactionLimits {
  readonly databases: Databases;
  /** `undefined` keeps everything in memory only. */
  readonly log: CommitLog | undefined;
  readonly waits: LockWaits;
}

/** What a commit came to. */
export interface CommitOutcome {
  readonly writeResults: readonly WriteResult[];
  /** Microseconds since 1970. */
  readonly time: number;
}

/** What writes make of the documents as they are, at a time in microseconds. */
type Plan = (times: Pick<WriteBase, "time" | "requestTime">) => WritePlan;

/**
 * Reads and writes with the guarantees of the service: commits are atomic and have one time; transactions that may write
 * are serializable by locks on what they read, documents and the ranges of queries; others read one moment of the past.
 */
export class Engine {
  readonly databases: Databases;
  readonly #log: CommitLog | undefined;
  readonly #transactions: Transactions;
  readonly #locks = new Map<string, LockQueue>();
  readonly #waits: LockWaits;

  constructor({ databases, log, waits, ...limits }: EngineOptions) {
    this.databases = databases;
    this.#log = log;
    this.#waits = waits;
    this.#transactions = new Transactions(limits, ({ database, owner }) => {
      this.#locksOf(database).release(owner);
    });
  }

  /** Begins a transaction. @throws {RpcError} when its read time is in the future or too old. */
  begin(database: string, options: TransactionOptions | undefined): Transaction {
    const { clock } = this.databases;
    const { readOnly, readWrite } = options ?? {};
    const readTime = readOnly?.readTime
      ? this.checkReadTime(readOnly.readTime)
      : readOnly && clock.readTime();
    return this.#transactions.begin({ database, readTime, retryOf: readWrite?.retryTransaction });
  }

  /** @throws {RpcError} INVALID_ARGUMENT when the id is no transaction's. */
  rollback(database: string, id: Uint8Array): void {
    this.#transactions.rollback(database, id);
  }

  /** Resolves which moment a request reads, and begins a transaction if it asks for one. */
  readContext(name: string, { transaction, newTransaction, readTime }: Consistency): ReadContext {
    const database = this.databases.get(name);
    if (transaction) {
      const existing = this.#transactions.get(name, transaction);
      return { database, time: existing.readTime, transaction: existing, begun: undefined };
    }
    if (newTransaction) {
      const begun = this.begin(name, newTransaction);
      return { database, time: begun.readTime, transaction: begun, begun: begun.id };
    }
    const time = readTime ? this.checkReadTime(readTime) : this.databases.clock.readTime();
    return { database, time, transaction: undefined, begun: undefined };
  }

  /** The microseconds of a read time. @throws {RpcError} when it is in the future, too old or too precise. */
  checkReadTime(readTime: Timestamp): number {
    if (readTime.nanos % 1000 !== 0) {
      throw invalidArgument("timestamp cannot have more than microseconds precision");
    }
    const micros = microsOf(readTime);
    const now = this.databases.clock.readTime();
    if (micros > now) {
      throw invalidArgument("The requested 'read_time' cannot be in the future.");
    }
    if (micros < now - retentionMicros) {
      throw new RpcError("FAILED_PRECONDITION", "The requested snapshot version is too old.");
    }
    return micros;
  }

  /** Reads documents, all at one time, and locks them where the transaction may write. */
  async readDocuments(
    context: ReadContext,
    paths: readonly string[],
    signal?: AbortSignal,
  ): Promise<{ documents: readonly (StoredDocument | undefined)[]; time: number }> {
    return await this.#read(context, { kind: "documents", paths }, signal, (time) => {
      for (const path of paths) context.transaction?.owner.documents.add(path);
      return paths.map((path) => context.database.document(path, time));
    }).then(({ result, time }) => ({ documents: result, time }));
  }

  /**
   * Reads a range of documents, and locks the range where the transaction may write.
   *
   * @param lock covers what the range may hold.
   * @param read reads at a time, or the present, and says what of the range it has read.
   */
  async readRange<T>(
    context: ReadContext,
    lock: QueryLock,
    read: (time: number | undefined) => { result: T; read: QueryLock["covers"] },
    signal?: AbortSignal,
  ): Promise<{ result: T; time: number }> {
    return await this.#read(context, { kind: "query", lock }, signal, (time) => {
      const { result, read: covers } = read(time);
      context.transaction?.owner.queries.push({ collectionId: lock.collectionId, covers });
      return result;
    });
  }

  async #read<T>(
    { database, time, transaction }: ReadContext,
    target: LockTarget,
    signal: AbortSignal | undefined,
    read: (time: number | undefined) => T,
  ): Promise<{ result: T; time: number }> {
    if (time !== undefined || !transaction) {
      const at = time ?? this.databases.clock.readTime();
      return { result: read(at), time: at };
    }
    const locks = this.#locksOf(database.name);
    const { owner } = transaction;
    const action = (): { result: T; time: number } => {
      locks.hold(owner);
      return { result: read(undefined), time: this.databases.clock.readTime() };
    };
    return await locks.run({ owner, target }, action, signal);
  }

  /**
   * Makes all the writes at one time, or none. Ends the transaction whatever comes of it.
   *
   * @throws {RpcError} what is wrong with a write or a precondition; ABORTED when others are in the way for too long.
   */
  async commit(
    name: string,
    request: { readonly writes: readonly Write[]; readonly transaction?: Uint8Array | undefined },
    signal?: AbortSignal,
  ): Promise<CommitOutcome> {
    const { writes } = request;
    const transaction = request.transaction?.length
      ? this.#transactions.toCommit(name, request.transaction)
      : undefined;
    try {
      if (transaction?.readTime !== undefined && writes.length > 0) {
        throw invalidArgument("Cannot modify entities in a read-only transaction.");
      }
      const checked = writes.map((write) => checkWrite(name, write));
      const owner = transaction?.owner ?? this.#transactions.ownerOfWrite();
      return await this.#write(this.databases.get(name), owner, checked, signal);
    } finally {
      if (transaction) this.#transactions.end(transaction);
    }
  }

  /** Makes each write on its own: what it came to, in their order. @throws {RpcError} when one could not be made at all. */
  async batchWrite(
    name: string,
    writes: readonly Write[],
    signal?: AbortSignal,
  ): Promise<readonly (CommitOutcome | RpcError)[]> {
    const checked = writes.map((write) => checkWrite(name, write));
    if (new Set(checked.map(({ path }) => path)).size < checked.length) {
      throw invalidArgument(
        "the same document cannot be written more than once in a single request",
      );
    }
    const database = this.databases.get(name);
    return await Promise.all(
      checked.map(async (write) => {
        const owner = this.#transactions.ownerOfWrite();
        try {
          return await this.#write(database, owner, [write], signal);
        } catch (error) {
          if (error instanceof RpcError) return error;
          throw error;
        }
      }),
    );
  }

  async #write(
    database: Database,
    owner: LockOwner,
    writes: readonly CheckedWrite[],
    signal: AbortSignal | undefined,
  ): Promise<CommitOutcome> {
    const plan: Plan = (times) =>
      planWrites(writes, {
        database: database.name,
        current: (path) => database.document(path),
        ...times,
      });
    const target: LockTarget = {
      kind: "write",
      paths: new Set(writes.map(({ path }) => path)),
      written: () => writtenBy(plan, database, this.databases.clock.readTime() + 1),
    };
    const outcome = await this.#locksOf(database.name).run(
      { owner, target },
      () => {
        owner.written = new Set(writes.map(({ path }) => path));
        return this.#apply(database, plan);
      },
      signal,
    );
    await this.#flushed();
    return outcome;
  }

  async #flushed(): Promise<void> {
    try {
      await this.#log?.flushed();
    } catch (error) {
      throw logError(error);
    }
  }

  #apply(database: Database, plan: Plan): CommitOutcome {
    const { clock } = this.databases;
    const requestTime = clock.requestTime();
    const time = clock.commitTime();
    const { changes, results } = plan({ time, requestTime });
    if (changes.length > 0) {
      this.#append({ database: database.name, time, changes });
      database.apply(time, changes);
    }
    return { writeResults: results, time };
  }

  #append(commit: Parameters<CommitLog["append"]>[0]): void {
    try {
      this.#log?.append(commit);
    } catch (error) {
      throw logError(error);
    }
  }

  /** Deletes all documents of a database. */
  async clear(name: string): Promise<void> {
    const time = this.databases.clock.commitTime();
    this.#log?.appendClear(name, time);
    this.databases.get(name).clear(time);
    await this.#flushed();
  }

  /** Ends all transactions. */
  close(): void {
    this.#transactions.close();
    for (const locks of this.#locks.values()) {
      locks.close(new RpcError("UNAVAILABLE", "The server is shutting down."));
    }
  }

  #locksOf(name: string): LockQueue {
    const existing = this.#locks.get(name);
    if (existing) return existing;
    const locks = new LockQueue(this.#waits);
    this.#locks.set(name, locks);
    return locks;
  }
}

/** A commit that cannot be kept, as its client is told: with a full disk it may be tried again later. */
function logError(error: unknown): unknown {
  if (!(error instanceof EmulatorError)) return error;
  const status = error.code === "RESOURCES_EXHAUSTED" ? "RESOURCE_EXHAUSTED" : "UNAVAILABLE";
  return new RpcError(
    status,
    `${error.message}${error.hint === undefined ? "" : ` ${error.hint}`}`,
  );
}

/** What a write would do at that time; nothing, when it would be refused. */
function writtenBy(plan: Plan, database: Database, time: number): WrittenDocument[] {
  try {
    return plan({ time, requestTime: time }).changes.map(({ path, document }) => ({
      path,
      before: database.document(path),
      after: document,
    }));
  } catch {
    return [];
  }
}

/** The lock on the documents of one collection up to a name; all of it without one. */
export function collectionLock(collectionPath: string, last?: string): QueryLock {
  return {
    collectionId: lastId(collectionPath),
    covers: ({ path }) =>
      parentPath(path) === collectionPath && (last === undefined || comparePaths(path, last) <= 0),
  };
}
