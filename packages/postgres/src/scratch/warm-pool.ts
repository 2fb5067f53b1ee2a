import { PostgresError } from "../postgres-error.ts";

/** How things are made and kept. */
export interface WarmPoolOptions<T> {
  /** How many lie ready. */
  readonly size: number;
  /** `later`: nobody waits for it. */
  readonly make: (lane: "now" | "later") => Promise<T>;
  /** Gives back one that nobody took. */
  readonly discard: (item: T) => Promise<void>;
}

/**
 * Keeps a few of something ready that takes a while to make. One at a time is made in the background, so that the tests have the rest
 * of the machine.
 */
export class WarmPool<T> implements AsyncDisposable {
  readonly #options: WarmPoolOptions<T>;
  readonly #ready: T[] = [];
  #filling: Promise<void> | undefined;
  #closed = false;

  constructor(options: WarmPoolOptions<T>) {
    this.#options = options;
  }

  /** How many lie ready now. */
  get ready(): number {
    return this.#ready.length;
  }

  /** One that lies ready, or else a new one. What `make` throws is thrown as it is. */
  async take(): Promise<T> {
    if (this.#closed) throw new PostgresError("CLOSED", "The pool of databases was closed.");
    const item = this.#ready.shift() ?? (await this.#options.make("now"));
    this.#fill();
    return item;
  }

  /** Resolves when as many lie ready as shall, or one could not be made. */
  async filled(): Promise<void> {
    this.#fill();
    await this.#filling;
  }

  /** Gives back what nobody took. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#filling;
    await Promise.all(this.#ready.splice(0).map(this.#options.discard));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #fill(): void {
    this.#filling ??= this.#work().finally(() => {
      this.#filling = undefined;
    });
  }

  async #work(): Promise<void> {
    while (!this.#closed && this.#ready.length < this.#options.size) {
      try {
        this.#ready.push(await this.#options.make("later"));
      } catch {
        // Whoever takes the next one makes it, and hears of it.
        return;
      }
    }
  }
}
