/** What arrives one after the other, for a test that waits for it. */
export class Arrivals<T> {
  readonly #arrived: T[] = [];
  #waiting: (() => void)[] = [];

  readonly push = (value: T): void => {
    this.#arrived.push(value);
    for (const wake of this.#waiting.splice(0)) wake();
  };

  /** How many have arrived and were not taken. */
  get length(): number {
    return this.#arrived.length;
  }

  /** The next one. */
  async next(): Promise<T> {
    return await this.until(() => true);
  }

  /** The next one for which that is so; those before it are dropped. */
  async until(isIt: (value: T) => boolean): Promise<T> {
    for (;;) {
      const [value, ...rest] = this.#arrived;
      if (value !== undefined) {
        this.#arrived.splice(0, this.#arrived.length, ...rest);
        if (isIt(value)) return value;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }
}
