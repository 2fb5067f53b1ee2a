import type { Socket } from "node:net";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { Engine } from "../engine.ts";
import type { IndexPolicy } from "../index-check/index-policy.ts";
import { documentHandlers } from "./document-handlers.ts";
import { serviceDefinition, serviceImplementation } from "./grpc-service.ts";
import { queryHandlers } from "./query-handlers.ts";
import { streamHandlers } from "./stream-handlers.ts";
import { writeHandlers } from "./write-handlers.ts";

export interface GrpcOptions {
  readonly engine: Engine;
  readonly indexes: IndexPolicy;
  /** Is told of errors that are the server's own. */
  readonly onProblem: (error: unknown) => void;
}

/** The service, on connections that are handed to it. */
export interface GrpcService {
  readonly accept: (connection: Socket) => void;
  close(): void;
}

/** More than a request may have, so that one that is too large is told so and not cut off. */
const maxMessageBytes = 64 * 1024 * 1024;

export function openGrpc({ engine, indexes, onProblem }: GrpcOptions): GrpcService {
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": 100_000,
    "grpc.enable_channelz": 0,
  });
  const handlers = {
    ...documentHandlers(engine),
    ...writeHandlers(engine),
    ...queryHandlers(engine, indexes),
    ...streamHandlers(engine, indexes, onProblem),
  };
  server.addService(serviceDefinition(), serviceImplementation(handlers, onProblem));
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return {
    accept: (connection) => {
      injector.injectConnection(connection);
    },
    close: () => {
      injector.destroy();
      server.forceShutdown();
    },
  };
}
