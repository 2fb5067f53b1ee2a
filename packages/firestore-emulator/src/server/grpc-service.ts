import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { serviceMethods } from "../protocol/protocol.ts";
import { RpcError, statusCodes } from "../rpc-error.ts";
import type { StreamingHandler, UnaryHandler } from "./handlers.ts";
import { methodCodec, type MethodCodec, type MethodName } from "./rpc.ts";

/** A method whose messages go both ways. */
export type DuplexHandler<Name extends MethodName> = (
  call: ServerDuplexStream<Buffer, Buffer>,
  codec: MethodCodec<Name>,
) => void;

type Kinds = {
  readonly [Name in MethodName]: Name extends "Listen" | "Write"
    ? DuplexHandler<Name>
    : Name extends "BatchGetDocuments" | "RunQuery" | "RunAggregationQuery" | "ExecutePipeline"
      ? StreamingHandler<Name>
      : UnaryHandler<Name>;
};

/** What answers each method of the service. */
export type ServiceHandlers = Kinds;

const bytes = (message: Buffer): Buffer => message;

/** The service as `@grpc/grpc-js` takes it. Messages are read by the handlers, so that a bad one is told as such. */
export function serviceDefinition(): ServiceDefinition {
  return Object.fromEntries(
    serviceMethods().map((method) => [
      method.name,
      {
        path: `/google.firestore.v1.Firestore/${method.name}`,
        originalName: method.name,
        requestStream: method.requestStream === true,
        responseStream: method.responseStream === true,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    ]),
  );
}

/** The handlers as `@grpc/grpc-js` calls them. @param report is told of errors that are the server's own. */
export function serviceImplementation(
  handlers: ServiceHandlers,
  report: (error: unknown) => void,
): UntypedServiceImplementation {
  const types = new Map(serviceMethods().map((method) => [method.name, method]));
  const codecOf = <Name extends MethodName>(name: Name): MethodCodec<Name> => {
    const method = types.get(name);
    if (!method) throw new Error(`The protocol has no method ${name}.`);
    return methodCodec(method.requestType, method.responseType);
  };
  const unary = <Name extends MethodName>(name: Name, handler: UnaryHandler<Name>) => ({
    [name]: unaryCall(handler, codecOf(name), report),
  });
  const streaming = <Name extends MethodName>(name: Name, handler: StreamingHandler<Name>) => ({
    [name]: streamingCall(handler, codecOf(name), report),
  });
  const duplex = <Name extends MethodName>(name: Name, handler: DuplexHandler<Name>) => ({
    [name]: (call: ServerDuplexStream<Buffer, Buffer>) => {
      handler(call, codecOf(name));
    },
  });
  return {
    ...unary("GetDocument", handlers.GetDocument),
    ...unary("ListDocuments", handlers.ListDocuments),
    ...unary("CreateDocument", handlers.CreateDocument),
    ...unary("UpdateDocument", handlers.UpdateDocument),
    ...unary("DeleteDocument", handlers.DeleteDocument),
    ...unary("BeginTransaction", handlers.BeginTransaction),
    ...unary("Commit", handlers.Commit),
    ...unary("Rollback", handlers.Rollback),
    ...unary("BatchWrite", handlers.BatchWrite),
    ...unary("ListCollectionIds", handlers.ListCollectionIds),
    ...unary("PartitionQuery", handlers.PartitionQuery),
    ...streaming("BatchGetDocuments", handlers.BatchGetDocuments),
    ...streaming("RunQuery", handlers.RunQuery),
    ...streaming("RunAggregationQuery", handlers.RunAggregationQuery),
    ...streaming("ExecutePipeline", handlers.ExecutePipeline),
    ...duplex("Listen", handlers.Listen),
    ...duplex("Write", handlers.Write),
  };
}

function unaryCall<Name extends MethodName>(
  handler: UnaryHandler<Name>,
  codec: MethodCodec<Name>,
  report: (error: unknown) => void,
) {
  return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
    const answer = async (): Promise<void> => {
      try {
        const response = await handler(codec.decode(call.request), cancellation(call));
        callback(null, codec.encode(response));
      } catch (error) {
        callback(statusOf(error, report));
      }
    };
    void answer();
  };
}

function streamingCall<Name extends MethodName>(
  handler: StreamingHandler<Name>,
  codec: MethodCodec<Name>,
  report: (error: unknown) => void,
) {
  return (call: ServerWritableStream<Buffer, Buffer>): void => {
    const signal = cancellation(call);
    const send = async (): Promise<void> => {
      try {
        for await (const message of handler(codec.decode(call.request), signal)) {
          if (signal.aborted) return;
          if (!call.write(codec.encode(message))) await drained(call, signal);
        }
        call.end();
      } catch (error) {
        // Destroying the stream would leave the client without a status.
        call.emit("error", statusOf(error, report));
      }
    };
    void send();
  };
}

/** Aborts when the client cancels, or is gone. */
function cancellation(call: {
  once(event: "cancelled", listener: () => void): unknown;
}): AbortSignal {
  const controller = new AbortController();
  call.once("cancelled", () => {
    controller.abort();
  });
  return controller.signal;
}

async function drained(
  call: ServerWritableStream<Buffer, Buffer>,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      call.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    call.once("drain", done);
    signal.addEventListener("abort", done);
  });
}

/** What the client is told. What is no `RpcError` is a fault of this server: it is reported, and INTERNAL to the client. */
export function statusOf(
  error: unknown,
  report: (error: unknown) => void,
): Error & { code: number; details: string } {
  if (error instanceof RpcError) return error;
  report(error);
  const message = error instanceof Error ? error.message : String(error);
  return Object.assign(new Error(message), {
    code: statusCodes.INTERNAL,
    details: `Internal error of the emulator: ${message}`,
  });
}
