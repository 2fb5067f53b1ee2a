import type { Engine } from "../engine.ts";
import type { IndexPolicy } from "../index-check/index-policy.ts";
import { serveListen } from "../listen/serve-listen.ts";
import { serveWrite } from "../write-stream/serve-write.ts";
import { callStream } from "./call-stream.ts";
import type { DuplexHandler } from "./grpc-service.ts";

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
      serveListen(callStream(call, codec, onProblem), {
        database: (name) => engine.databases.get(name),
        checkQuery: (database, query) => {
          indexes.check(database, query);
        },
        onProblem,
      });
    },
    Write: (call, codec) => {
      serveWrite(callStream(call, codec, onProblem), {
        commit: async (database, writes, signal) =>
          await engine.commit(database, { writes }, signal),
        onProblem,
      });
    },
  };
}
