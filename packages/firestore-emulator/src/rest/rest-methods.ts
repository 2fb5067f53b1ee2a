import type { ServiceHandlers } from "../server/grpc-service.ts";
import type { StreamingHandler, UnaryHandler } from "../server/handlers.ts";
import type { MethodName } from "../server/rpc.ts";

/** Answers a request with the messages of the answer: one, or those of a stream. */
export type RestMethod = (request: object, signal: AbortSignal) => AsyncIterable<object>;

/** The methods that there are over HTTP: all but the two whose messages go both ways. */
export function restMethods(handlers: ServiceHandlers): ReadonlyMap<string, RestMethod> {
  return new Map([
    unary("GetDocument", handlers.GetDocument),
    unary("ListDocuments", handlers.ListDocuments),
    unary("CreateDocument", handlers.CreateDocument),
    unary("UpdateDocument", handlers.UpdateDocument),
    unary("DeleteDocument", handlers.DeleteDocument),
    unary("BeginTransaction", handlers.BeginTransaction),
    unary("Commit", handlers.Commit),
    unary("Rollback", handlers.Rollback),
    unary("BatchWrite", handlers.BatchWrite),
    unary("ListCollectionIds", handlers.ListCollectionIds),
    unary("PartitionQuery", handlers.PartitionQuery),
    streaming("BatchGetDocuments", handlers.BatchGetDocuments),
    streaming("RunQuery", handlers.RunQuery),
    streaming("RunAggregationQuery", handlers.RunAggregationQuery),
    streaming("ExecutePipeline", handlers.ExecutePipeline),
  ]);
}

function unary<Name extends MethodName>(
  name: Name,
  handler: UnaryHandler<Name>,
): [string, RestMethod] {
  return [
    name,
    async function* (request, signal) {
      yield await handler(request, signal);
    },
  ];
}

function streaming<Name extends MethodName>(
  name: Name,
  handler: StreamingHandler<Name>,
): [string, RestMethod] {
  return [name, (request, signal) => handler(request, signal)];
}
