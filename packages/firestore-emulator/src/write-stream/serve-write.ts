import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import type { MessageStream } from "../listen/message-stream.ts";
import { parseDatabaseName } from "../name/resource-name.ts";
import type { Write, WriteRequest, WriteResponse, WriteResult } from "../protocol/messages.ts";
import { invalidArgument, RpcError } from "../rpc-error.ts";
import { timestampOf } from "../value/timestamp.ts";

/** What a stream needs of the server. */
export interface WriteStreamOptions {
  /** Makes all the writes at one time, in microseconds, or none. */
  readonly commit: (
    database: string,
    writes: readonly Write[],
    signal: AbortSignal,
  ) => Promise<{ readonly writeResults: readonly WriteResult[]; readonly time: number }>;
  /** Is told of errors that are the server's own. */
  readonly onProblem: (error: unknown) => void;
}

/** How many requests may wait for their turn before the client has to wait with sending more. */
const maxWaiting = 16;

/** Serves one `Write` call: a handshake, then one commit and one answer for each message, in their order. */
export function serveWrite(
  stream: MessageStream<WriteRequest, WriteResponse>,
  options: WriteStreamOptions,
): void {
  const server = new WriteServer(stream, options);
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

class WriteServer {
  readonly #stream: MessageStream<WriteRequest, WriteResponse>;
  readonly #options: WriteStreamOptions;
  readonly #cancellation = new AbortController();
  readonly #streamId = randomUUID();
  #database: string | undefined;
  #answers = 0;
  #waiting: WriteRequest[] = [];
  #isWorking = false;
  #isBlocked = false;
  #isPaused = false;
  #hasEnded = false;
  #isClosed = false;

  constructor(stream: MessageStream<WriteRequest, WriteResponse>, options: WriteStreamOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  receive(request: WriteRequest): void {
    if (this.#isClosed) return;
    this.#waiting.push(request);
    if (this.#waiting.length >= maxWaiting && !this.#isPaused) {
      this.#isPaused = true;
      this.#stream.pause();
    }
    this.#work();
  }

  drained(): void {
    this.#isBlocked = false;
    this.#work();
  }

  ended(): void {
    this.#hasEnded = true;
    this.#work();
  }

  /** The client is gone: what it sent and was not begun is not done. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#cancellation.abort();
  }

  #work(): void {
    if (this.#isWorking || this.#isClosed) return;
    this.#isWorking = true;
    void this.#answerAll()
      .catch((error: unknown) => {
        this.#fail(error);
      })
      .finally(() => {
        this.#isWorking = false;
        this.#finishIfEnded();
      });
  }

  #finishIfEnded(): void {
    if (!this.#hasEnded || this.#isClosed || this.#isBlocked || this.#waiting.length > 0) return;
    this.close();
    this.#stream.end();
  }

  async #answerAll(): Promise<void> {
    while (!this.#isBlocked && !this.#isClosed) {
      const request = this.#waiting.shift();
      if (!request) return;
      if (this.#isPaused && this.#waiting.length === 0) {
        this.#isPaused = false;
        this.#stream.resume();
      }
      const response = await this.#answer(request);
      if (this.#isClosed) return;
      this.#isBlocked = !this.#stream.send(response);
    }
  }

  async #answer(request: WriteRequest): Promise<WriteResponse> {
    if (this.#database === undefined) {
      this.#database = databaseOf(request);
      return { streamId: this.#streamId, streamToken: this.#nextToken() };
    }
    const { database, writes } = request;
    if (database !== "" && database !== this.#database) {
      throw invalidArgument(
        `Request specified a database (${database}) that did not match the expected database (${this.#database})`,
      );
    }
    if (writes.length === 0) return { streamToken: this.#nextToken() };
    const { signal } = this.#cancellation;
    const { writeResults, time } = await this.#options.commit(this.#database, writes, signal);
    return { streamToken: this.#nextToken(), writeResults, commitTime: timestampOf(time) };
  }

  /** Nothing is kept of answers, so a token is only what says that an answer was had. */
  #nextToken(): Uint8Array {
    const token = Buffer.from(String(this.#answers));
    this.#answers += 1;
    return token;
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
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

/** The database that a stream is opened for. @throws {RpcError} INVALID_ARGUMENT when its first message is none. */
function databaseOf({ database, streamId, streamToken, writes }: WriteRequest): string {
  if (streamId !== "") {
    throw invalidArgument("Resuming streams is not supported, do not set stream ID.");
  }
  if (streamToken.length > 0) {
    throw invalidArgument(
      "Resuming streams is not supported, 'stream_token' must not be set on an initial write request.",
    );
  }
  if (database === "") throw invalidArgument("'database' must be set on an initial write request.");
  if (writes.length > 0) {
    throw invalidArgument("'writes' must not be set on an initial write request.");
  }
  return parseDatabaseName(database);
}
