import type { ServerResponse } from "node:http";

/** How much of an answer is held back: an error within it still has a status of its own, and small writes are put together. */
const heldCharacters = 64 * 1024;

/** Sends a stream of messages as one JSON array, no faster than the client takes it. */
export class StreamArray {
  readonly #response: ServerResponse;
  readonly #signal: AbortSignal;
  #held = "[";
  #count = 0;
  #begun = false;

  /** @param response whose status and headers are set and not sent yet. */
  constructor(response: ServerResponse, signal: AbortSignal) {
    this.#response = response;
    this.#signal = signal;
  }

  /** Whether the client has read the status by now, so that an error can only cut the answer short. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Adds one element. Resolves when there is room for more. */
  async add(json: string): Promise<void> {
    this.#held += `${this.#count === 0 ? "" : ","}\n${json}`;
    this.#count += 1;
    if (this.#held.length < heldCharacters) return;
    this.#begun = true;
    const text = this.#held;
    this.#held = "";
    if (!this.#response.write(text)) await this.#drained();
  }

  end(): void {
    this.#response.end(`${this.#held}\n]\n`);
  }

  /** Tells of an error amid the answer, and cuts it: what was sent must not pass for all of it. */
  break(json: string): void {
    this.#response.write(`${this.#held}${this.#count === 0 ? "" : ","}\n${json}`, () => {
      this.#response.destroy();
    });
  }

  async #drained(): Promise<void> {
    if (this.#signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#response.off("drain", done);
        this.#signal.removeEventListener("abort", done);
        resolve();
      };
      this.#response.once("drain", done);
      this.#signal.addEventListener("abort", done);
    });
  }
}
