import type { Engine } from "../engine.ts";
import type { IndexPolicy } from "../index-check/index-policy.ts";
import { documentHandlers } from "./document-handlers.ts";
import type { ServiceHandlers } from "./grpc-service.ts";
import { queryHandlers } from "./query-handlers.ts";
import { streamHandlers } from "./stream-handlers.ts";
import { writeHandlers } from "./write-handlers.ts";

/** What answers each method, over gRPC and over HTTP. */
export function serviceHandlers(
  engine: Engine,
  indexes: IndexPolicy,
  onProblem: (error: unknown) => void,
): ServiceHandlers {
  return {
    ...documentHandlers(engine),
    ...writeHandlers(engine),
    ...queryHandlers(engine, indexes),
    ...streamHandlers(engine, indexes, onProblem),
  };
}
