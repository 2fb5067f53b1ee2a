import type { Connection } from "@ctb-data/postgres";
import type { HeldConnection } from "./held-connection.ts";

/** Sessions of one snapshot, lent one by one. */
export class SnapshotSessions {
  readonly #free: HeldConnection[];
  readonly #waiting: ((session: HeldConnection) => void)[] = [];

  constructor(sessions: readonly HeldConnection[]) {
    this.#free = [...sessions];
  }

  /**
   * Lends a session to `fn` when one is free. What `fn` sets with SET LOCAL is undone, and what it breaks, too: it runs behind a
   * savepoint.
   */
  async use<T>(fn: (connection: Connection) => Promise<T>): Promise<T> {
    const session = await this.#take();
    const { connection } = session;
    try {
      await connection.query("SAVEPOINT ctb_use");
      try {
        return await fn(connection);
      } finally {
        if (!connection.lost)
          await connection.query("ROLLBACK TO SAVEPOINT ctb_use; RELEASE SAVEPOINT ctb_use");
      }
    } finally {
      this.#give(session);
    }
  }

  async #take(): Promise<HeldConnection> {
    const session = this.#free.pop();
    if (session) return session;
    return await new Promise((resolve) => void this.#waiting.push(resolve));
  }

  #give(session: HeldConnection): void {
    const next = this.#waiting.shift();
    if (next) next(session);
    else this.#free.push(session);
  }
}
