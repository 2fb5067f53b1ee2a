import { Client, credentials, Metadata, type ClientDuplexStream } from "@grpc/grpc-js";
import { serviceMethods } from "../src/protocol/protocol.ts";

export type RawMessage = Readonly<Record<string, unknown>>;

/** What one call came to: what the server sent, and the status it ended with. */
export interface RawAnswer {
  readonly messages: readonly RawMessage[];
  readonly code: number;
  readonly details: string;
}

/** A stream in both directions. */
export type RawStream = ClientDuplexStream<RawMessage, RawMessage>;

/** Speaks google.firestore.v1 with nothing in between that repairs, retries or converts. */
export class RawClient {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      "grpc.use_local_subchannel_pool": 1,
    });
    this.#metadata.set("authorization", "Bearer owner");
  }

  /** Any method that takes one message; the answer has one message or as many as the stream had. */
  async call(method: string, request: RawMessage): Promise<RawAnswer> {
    const { path, encode, decode, responseStream } = codecsOf(method);
    const messages: RawMessage[] = [];
    return await new Promise((resolve) => {
      if (responseStream) {
        const stream = this.#client.makeServerStreamRequest(
          path,
          encode,
          decode,
          request,
          this.#metadata,
        );
        stream.on("data", (message: RawMessage) => messages.push(message));
        stream.on("error", () => {});
        stream.on("status", ({ code, details }) => resolve({ messages, code, details }));
        return;
      }
      this.#client.makeUnaryRequest(
        path,
        encode,
        decode,
        request,
        this.#metadata,
        (error, message) => {
          if (message) messages.push(message);
          resolve({ messages, code: error?.code ?? 0, details: error?.details ?? "" });
        },
      );
    });
  }

  /** Like `call`, for bytes that need not be a message. */
  async callBytes(method: string, bytes: Uint8Array): Promise<RawAnswer> {
    const { path, decode } = codecsOf(method);
    return await new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        (body: Uint8Array) => Buffer.from(body),
        decode,
        bytes,
        this.#metadata,
        (error, message) => {
          resolve({
            messages: message ? [message] : [],
            code: error?.code ?? 0,
            details: error?.details ?? "",
          });
        },
      );
    });
  }

  /** `Listen` or `Write`. @param database for the header that the official emulator cannot do without. */
  open(method: "Listen" | "Write", database?: string): RawStream {
    const { path, encode, decode } = codecsOf(method);
    const metadata = this.#metadata.clone();
    if (database !== undefined) metadata.set("google-cloud-resource-prefix", database);
    return this.#client.makeBidiStreamRequest(path, encode, decode, metadata);
  }

  close(): void {
    this.#client.close();
  }
}

function codecsOf(name: string) {
  const method = serviceMethods().find((candidate) => candidate.name === name);
  if (!method) throw new Error(`There is no method ${name}.`);
  const type = (full: string) =>
    method.root.lookupType(full.includes(".") ? full : `google.firestore.v1.${full}`);
  const request = type(method.requestType);
  const response = type(method.responseType);
  return {
    path: `/google.firestore.v1.Firestore/${name}`,
    responseStream: method.responseStream === true,
    encode: (message: RawMessage) => Buffer.from(request.encode(message).finish()),
    decode: (bytes: Buffer): RawMessage =>
      Object.fromEntries(Object.entries(response.decode(bytes))),
  };
}
