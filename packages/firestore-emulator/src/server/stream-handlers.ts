import type { Engine } from "../engine.ts";
import type { IndexPolicy } from "../index-check/index-policy.ts";
import { RpcError } from "../rpc-error.ts";
import type { DuplexHandler } from "./grpc-service.ts";

/** The methods whose messages go both ways. */
export interface StreamHandlers {
  readonly Listen: DuplexHandler<"Listen">;
  readonly Write: DuplexHandler<"Write">;
}

export function streamHandlers(
  _engine: Engine,
  _indexes: IndexPolicy,
  _onProblem: (error: unknown) => void,
): StreamHandlers {
  return {
    Listen: (call) => {
      call.emit("error", new RpcError("UNIMPLEMENTED", "not yet"));
    },
    Write: (call) => {
      call.emit("error", new RpcError("UNIMPLEMENTED", "not yet"));
    },
  };
}
