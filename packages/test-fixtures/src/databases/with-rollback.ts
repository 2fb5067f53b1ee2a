import { PostgresError, type Transaction } from "@ctb-data/postgres";
import { FixtureError } from "../fixture-error.ts";

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
 * @throws {FixtureError} REFUSED when `fn` ran COMMIT or ROLLBACK as a statement: what it wrote may have stayed.
 */
export async function withRollback<T>(
  db: RollbackSource,
  fn: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const done: { result?: { readonly value: T }; ended?: unknown } = {};
  const undo = new RolledBack();
  const run = async (tx: Transaction): Promise<never> => {
    try {
      done.result = { value: await fn(tx) };
    } catch (error) {
      done.ended = error;
      throw error;
    }
    throw undo;
  };
  try {
    // The savepoint is gone when the transaction is no longer the one that was begun here.
    await db.transaction(async (outer) => await outer.transaction(run), { retries: 0 });
  } catch (error) {
    if (isOver(error) && error !== done.ended) throw refused(done.ended ?? error);
    if (error !== undo) throw error;
  }
  if (done.result === undefined) throw undo;
  return done.result.value;
}

/** Whether there is no such savepoint, or no transaction. */
function isOver(error: unknown): boolean {
  return error instanceof PostgresError && ["3B001", "25P01"].includes(error.sqlState ?? "");
}

function refused(cause: unknown): FixtureError {
  return new FixtureError(
    "REFUSED",
    "The transaction was ended inside of withRollback, by COMMIT or ROLLBACK as a statement: what was written may have stayed.",
    {
      cause,
      hint: "Use transaction() for transactions within, or give the test a database of its own.",
    },
  );
}

/** Thrown to roll back, and caught again. */
class RolledBack extends Error {
  override readonly name = "RolledBack";

  constructor() {
    super("The transaction is rolled back, as withRollback was asked to.");
  }
}
