import type { Socket } from "node:net";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { serviceDefinition, serviceImplementation, type ServiceHandlers } from "./grpc-service.ts";

export interface GrpcOptions {
  readonly handlers: ServiceHandlers;
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

export function openGrpc({ handlers, onProblem }: GrpcOptions): GrpcService {
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": 100_000,
    "grpc.enable_channelz": 0,
  });
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
