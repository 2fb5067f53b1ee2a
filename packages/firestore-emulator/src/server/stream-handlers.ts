import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { Engine } from "../engine.ts";
import type { IndexPolicy } from "../index-check/index-policy.ts";
import type { MessageStream } from "../listen/message-stream.ts";
import { serveListen } from "../listen/serve-listen.ts";
import { RpcError } from "../rpc-error.ts";
import { serveWrite } from "../write-stream/serve-write.ts";
import type { DuplexHandler } from "./grpc-service.ts";
import type { MethodCodec, MethodName, Methods } from "./rpc.ts";

/** The methods whose messages go both ways. */
export interface StreamHandlers {
  readonly Listen: DuplexHandler<"Listen">;
  readonly Write: DuplexHandler<"Write">;
}

/** @param onProblem is told of errors that are the server's own. */
export function streamHandlers(
  engine: Engine,
  indexes: IndexPolicy,
  onProblem: (error: unknown) => void,
): StreamHandlers {
  return {
    Listen: (call, codec) => {
      serveListen(messageStream(call, codec), {
        database: (name) => engine.databases.get(name),
        checkQuery: (database, query) => {
          indexes.check(database, query);
        },
        onProblem,
      });
    },
    Write: (call, codec) => {
      serveWrite(messageStream(call, codec), {
        commit: async (database, writes, signal) =>
          await engine.commit(database, { writes }, signal),
        onProblem,
      });
    },
  };
}

/** A call of `@grpc/grpc-js` as a stream of messages. */
function messageStream<Name extends MethodName>(
  call: ServerDuplexStream<Buffer, Buffer>,
  codec: MethodCodec<Name>,
): MessageStream<Methods[Name][0], Methods[Name][1]> {
  let isClosed = false;
  return {
    start: (events) => {
      const close = (): void => {
        if (isClosed) return;
        isClosed = true;
        events.closed();
      };
      call.on("data", (bytes: Buffer) => {
        if (isClosed) return;
        try {
          events.message(codec.decode(bytes));
        } catch (error) {
          close();
          fail(call, error);
        }
      });
      call.on("drain", () => {
        if (!isClosed) events.drained();
      });
      call.on("end", () => {
        if (!isClosed) events.ended();
      });
      call.on("cancelled", close);
      call.on("close", close);
    },
    send: (response) => call.write(codec.encode(response)),
    pause: () => {
      call.pause();
    },
    resume: () => {
      call.resume();
    },
    end: () => {
      isClosed = true;
      call.end();
    },
    fail: (error) => {
      isClosed = true;
      fail(call, error);
    },
  };
}

/** Destroying the stream would leave the client without a status. */
function fail(call: ServerDuplexStream<Buffer, Buffer>, error: unknown): void {
  const status = error instanceof RpcError ? error : new RpcError("INTERNAL", String(error));
  call.emit("error", status);
}
