import type { Timestamp } from "../value/timestamp.ts";
import type { Value } from "../value/value.ts";
import type { DocumentMessage } from "./document-codec.ts";

/** The messages of google.firestore.v1 as they come from the wire and go to it. A field of a oneof that is not set is `undefined`. */

type Optional<T> = T | undefined;

export interface Mask {
  readonly fieldPaths: readonly string[];
}

export interface Precondition {
  readonly exists?: Optional<boolean>;
  readonly updateTime?: Optional<Timestamp>;
}

export interface TransactionOptions {
  readonly readOnly?: Optional<{ readonly readTime?: Optional<Timestamp> }>;
  readonly readWrite?: Optional<{ readonly retryTransaction: Uint8Array }>;
}

/** Which of its versions a document is read at. At most one is set. */
export interface Consistency {
  readonly transaction?: Optional<Uint8Array>;
  readonly newTransaction?: Optional<TransactionOptions>;
  readonly readTime?: Optional<Timestamp>;
}

export interface GetDocumentRequest extends Consistency {
  readonly name: string;
  readonly mask?: Optional<Mask>;
}

export interface ListDocumentsRequest extends Consistency {
  readonly parent: string;
  readonly collectionId: string;
  readonly pageSize: number;
  readonly pageToken: string;
  readonly orderBy: string;
  readonly mask?: Optional<Mask>;
  readonly showMissing: boolean;
}

export interface ListDocumentsResponse {
  readonly documents: readonly DocumentMessage[];
  readonly nextPageToken: string;
}

export interface CreateDocumentRequest {
  readonly parent: string;
  readonly collectionId: string;
  readonly documentId: string;
  readonly document?: Optional<DocumentMessage>;
  readonly mask?: Optional<Mask>;
}

export interface UpdateDocumentRequest {
  readonly document?: Optional<DocumentMessage>;
  readonly updateMask?: Optional<Mask>;
  readonly mask?: Optional<Mask>;
  readonly currentDocument?: Optional<Precondition>;
}

export interface DeleteDocumentRequest {
  readonly name: string;
  readonly currentDocument?: Optional<Precondition>;
}

export interface BatchGetDocumentsRequest extends Consistency {
  readonly database: string;
  readonly documents: readonly string[];
  readonly mask?: Optional<Mask>;
}

export interface BatchGetDocumentsResponse {
  readonly found?: DocumentMessage;
  readonly missing?: string;
  readonly transaction?: Uint8Array;
  readonly readTime?: Timestamp;
}

export interface BeginTransactionRequest {
  readonly database: string;
  readonly options?: Optional<TransactionOptions>;
}

export interface BeginTransactionResponse {
  readonly transaction: Uint8Array;
}

export interface FieldTransform {
  readonly fieldPath: string;
  readonly setToServerValue?: Optional<number>;
  readonly increment?: Optional<Value>;
  readonly maximum?: Optional<Value>;
  readonly minimum?: Optional<Value>;
  readonly appendMissingElements?: Optional<readonly Value[]>;
  readonly removeAllFromArray?: Optional<readonly Value[]>;
}

export interface Write {
  readonly update?: Optional<DocumentMessage>;
  readonly delete?: Optional<string>;
  readonly transform?: Optional<{
    readonly document: string;
    readonly fieldTransforms: readonly FieldTransform[];
  }>;
  readonly updateMask?: Optional<Mask>;
  readonly updateTransforms: readonly FieldTransform[];
  readonly currentDocument?: Optional<Precondition>;
}

export interface WriteResult {
  readonly updateTime?: Timestamp;
  readonly transformResults?: readonly Value[];
}

export interface CommitRequest {
  readonly database: string;
  readonly writes: readonly Write[];
  readonly transaction: Uint8Array;
}

export interface CommitResponse {
  readonly writeResults: readonly WriteResult[];
  readonly commitTime: Timestamp;
}

export interface RollbackRequest {
  readonly database: string;
  readonly transaction: Uint8Array;
}

export interface FieldReference {
  readonly fieldPath: string;
}

export interface FilterMessage {
  readonly compositeFilter?: Optional<{
    readonly op: number;
    readonly filters: readonly FilterMessage[];
  }>;
  readonly fieldFilter?: Optional<{
    readonly field?: Optional<FieldReference>;
    readonly op: number;
    readonly value?: Optional<Value>;
  }>;
  readonly unaryFilter?: Optional<{
    readonly op: number;
    readonly field?: Optional<FieldReference>;
  }>;
}

export interface CursorMessage {
  readonly values: readonly Value[];
  readonly before: boolean;
}

export interface FindNearestMessage {
  readonly vectorField?: Optional<FieldReference>;
  readonly queryVector?: Optional<Value>;
  readonly distanceMeasure: number;
  readonly limit?: Optional<{ readonly value: number }>;
  readonly distanceResultField: string;
  readonly distanceThreshold?: Optional<{ readonly value: number }>;
}

export interface StructuredQuery {
  readonly select?: Optional<{ readonly fields: readonly FieldReference[] }>;
  readonly from: readonly { readonly collectionId: string; readonly allDescendants: boolean }[];
  readonly where?: Optional<FilterMessage>;
  readonly orderBy: readonly {
    readonly field?: Optional<FieldReference>;
    readonly direction: number;
  }[];
  readonly startAt?: Optional<CursorMessage>;
  readonly endAt?: Optional<CursorMessage>;
  readonly offset: number;
  readonly limit?: Optional<{ readonly value: number }>;
  readonly findNearest?: Optional<FindNearestMessage>;
}

export interface ExplainOptions {
  readonly analyze: boolean;
}

/** A `google.protobuf.Struct` as protobufjs writes it. */
export interface Struct {
  readonly fields: Readonly<Record<string, StructValue>>;
}

export type StructValue =
  | { readonly stringValue: string }
  | { readonly numberValue: number }
  | { readonly boolValue: boolean }
  | { readonly structValue: Struct };

export interface ExplainMetrics {
  readonly planSummary: { readonly indexesUsed: readonly Struct[] };
  readonly executionStats?: {
    readonly resultsReturned: number;
    readonly executionDuration: { readonly seconds: number; readonly nanos: number };
    readonly readOperations: number;
    readonly debugStats: Struct;
  };
}

export interface RunQueryRequest extends Consistency {
  readonly parent: string;
  readonly structuredQuery?: Optional<StructuredQuery>;
  readonly explainOptions?: Optional<ExplainOptions>;
}

export interface RunQueryResponse {
  readonly transaction?: Uint8Array;
  readonly document?: DocumentMessage;
  readonly readTime?: Timestamp;
  readonly skippedResults?: number;
  readonly done?: boolean;
  readonly explainMetrics?: ExplainMetrics;
}

export interface AggregationMessage {
  readonly count?: Optional<{ readonly upTo?: Optional<{ readonly value: LongLike }> }>;
  readonly sum?: Optional<{ readonly field?: Optional<FieldReference> }>;
  readonly avg?: Optional<{ readonly field?: Optional<FieldReference> }>;
  readonly alias: string;
}

/** An int64 as protobufjs reads it. */
export type LongLike = number | { toNumber(): number };

export interface StructuredAggregationQuery {
  readonly structuredQuery?: Optional<StructuredQuery>;
  readonly aggregations: readonly AggregationMessage[];
}

export interface RunAggregationQueryRequest extends Consistency {
  readonly parent: string;
  readonly structuredAggregationQuery?: Optional<StructuredAggregationQuery>;
  readonly explainOptions?: Optional<ExplainOptions>;
}

export interface RunAggregationQueryResponse {
  readonly result?: { readonly aggregateFields: Readonly<Record<string, Value>> };
  readonly transaction?: Uint8Array;
  readonly readTime?: Timestamp;
  readonly explainMetrics?: ExplainMetrics;
}

export interface PartitionQueryRequest {
  readonly parent: string;
  readonly structuredQuery?: Optional<StructuredQuery>;
  readonly partitionCount: LongLike;
  readonly pageToken: string;
  readonly pageSize: number;
  readonly readTime?: Optional<Timestamp>;
}

export interface PartitionQueryResponse {
  readonly partitions: readonly CursorMessage[];
  readonly nextPageToken: string;
}

export interface ListCollectionIdsRequest {
  readonly parent: string;
  readonly pageSize: number;
  readonly pageToken: string;
  readonly readTime?: Optional<Timestamp>;
}

export interface ListCollectionIdsResponse {
  readonly collectionIds: readonly string[];
  readonly nextPageToken: string;
}

export interface BatchWriteRequest {
  readonly database: string;
  readonly writes: readonly Write[];
}

/** A `google.rpc.Status`. */
export interface StatusMessage {
  readonly code: number;
  readonly message: string;
}

export interface BatchWriteResponse {
  readonly writeResults: readonly WriteResult[];
  readonly status: readonly StatusMessage[];
}

export interface WriteRequest {
  readonly database: string;
  readonly streamId: string;
  readonly writes: readonly Write[];
  readonly streamToken: Uint8Array;
}

export interface WriteResponse {
  readonly streamId?: string;
  readonly streamToken?: Uint8Array;
  readonly writeResults?: readonly WriteResult[];
  readonly commitTime?: Timestamp;
}

export interface Target {
  readonly query?: Optional<{
    readonly parent: string;
    readonly structuredQuery?: Optional<StructuredQuery>;
  }>;
  readonly documents?: Optional<{ readonly documents: readonly string[] }>;
  readonly resumeToken?: Optional<Uint8Array>;
  readonly readTime?: Optional<Timestamp>;
  readonly targetId: number;
  readonly once: boolean;
  readonly expectedCount?: Optional<{ readonly value: number }>;
}

export interface ListenRequest {
  readonly database: string;
  readonly addTarget?: Optional<Target>;
  readonly removeTarget?: Optional<number>;
}

export interface TargetChange {
  readonly targetChangeType: number;
  readonly targetIds?: readonly number[];
  readonly cause?: StatusMessage;
  readonly resumeToken?: Uint8Array;
  readonly readTime?: Timestamp;
}

export interface ListenResponse {
  readonly targetChange?: TargetChange;
  readonly documentChange?: {
    readonly document: DocumentMessage;
    readonly targetIds?: readonly number[];
    readonly removedTargetIds?: readonly number[];
  };
  readonly documentDelete?: {
    readonly document: string;
    readonly removedTargetIds: readonly number[];
    readonly readTime: Timestamp;
  };
  readonly documentRemove?: {
    readonly document: string;
    readonly removedTargetIds: readonly number[];
    readonly readTime: Timestamp;
  };
  readonly filter?: {
    readonly targetId: number;
    readonly count: number;
    readonly unchangedNames?: {
      readonly bits: { readonly bitmap: Uint8Array; readonly padding: number };
      readonly hashCount: number;
    };
  };
}
