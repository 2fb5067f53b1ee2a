import {
  holdConnection,
  type HeldConnection,
  type Postgres,
  type Queryable,
} from "@ctb-data/postgres";

/** By pool: however many runners a program has, their heartbeats need one connection of it. */
const shared = new WeakMap<Postgres, HeartbeatConnection>();

/** A connection that all heartbeats on one pool share, and that no work can take from them. */
export class HeartbeatConnection {
  readonly #postgres: Postgres;
  readonly #end = new AbortController();
  #users = 0;
  #held: Promise<HeldConnection> | undefined;
  #hasOwn: boolean | undefined;

  private constructor(postgres: Postgres) {
    this.#postgres = postgres;
  }

  /** That of a pool. Whoever has joined leaves it. */
  static join(postgres: Postgres): HeartbeatConnection {
    const found = shared.get(postgres) ?? new HeartbeatConnection(postgres);
    shared.set(postgres, found);
    found.#users += 1;
    return found;
  }

  /** With the last one the connection is given back. Never rejects. */
  async leave(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    shared.delete(this.#postgres);
    this.#end.abort();
    await this.drop();
  }

  /**
   * The connection, or the pool where it has only one.
   *
   * @throws {PostgresError}
   */
  async get(): Promise<Queryable> {
    if (this.#hasOwn === undefined) {
      const health = await this.#postgres.health({ signal: this.#end.signal });
      if (!health.ok) return this.#postgres;
      this.#hasOwn = health.pool.size > 1;
    }
    if (!this.#hasOwn) return this.#postgres;
    const held = this.#held;
    if (held !== undefined && (await held).connection.lost && held === this.#held)
      await this.drop();
    this.#held ??= holdConnection(this.#postgres, this.#end.signal);
    return (await this.#held).connection;
  }

  /** Something is wrong with it: the next heartbeat gets another one. Never rejects. */
  async drop(): Promise<void> {
    const holding = this.#held;
    this.#held = undefined;
    const held = await holding?.catch(() => undefined);
    await held?.release();
  }
}
