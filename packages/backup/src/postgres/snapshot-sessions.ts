import type { Connection, HeldConnection } from "@ctb-data/postgres";
import { asDatabaseWork } from "./database-failure.ts";

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
    const undo = async (): Promise<unknown> =>
      await connection.query("ROLLBACK TO SAVEPOINT ctb_use; RELEASE SAVEPOINT ctb_use");
    try {
      await asDatabaseWork(
        { doing: "Using the snapshot" },
        async () => await connection.query("SAVEPOINT ctb_use"),
      );
      const result = await fn(connection).catch(async (error: unknown) => {
        // Of a session that is gone, `fn` has said so.
        await undo().catch(() => undefined);
        throw error;
      });
      await asDatabaseWork({ doing: "Using the snapshot" }, undo);
      return result;
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
