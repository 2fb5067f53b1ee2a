import type { Buffer } from "node:buffer";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { MessageStream, MessageStreamEvents } from "../listen/message-stream.ts";
import type { RpcError } from "../rpc-error.ts";
import { statusOf } from "./grpc-service.ts";
import type { MethodCodec, Methods } from "./rpc.ts";

/** A call of `Listen` or `Write` as their servers see it. @param report is told of errors that are the server's own. */
export function callStream<Name extends "Listen" | "Write">(
  call: ServerDuplexStream<Buffer, Buffer>,
  codec: MethodCodec<Name>,
  report: (error: unknown) => void,
): MessageStream<Methods[Name][0], Methods[Name][1]> {
  let events: MessageStreamEvents<Methods[Name][0]> | undefined;
  const close = (): void => {
    const own = events;
    events = undefined;
    own?.closed();
  };
  const fail = (error: unknown): void => {
    // Destroying the stream would leave the client without a status.
    call.emit("error", statusOf(error, report));
  };
  const receive = (bytes: Buffer): void => {
    if (!events) return;
    let request: Methods[Name][0];
    try {
      request = codec.decode(bytes);
    } catch (error) {
      close();
      fail(error);
      return;
    }
    events.message(request);
  };
  return {
    start(handlers) {
      events = handlers;
      call.on("drain", () => events?.drained());
      call.on("end", () => events?.ended());
      call.on("cancelled", close);
      call.on("close", close);
      call.on("data", receive);
    },
    send: (response) => call.write(codec.encode(response)),
    pause: () => {
      call.pause();
    },
    resume: () => {
      call.resume();
    },
    end: () => {
      events = undefined;
      call.end();
    },
    fail: (error: RpcError) => {
      events = undefined;
      fail(error);
    },
  };
}
