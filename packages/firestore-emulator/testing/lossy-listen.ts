import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import type { ListenResponse } from "../src/protocol/messages.ts";
import { messageType } from "../src/protocol/protocol.ts";
import { serviceDefinition } from "../src/server/grpc-service.ts";
import { RawClient } from "./raw-client.ts";

/** A server of `Listen` alone, that passes on what another one says, but not all of it. */
export interface LossyListen {
  readonly port: number;
  close(): void;
}

/** @param passes whether a message of the other server reaches the client. */
export async function startLossyListen(
  address: string,
  passes: (response: ListenResponse) => boolean,
): Promise<LossyListen> {
  const upstream = new RawClient(address);
  const server = new Server();
  const request = messageType("ListenRequest");
  const response = messageType("ListenResponse");
  server.addService(serviceDefinition(), {
    Listen: (call: ServerDuplexStream<Buffer, Buffer>) => {
      const stream = upstream.open("Listen");
      call.on("data", (bytes: Buffer) =>
        stream.write(Object.fromEntries(Object.entries(request.decode(bytes)))),
      );
      call.on("end", () => stream.end());
      call.on("cancelled", () => {
        stream.cancel();
      });
      stream.on("data", (message: ListenResponse) => {
        if (passes(message)) call.write(Buffer.from(response.encode({ ...message }).finish()));
      });
      stream.on("error", () => {});
      stream.on("end", () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return {
    port,
    close: () => {
      server.forceShutdown();
      upstream.close();
    },
  };
}
