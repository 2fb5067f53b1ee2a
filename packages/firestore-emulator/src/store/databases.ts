import type { Clock } from "./clock.ts";
import { Database } from "./database.ts";

/** All databases of a server; each is made when it is first asked for. One clock for all, so that times are comparable. */
export class Databases {
  readonly clock: Clock;
  readonly #byName = new Map<string, Database>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** The database of that full name, `projects/p/databases/d`. */
  get(name: string): Database {
    const existing = this.#byName.get(name);
    if (existing) return existing;
    const database = new Database(name, this.clock);
    this.#byName.set(name, database);
    return database;
  }

  all(): readonly Database[] {
    return [...this.#byName.values()];
  }
}
