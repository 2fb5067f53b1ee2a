import { isConnectionLost } from "./classify-error.ts";
import { PostgresError } from "./postgres-error.ts";
import type { Session } from "./session.ts";

/** Undoes the transaction. Never rejects: what made it necessary is the news, and a session that cannot roll back is closed. */
export async function rollback(session: Session): Promise<void> {
  if (session.lost) return;
  try {
    await session.run({ text: "ROLLBACK" }, { timeoutMs: 10_000 });
  } catch {
    session.taint();
  }
}

/** @throws {PostgresError} COMMIT_UNKNOWN, TRANSACTION_ABORTED, or what a deferred constraint says. */
export async function commit(session: Session): Promise<void> {
  try {
    const { command } = await session.run({ text: "COMMIT" });
    if (command !== "ROLLBACK") return;
  } catch (error) {
    session.taint();
    if (!isConnectionLost(error)) throw error;
    throw new PostgresError(
      "COMMIT_UNKNOWN",
      "The connection broke during COMMIT: the transaction may or may not have been committed.",
      { cause: error, hint: "Look whether its changes are there before running it again." },
    );
  }
  throw new PostgresError(
    "TRANSACTION_ABORTED",
    "The transaction was rolled back, because a statement in it had failed.",
    {
      hint: "Let the error of that statement leave the function, or run the statement in a nested transaction.",
    },
  );
}
