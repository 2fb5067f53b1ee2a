/**
 * The time of the database, in microseconds since 1970. It never goes back, and no commit gets a time that a read was
 * already given: what a read at its time saw stays true.
 */
export class Clock {
  #last = 0;
  #lastCommit = 0;
  readonly #now: () => number;

  /** @param now the time of the day in microseconds; by default the system's. */
  constructor(now: () => number = systemMicros) {
    this.#now = now;
  }

  /** The time of a read that sees all commits so far. */
  readTime(): number {
    this.#last = Math.max(this.#last, this.#now());
    return this.#last;
  }

  /** A time for the next commit, later than every time given before. */
  commitTime(): number {
    this.#last = Math.max(this.#last + 1, this.#now());
    this.#lastCommit = this.#last;
    return this.#last;
  }

  /**
   * The time of the request that the next commit is of, with the precision of a millisecond, as server timestamps have it.
   * Where that would be before a commit that was made already, it is later by what is missing.
   */
  requestTime(): number {
    const now = Math.max(this.#last + 1, this.#now());
    return Math.max(this.#lastCommit + 1, now - (now % 1000));
  }

  /** Times from before a restart are not given again. */
  advanceTo(micros: number): void {
    this.#last = Math.max(this.#last, micros);
    this.#lastCommit = Math.max(this.#lastCommit, micros);
  }
}

let offset = performance.timeOrigin;

/** The system's clock with the fractions of a millisecond that `Date` does not tell, following it where it is set anew. */
function systemMicros(): number {
  const now = Date.now();
  if (Math.abs(offset + performance.now() - now) > 2) offset = now - performance.now();
  return Math.floor((offset + performance.now()) * 1000);
}
