import type { RpcError } from "../rpc-error.ts";

/** What happens on a stream. Nothing is called after `closed`. */
export interface MessageStreamEvents<Request> {
  /** The client sent a message. */
  readonly message: (request: Request) => void;
  /** More can be sent, after `send` gave false. */
  readonly drained: () => void;
  /** The client will send no more, and still reads. */
  readonly ended: () => void;
  /** The client cancelled, or is gone. */
  readonly closed: () => void;
}

/** One call whose messages go both ways, as this server sees it. */
export interface MessageStream<Request, Response> {
  /** Begins to call back. */
  start(events: MessageStreamEvents<Request>): void;
  /** Returns false when the client reads slower than that: wait for `drained` then. */
  send(response: Response): boolean;
  /** Stops reading what the client sends, so that it has to wait, until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends the call well. */
  end(): void;
  /** Ends the call with a status. */
  fail(error: RpcError): void;
}
