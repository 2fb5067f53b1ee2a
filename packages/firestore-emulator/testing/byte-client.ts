import { connect } from "node:net";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { messageType, serviceMethods } from "../src/protocol/protocol.ts";
import type { MethodName } from "../src/server/rpc.ts";
import type { RawMessage } from "./raw-client.ts";

/** What a call came to; without a code it was open still, as streams in both directions may be. */
export interface ByteAnswer {
  readonly code: number | undefined;
  readonly details: string;
}

const pass = (bytes: Buffer): Buffer => bytes;

/** Sends bytes in place of messages. */
export class ByteClient {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      "grpc.use_local_subchannel_pool": 1,
    });
  }

  /** Sends one message and no more, whatever the method takes. @param openMs how long to wait for the end of a stream. */
  async call(method: MethodName, bytes: Uint8Array, openMs = 30_000): Promise<ByteAnswer> {
    return await new Promise((resolve) => {
      const path = `/google.firestore.v1.Firestore/${method}`;
      const stream = this.#client.makeServerStreamRequest(
        path,
        pass,
        pass,
        Buffer.from(bytes),
        new Metadata(),
      );
      const timer = setTimeout(() => {
        resolve({ code: undefined, details: "" });
        stream.cancel();
      }, openMs);
      stream.on("data", () => {});
      stream.on("error", () => {});
      stream.on("status", ({ code, details }) => {
        clearTimeout(timer);
        resolve({ code, details });
      });
    });
  }

  close(): void {
    this.#client.close();
  }
}

/** The bytes of a request. */
export function requestBytes(method: MethodName, request: RawMessage): Buffer {
  const found = serviceMethods().find(({ name }) => name === method);
  if (!found) throw new Error(`There is no method ${method}.`);
  return Buffer.from(messageType(found.requestType).encode(request).finish());
}

/** Writes bytes to a port and reads until the other side ends, or for so long. */
export async function sendRaw(
  port: number,
  chunks: readonly Uint8Array[],
  waitMs = 200,
): Promise<Buffer> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const received: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => received.push(chunk));
  // The server may cut it.
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  for (const chunk of chunks) {
    socket.write(chunk);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.race([
    new Promise((resolve) => socket.once("close", resolve)),
    new Promise((resolve) => setTimeout(resolve, waitMs)),
  ]);
  socket.destroy();
  return Buffer.concat(received);
}
