import { setTimeout as sleep } from "node:timers/promises";
import {
  holdConnection,
  type HeldConnection,
  type Postgres,
  type Queryable,
} from "@ctb-data/postgres";

/** What a heartbeat does, and how often. */
export interface HeartbeatOptions {
  readonly postgres: Postgres;
  readonly everyMs: number;
  /** @throws {PostgresError} then it is tried again soon. */
  readonly beat: (db: Queryable) => Promise<void>;
}

const soonMs = 200;

/** Does something again and again, on a connection of its own where the pool has more than one. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #held: HeldConnection | undefined;
  #hasOwn: boolean | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Ends it, and what it is doing. Never rejects. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { everyMs } = this.#options;
    // At once: its connection is taken before the work takes all.
    let pauseMs = 0;
    while (await this.#isTimeAfter(pauseMs)) {
      const wasDone = await this.#beat();
      pauseMs = wasDone ? everyMs : Math.min(everyMs, soonMs);
    }
    await this.#held?.release();
  }

  async #isTimeAfter(ms: number): Promise<boolean> {
    const { signal } = this.#stop;
    return await sleep(ms, true, { signal, ref: false }).catch(() => false);
  }

  async #beat(): Promise<boolean> {
    try {
      await this.#options.beat(await this.#connection());
      return true;
    } catch {
      await this.#held?.release();
      this.#held = undefined;
      return false;
    }
  }

  async #connection(): Promise<Queryable> {
    const { postgres } = this.#options;
    if (this.#held?.connection.lost === true) {
      await this.#held.release();
      this.#held = undefined;
    }
    if (this.#hasOwn === undefined) {
      const health = await postgres.health({ signal: this.#stop.signal });
      if (!health.ok) return postgres;
      this.#hasOwn = health.pool.size > 1;
    }
    if (!this.#hasOwn) return postgres;
    this.#held ??= await holdConnection(postgres, this.#stop.signal);
    return this.#held.connection;
  }
}
