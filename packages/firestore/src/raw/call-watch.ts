import type { FirestoreContext } from "../firestore-context.ts";
import { FirestoreError } from "../firestore-error.ts";
import { cancelled, timerMs } from "../limits.ts";

const deadlineExceeded = 4;

/** Ends a call that nothing comes of any more, or that is not wanted any more. */
export class CallWatch {
  readonly #context: FirestoreContext;
  readonly #signal: AbortSignal | undefined;
  readonly #fail: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #moved = false;
  #held = false;

  /** @param fail is called once at most. */
  constructor(
    context: FirestoreContext,
    signal: AbortSignal | undefined,
    fail: (error: unknown) => void,
  ) {
    this.#context = context;
    this.#signal = signal;
    this.#fail = fail;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    context.running.add(this.#onClose);
    this.#start();
  }

  /** Something came. */
  moved(): void {
    this.#moved = true;
  }

  /** Who is waited for is not the server, until something is wanted again. */
  hold(isHeld: boolean): void {
    this.#held = isHeld;
    this.#moved = true;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#context.running.delete(this.#onClose);
  }

  #start(): void {
    const { timeoutMs } = this.#context;
    if (timeoutMs > 0) this.#timer = setTimeout(this.#onTime, timerMs(timeoutMs));
  }

  readonly #onTime = (): void => {
    if (this.#moved || this.#held) {
      this.#moved = false;
      this.#start();
      return;
    }
    const message = `Firestore did not answer within ${this.#context.timeoutMs} ms.`;
    this.#stop(Object.assign(new Error(message), { code: deadlineExceeded }));
  };

  readonly #onAbort = (): void => {
    if (this.#signal) this.#stop(cancelled(this.#signal));
  };

  readonly #onClose = (): void => {
    const { description } = this.#context;
    this.#stop(new FirestoreError("CLOSED", `The database ${description} was closed.`));
  };

  #stop(error: unknown): void {
    this.end();
    this.#fail(error);
  }
}
