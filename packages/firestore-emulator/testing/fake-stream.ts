import type { MessageStream, MessageStreamEvents } from "../src/listen/message-stream.ts";
import type { RpcError } from "../src/rpc-error.ts";

/** The client's end of a call, in the same process. It reads no more than it is told to. */
export class FakeStream<Request, Response> implements MessageStream<Request, Response> {
  readonly received: Response[] = [];
  isPaused = false;
  hasEnded = false;
  failure: RpcError | undefined;
  #events: MessageStreamEvents<Request> | undefined;
  #room: number;

  /** @param room how many messages fit in before the server has to wait. */
  constructor(room = Infinity) {
    this.#room = room;
  }

  start(events: MessageStreamEvents<Request>): void {
    this.#events = events;
  }

  send(response: Response): boolean {
    this.received.push(response);
    this.#room -= 1;
    return this.#room > 0;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.hasEnded = true;
  }

  fail(error: RpcError): void {
    this.failure = error;
  }

  /** Sends a message to the server. */
  say(request: Request): void {
    this.#events?.message(request);
  }

  /** Reads: the server may send that many messages. */
  makeRoom(messages: number): void {
    this.#room = messages;
    this.#events?.drained();
  }

  /** Sends no more. */
  halfClose(): void {
    this.#events?.ended();
  }

  /** Is gone. */
  cancel(): void {
    this.#events?.closed();
  }

  /** What was received since the last time. */
  take(): Response[] {
    return this.received.splice(0);
  }
}
