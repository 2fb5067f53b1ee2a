import { Buffer } from "node:buffer";
import type { DocumentMessage } from "../protocol/document-codec.ts";
import type {
  BatchGetDocumentsRequest,
  BatchGetDocumentsResponse,
  BatchWriteRequest,
  BatchWriteResponse,
  BeginTransactionRequest,
  BeginTransactionResponse,
  CommitRequest,
  CommitResponse,
  CreateDocumentRequest,
  DeleteDocumentRequest,
  GetDocumentRequest,
  ListCollectionIdsRequest,
  ListCollectionIdsResponse,
  ListDocumentsRequest,
  ListDocumentsResponse,
  ListenRequest,
  ListenResponse,
  PartitionQueryRequest,
  PartitionQueryResponse,
  RollbackRequest,
  RunAggregationQueryRequest,
  RunAggregationQueryResponse,
  RunQueryRequest,
  RunQueryResponse,
  UpdateDocumentRequest,
  WriteRequest,
  WriteResponse,
} from "../protocol/messages.ts";
import { messageType, readerOf } from "../protocol/protocol.ts";
import { invalidArgument, RpcError } from "../rpc-error.ts";

/** Each method of the service: what comes in and what goes out. */
export interface Methods {
  readonly GetDocument: [GetDocumentRequest, DocumentMessage];
  readonly ListDocuments: [ListDocumentsRequest, ListDocumentsResponse];
  readonly CreateDocument: [CreateDocumentRequest, DocumentMessage];
  readonly UpdateDocument: [UpdateDocumentRequest, DocumentMessage];
  readonly DeleteDocument: [DeleteDocumentRequest, object];
  readonly BatchGetDocuments: [BatchGetDocumentsRequest, BatchGetDocumentsResponse];
  readonly BeginTransaction: [BeginTransactionRequest, BeginTransactionResponse];
  readonly Commit: [CommitRequest, CommitResponse];
  readonly Rollback: [RollbackRequest, object];
  readonly RunQuery: [RunQueryRequest, RunQueryResponse];
  readonly ExecutePipeline: [object, object];
  readonly RunAggregationQuery: [RunAggregationQueryRequest, RunAggregationQueryResponse];
  readonly PartitionQuery: [PartitionQueryRequest, PartitionQueryResponse];
  readonly ListCollectionIds: [ListCollectionIdsRequest, ListCollectionIdsResponse];
  readonly BatchWrite: [BatchWriteRequest, BatchWriteResponse];
  readonly Write: [WriteRequest, WriteResponse];
  readonly Listen: [ListenRequest, ListenResponse];
}

export type MethodName = keyof Methods;
type RequestOf<Name extends MethodName> = Methods[Name][0];
type ResponseOf<Name extends MethodName> = Methods[Name][1];

/** The cloud's own limit on one request. */
export const maxRequestBytes = 11_534_336;

/** How the messages of one method are read and written. */
export interface MethodCodec<Name extends MethodName> {
  /** @throws {RpcError} INVALID_ARGUMENT when the bytes are no such message, or too many. */
  decode(bytes: Uint8Array): RequestOf<Name>;
  encode(response: ResponseOf<Name>): Buffer;
}

/** @param requestType and `responseType` are names of messages of google.firestore.v1. */
export function methodCodec<Name extends MethodName>(
  requestType: string,
  responseType: string,
): MethodCodec<Name> {
  const request = messageType(requestType);
  const response = responseType === "google.protobuf.Empty" ? undefined : messageType(responseType);
  return {
    decode(bytes) {
      if (bytes.length > maxRequestBytes) {
        throw invalidArgument(`Request payload size exceeds the limit: ${maxRequestBytes} bytes.`);
      }
      try {
        const message: unknown = request.decode(readerOf(bytes));
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type of a message is known by its name only.
        return message as RequestOf<Name>;
      } catch (error) {
        if (error instanceof RpcError) throw error;
        throw invalidArgument(`The request is not a valid ${requestType}.`);
      }
    },
    encode(message) {
      const bytes = response?.encode(message).finish() ?? new Uint8Array();
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
  };
}
