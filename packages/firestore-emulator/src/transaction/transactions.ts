import { randomBytes } from "node:crypto";
import { invalidArgument, type RpcError } from "../rpc-error.ts";
import { LockOwner } from "./lock-owner.ts";
import { contention } from "./lock-queue.ts";
import type { Transaction } from "./transaction.ts";

/** How long a transaction may live, in milliseconds. */
export interface TransactionLimits {
  /** Without a request. */
  readonly idleMs: number;
  readonly totalMs: number;
}

interface Entry {
  readonly transaction: Transaction;
  idle: NodeJS.Timeout;
  readonly total: NodeJS.Timeout;
  /** Its writes are being made, and cannot be made again meanwhile. */
  isCommitting: boolean;
}

const firstByte = 0x11;
const idBytes = 9;
/** Of how many ended transactions is remembered how they ended, and how old they were: they may be tried again. */
const maxRemembered = 10_000;

interface Ended {
  readonly age: number;
  readonly how: "closed" | "aborted" | "expired";
}

/** The open transactions of a server, by id. */
export class Transactions {
  readonly #open = new Map<string, Entry>();
  /** The last of those that ended, by id. */
  readonly #ended = new Map<string, Ended>();
  readonly #limits: TransactionLimits;
  readonly #release: (transaction: Transaction) => void;
  #begun = 0;

  /** @param release is called with each transaction when it has ended. */
  constructor(limits: TransactionLimits, release: (transaction: Transaction) => void) {
    this.#limits = limits;
    this.#release = release;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @param retryOf the id of the transaction that this one is another try of. */
  begin(options: {
    database: string;
    readTime: number | undefined;
    retryOf?: Uint8Array | undefined;
  }): Transaction {
    this.#begun += 1;
    const id = Buffer.concat([Buffer.of(firstByte), randomBytes(idBytes - 1)]);
    const retryOf = options.retryOf?.length ? keyOf(options.retryOf) : undefined;
    const transaction: Transaction = {
      id,
      database: options.database,
      readTime: options.readTime,
      owner: new LockOwner({
        age: (retryOf === undefined ? undefined : this.#ended.get(retryOf)?.age) ?? this.#begun,
        isTransaction: true,
        isRetry: retryOf !== undefined,
      }),
    };
    const end = (): void => {
      this.#end(transaction, "expired");
    };
    this.#open.set(keyOf(id), {
      transaction,
      idle: setTimeout(end, this.#limits.idleMs).unref(),
      total: setTimeout(end, this.#limits.totalMs).unref(),
      isCommitting: false,
    });
    return transaction;
  }

  /** An owner for a commit without a transaction. */
  ownerOfWrite(): LockOwner {
    this.#begun += 1;
    return new LockOwner({ age: this.#begun, isTransaction: false, isRetry: false });
  }

  /**
   * The open transaction with that id, whose idle time begins anew.
   *
   * @throws {RpcError} INVALID_ARGUMENT when there is none, ABORTED when it had to give way.
   */
  get(database: string, id: Uint8Array): Transaction {
    const entry = this.#open.get(keyOf(id));
    if (!entry || entry.transaction.database !== database || entry.isCommitting) {
      throw this.#closedError(id);
    }
    entry.idle.refresh();
    if (entry.transaction.owner.aborted) {
      this.end(entry.transaction);
      throw contention();
    }
    return entry.transaction;
  }

  /** Client libraries repeat a read that failed, and must hear the same again: only then do they begin the transaction anew. */
  #closedError(id: Uint8Array): RpcError {
    const how = this.#ended.get(keyOf(id))?.how;
    if (how === "aborted") return contention();
    if (how === "expired") {
      return invalidArgument("The referenced transaction has expired or is no longer valid.");
    }
    const isOurs = id.length === idBytes && id[0] === firstByte;
    return invalidArgument(isOurs ? "Transaction is invalid or closed." : "Invalid transaction.");
  }

  /** The same, to be committed: nothing else is done with it from then on. @throws {RpcError} as `get`. */
  toCommit(database: string, id: Uint8Array): Transaction {
    const transaction = this.get(database, id);
    const entry = this.#open.get(keyOf(id));
    if (entry) entry.isCommitting = true;
    return transaction;
  }

  /** Ends one that may have ended before. @throws {RpcError} INVALID_ARGUMENT when the id is none. */
  rollback(database: string, id: Uint8Array): void {
    const entry = this.#open.get(keyOf(id));
    if (entry?.transaction.database === database) this.end(entry.transaction);
    else if (id.length !== idBytes || id[0] !== firstByte)
      throw invalidArgument("Invalid transaction.");
  }

  /** Ends an open transaction and releases its locks. */
  end(transaction: Transaction): void {
    this.#end(transaction, transaction.owner.aborted ? "aborted" : "closed");
  }

  #end(transaction: Transaction, how: Ended["how"]): void {
    const key = keyOf(transaction.id);
    const entry = this.#open.get(key);
    if (!entry) return;
    clearTimeout(entry.idle);
    clearTimeout(entry.total);
    this.#open.delete(key);
    this.#ended.set(key, { age: transaction.owner.age, how });
    if (this.#ended.size > maxRemembered) {
      const [oldest] = this.#ended.keys();
      if (oldest !== undefined) this.#ended.delete(oldest);
    }
    this.#release(transaction);
  }

  /** Ends all. */
  close(): void {
    for (const { transaction } of this.#open.values()) this.end(transaction);
  }
}

function keyOf(id: Uint8Array): string {
  return Buffer.from(id).toString("latin1");
}
