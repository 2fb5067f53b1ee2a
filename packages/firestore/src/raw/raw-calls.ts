import type { FirestoreContext } from "../firestore-context.ts";
import { cancelled } from "../limits.ts";
import { CallWatch } from "./call-watch.ts";
import {
  clientPoolOf,
  newMetadata,
  stubOf,
  type GapicClient,
  type GrpcMetadata,
  type GrpcStub,
} from "./grpc-client.ts";
import { isPassing, waitBeforeTry } from "./passing-failure.ts";

const service = "/google.firestore.v1.Firestore";
const mostRetries = 10;
const pass = (bytes: Buffer): Buffer => bytes;

/** Holds a stream back that is faster than who reads it. */
export interface StreamControl {
  pause(): void;
  resume(): void;
}

export interface StreamOptions {
  /** Called for each message. What it throws ends the stream with that. */
  readonly onMessage: (message: Buffer, stream: StreamControl) => void;
  readonly signal?: AbortSignal | undefined;
}

interface Channel {
  readonly stub: GrpcStub;
  readonly metadata: GrpcMetadata;
}

/**
 * Calls Firestore's methods with messages as bytes, over the SDK's connections and with its credentials. What a call fails
 * with is gRPC's own error, CANCELLED or CLOSED.
 */
export class RawCalls {
  readonly context: FirestoreContext;
  /** `projects/p/databases/d` */
  readonly database: string;
  readonly #emulator: boolean;

  constructor(
    context: FirestoreContext,
    { database, emulator }: { readonly database: string; readonly emulator: boolean },
  ) {
    this.context = context;
    this.database = database;
    this.#emulator = emulator;
  }

  /** One message for one. Fails with DEADLINE_EXCEEDED after the database's timeout. */
  async unary(method: string, request: Buffer, signal: AbortSignal | undefined): Promise<Buffer> {
    return await this.#run(
      signal,
      async ({ stub, metadata }) =>
        await new Promise((resolve, reject) => {
          const watch = new CallWatch(this.context, signal, (reason) => {
            reject(errorOf(reason));
            call.cancel();
          });
          const path = `${service}/${method}`;
          const call = stub.makeUnaryRequest(
            path,
            pass,
            pass,
            request,
            metadata,
            (error, answer) => {
              watch.end();
              if (answer === undefined) reject(errorOf(error));
              else resolve(answer);
            },
          );
        }),
    );
  }

  /** Like `unary`, and tries again what fails for a reason that passes: for reads. */
  async tried(method: string, request: Buffer, signal: AbortSignal | undefined): Promise<Buffer> {
    return await this.retried(signal, async () => await this.unary(method, request, signal));
  }

  /** Does something again, up to ten times, while it fails for a reason that passes. */
  async retried<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        if (!isPassing(error) || attempt >= mostRetries) throw error;
      }
      await waitBeforeTry(attempt, signal);
    }
  }

  /** Resolves at the stream's end. Fails with DEADLINE_EXCEEDED when nothing comes for as long as the database's timeout. */
  async stream(
    method: string,
    request: Buffer,
    { onMessage, signal }: StreamOptions,
  ): Promise<void> {
    await this.#run(signal, async ({ stub, metadata }) => {
      const path = `${service}/${method}`;
      const stream = stub.makeServerStreamRequest(path, pass, pass, request, metadata);
      await new Promise<void>((resolve, reject) => {
        const fail = (error: unknown): void => {
          watch.end();
          reject(errorOf(error));
          stream.cancel();
        };
        const watch = new CallWatch(this.context, signal, fail);
        const control: StreamControl = {
          pause: () => void [watch.hold(true), stream.pause()],
          resume: () => void [watch.hold(false), stream.resume()],
        };
        stream.on("data", (message) => {
          watch.moved();
          try {
            onMessage(message, control);
          } catch (error) {
            fail(error);
          }
        });
        stream.on("error", fail);
        stream.on("end", () => void [watch.end(), resolve()]);
      });
    });
  }

  async #run<T>(
    signal: AbortSignal | undefined,
    work: (channel: Channel) => Promise<T>,
  ): Promise<T> {
    this.context.checkOpen();
    if (signal?.aborted === true) throw cancelled(signal);
    const pool = clientPoolOf(this.context.client);
    const call = pool.run("raw", true, async (client) => {
      const stub = await stubOf(client);
      return await work({ stub, metadata: this.#metadata(client) });
    });
    return await this.context.track(call);
  }

  #metadata(client: GapicClient): GrpcMetadata {
    const metadata = newMetadata(client);
    metadata.set("google-cloud-resource-prefix", this.database);
    metadata.set("x-goog-request-params", `database=${encodeURIComponent(this.database)}`);
    if (this.#emulator) metadata.set("authorization", "Bearer owner");
    return metadata;
  }
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error("The call failed.", { cause: error });
}
