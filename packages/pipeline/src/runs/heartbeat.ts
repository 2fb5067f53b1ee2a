import { setTimeout as sleep } from "node:timers/promises";
import type { Postgres, Queryable } from "@ctb-data/postgres";
import { HeartbeatConnection } from "./heartbeat-connection.ts";

/** What a heartbeat does, and how often. */
export interface HeartbeatOptions {
  readonly postgres: Postgres;
  readonly everyMs: number;
  /** @throws {PostgresError} then it is tried again soon. */
  readonly beat: (db: Queryable, signal: AbortSignal) => Promise<void>;
  readonly onFailed: (error: unknown) => void;
}

const soonMs = 200;

/** Does something again and again, on a connection that nobody else uses. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #connection: HeartbeatConnection;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#connection = HeartbeatConnection.join(options.postgres);
    this.#running = this.#run();
  }

  /** Ends it, and what it is doing. Never rejects. */
  async stop(): Promise<void> {
    this.#stop.abort();
    // First: the last one to leave ends the search for a connection, too.
    await this.#connection.leave();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { everyMs } = this.#options;
    // At once: its connection is taken before the work takes all.
    let pauseMs = 0;
    while (await this.#isTimeAfter(pauseMs)) {
      pauseMs = (await this.#beat()) ? everyMs : Math.min(everyMs, soonMs);
    }
  }

  async #isTimeAfter(ms: number): Promise<boolean> {
    const { signal } = this.#stop;
    return await sleep(ms, true, { signal, ref: false }).catch(() => false);
  }

  async #beat(): Promise<boolean> {
    try {
      await this.#options.beat(await this.#connection.get(), this.#stop.signal);
      return true;
    } catch (error) {
      this.#options.onFailed(error);
      if (!this.#stop.signal.aborted) await this.#connection.drop();
      return false;
    }
  }
}
