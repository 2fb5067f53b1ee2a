import type { Transaction } from "@ctb-data/postgres";

/** A database, or a transaction of it. */
export interface RollbackSource {
  transaction<T>(
    fn: (tx: Transaction) => Promise<T>,
    options?: { readonly retries?: number },
  ): Promise<T>;
}

/**
 * Runs `fn` in a transaction and rolls it back, whether `fn` returns or throws; gives what it returned. Within a transaction, and so within another
 * `withRollback`, it goes back to a savepoint; `tx.transaction` in it is a savepoint, too.
 *
 * Not undone is what PostgreSQL does not undo: values drawn from a sequence, and what `fn` does with other connections.
 * A constraint that is deferred to the commit is never checked (`SET CONSTRAINTS ALL IMMEDIATE` checks it), and `now()` stands still.
 *
 * @throws {PostgresError} CONNECTION_LOST when the connection breaks: the server rolls back then. What `fn` throws is thrown as it is.
 */
export async function withRollback<T>(
  db: RollbackSource,
  fn: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const done: { result?: { readonly value: T } } = {};
  const undo = new RolledBack();
  try {
    await db.transaction(
      async (tx) => {
        done.result = { value: await fn(tx) };
        throw undo;
      },
      { retries: 0 },
    );
  } catch (error) {
    if (error !== undo) throw error;
  }
  if (done.result === undefined) throw undo;
  return done.result.value;
}

/** Thrown to roll back, and caught again. */
class RolledBack extends Error {
  override readonly name = "RolledBack";

  constructor() {
    super("The transaction is rolled back, as withRollback was asked to.");
  }
}
