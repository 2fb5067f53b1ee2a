/**
 * Waits for one piece of work after the other, until something ends all of it.
 *
 * `Promise.race` with a promise that lasts would keep the result of every race until that promise settles: all chunks of a copy,
 * for as long as it runs.
 */
export class Interruptible<Reason> {
  #ended: { readonly reason: Reason } | { readonly error: unknown } | undefined;
  #interrupt: (() => void) | undefined;

  /** Every wait, now and later, gives this reason. What was first counts. */
  end(reason: Reason): void {
    this.#ended ??= { reason };
    this.#interrupt?.();
  }

  /** Every wait, now and later, throws this. What was first counts. */
  fail(error: unknown): void {
    this.#ended ??= { error };
    this.#interrupt?.();
  }

  /** What the work gives, or why it is not waited for any more. One wait at a time. @throws what the work throws, or `fail` was given. */
  async on<Result>(work: Promise<Result>): Promise<Result | Reason> {
    return await new Promise((resolve, reject) => {
      this.#interrupt = (): void => {
        if (this.#ended === undefined) return;
        if ("error" in this.#ended) reject(this.#ended.error);
        else resolve(this.#ended.reason);
      };
      work.then(resolve, reject);
      this.#interrupt();
    });
  }
}
