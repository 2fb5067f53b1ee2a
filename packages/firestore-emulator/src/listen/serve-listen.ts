import type { ListenRequest, ListenResponse } from "../protocol/messages.ts";
import { RpcError } from "../rpc-error.ts";
import { ListenSession, type ListenContext } from "./listen-session.ts";
import type { MessageStream } from "./message-stream.ts";

/** How one `Listen` call is served. */
export interface ListenOptions extends ListenContext {
  /** After how many milliseconds without a message the client is told that nothing changed. */
  readonly heartbeatMs?: number;
  /** Is told of errors that are the server's own. */
  readonly onProblem: (error: unknown) => void;
}

/** How many requests may wait for their turn before the client has to wait with sending more. */
const maxWaiting = 100;
/** Clients take two minutes of silence for a broken connection. */
const defaultHeartbeatMs = 30_000;

/**
 * Serves one `Listen` call: answers the requests in their order, and tells of each commit when it is applied, or of several
 * at once when the client is slower than they are.
 */
export function serveListen(
  stream: MessageStream<ListenRequest, ListenResponse>,
  options: ListenOptions,
): void {
  const server = new ListenServer(stream, options);
  stream.start({
    message: (request) => {
      server.receive(request);
    },
    drained: () => {
      server.drained();
    },
    ended: () => {
      server.ended();
    },
    closed: () => {
      server.close();
    },
  });
}

class ListenServer {
  readonly #stream: MessageStream<ListenRequest, ListenResponse>;
  readonly #options: ListenOptions;
  readonly #session: ListenSession;
  readonly #heartbeat: NodeJS.Timeout;
  #waiting: ListenRequest[] = [];
  /** The messages that are being sent. */
  #answer: Generator<ListenResponse, void> | undefined;
  #isBlocked = false;
  #isPaused = false;
  #isSending = false;
  #hasEnded = false;
  #isClosed = false;

  constructor(stream: MessageStream<ListenRequest, ListenResponse>, options: ListenOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#session = new ListenSession(options, () => {
      this.#send();
    });
    this.#heartbeat = setInterval(() => {
      if (this.#isIdle) this.#answer = this.#session.heartbeat();
      this.#send();
    }, options.heartbeatMs ?? defaultHeartbeatMs);
    this.#heartbeat.unref();
  }

  get #isIdle(): boolean {
    return !this.#answer && this.#waiting.length === 0 && !this.#isBlocked;
  }

  receive(request: ListenRequest): void {
    if (this.#isClosed) return;
    if (request.removeTarget !== undefined) this.#session.announceRemoval(request.removeTarget);
    this.#waiting.push(request);
    if (this.#waiting.length >= maxWaiting && !this.#isPaused) {
      this.#isPaused = true;
      this.#stream.pause();
    }
    this.#send();
  }

  drained(): void {
    this.#isBlocked = false;
    this.#send();
  }

  ended(): void {
    this.#hasEnded = true;
    this.#send();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#heartbeat);
    this.#session.close();
    this.#answer = undefined;
    this.#waiting = [];
  }

  /** Sends as much as there is and the client takes. */
  #send(): void {
    // A commit that is applied while a message is sent is told after it.
    if (this.#isSending || this.#isClosed) return;
    this.#isSending = true;
    try {
      while (!this.#isBlocked && !this.#isClosed && this.#sendNext());
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isSending = false;
    }
    this.#finishIfEnded();
  }

  /** Sends one message. Returns false when there is nothing more to say. */
  #sendNext(): boolean {
    this.#answer ??= this.#nextAnswer();
    if (!this.#answer) return false;
    const next = this.#answer.next();
    if (next.done) this.#answer = undefined;
    else this.#isBlocked = !this.#stream.send(next.value);
    return true;
  }

  #nextAnswer(): Generator<ListenResponse, void> | undefined {
    const request = this.#waiting.shift();
    if (this.#isPaused && this.#waiting.length < maxWaiting / 2) {
      this.#isPaused = false;
      this.#stream.resume();
    }
    if (request) return this.#session.answer(request);
    return this.#session.hasNews ? this.#session.news() : undefined;
  }

  #finishIfEnded(): void {
    if (!this.#hasEnded || this.#isClosed || !this.#isIdle || this.#session.hasNews) return;
    this.close();
    this.#stream.end();
  }

  #fail(error: unknown): void {
    this.close();
    if (error instanceof RpcError) {
      this.#stream.fail(error);
      return;
    }
    this.#options.onProblem(error);
    const message = error instanceof Error ? error.message : String(error);
    this.#stream.fail(new RpcError("INTERNAL", `Internal error of the emulator: ${message}`));
  }
}
