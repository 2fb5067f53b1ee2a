import type { MethodName } from "../src/server/rpc.ts";
import { GeoPoint } from "../src/value/geo-point.ts";
import { Reference } from "../src/value/reference.ts";
import { Timestamp } from "../src/value/timestamp.ts";
import type { Value } from "../src/value/value.ts";
import type { RawMessage } from "./raw-client.ts";

const database = "projects/p/databases/d";
const name = `${database}/documents/a/b`;
const parent = `${database}/documents`;

const fields = new Map<string, Value>([
  ["n", 1n],
  ["d", 1.5],
  ["s", "x"],
  ["t", new Timestamp(5, 6000)],
  ["g", new GeoPoint(1, 2)],
  ["r", new Reference(name)],
  ["m", new Map<string, Value>([["l", [null, true, Uint8Array.of(1)]]])],
]);
const document = { name, fields };
const mask = { fieldPaths: ["n", "m.l"] };
const field = { fieldPath: "n" };

const structuredQuery = {
  select: { fields: [field] },
  from: [{ collectionId: "a", allDescendants: true }],
  where: {
    compositeFilter: {
      op: 1,
      filters: [
        { fieldFilter: { field, op: 3, value: 1n } },
        { unaryFilter: { field: { fieldPath: "s" }, op: 5 } },
      ],
    },
  },
  orderBy: [{ field, direction: 2 }],
  startAt: { values: [3n], before: true },
  endAt: { values: [0n], before: false },
  offset: 1,
  limit: { value: 5 },
};

/** One valid request of each method, with most of its fields. */
export const sampleRequests: Readonly<Record<MethodName, RawMessage>> = {
  GetDocument: { name, mask },
  ListDocuments: {
    parent,
    collectionId: "a",
    pageSize: 5,
    pageToken: Buffer.from("v1:a/b").toString("base64url"),
    orderBy: "__name__",
    mask,
  },
  CreateDocument: { parent, collectionId: "a", documentId: "c", document: { name: "", fields } },
  UpdateDocument: { document, updateMask: mask, mask, currentDocument: { exists: true } },
  DeleteDocument: { name, currentDocument: { updateTime: new Timestamp(1, 2000) } },
  BatchGetDocuments: { database, documents: [name, name], mask, newTransaction: { readOnly: {} } },
  BeginTransaction: { database, options: { readWrite: { retryTransaction: Buffer.from("abc") } } },
  Commit: {
    database,
    writes: [
      { update: document, updateMask: mask, currentDocument: { exists: true } },
      { delete: name },
      {
        update: document,
        updateTransforms: [
          { fieldPath: "n", increment: 1n },
          { fieldPath: "s", setToServerValue: 1 },
          { fieldPath: "m.l", appendMissingElements: [1n] },
        ],
      },
    ],
    transaction: Buffer.alloc(9, 0x11),
  },
  Rollback: { database, transaction: Buffer.alloc(9, 0x11) },
  RunQuery: { parent, structuredQuery },
  ExecutePipeline: { database },
  RunAggregationQuery: {
    parent,
    structuredAggregationQuery: {
      structuredQuery,
      aggregations: [
        { alias: "c", count: { upTo: { value: 5 } } },
        { alias: "s", sum: { field } },
        { alias: "a", avg: { field } },
      ],
    },
  },
  PartitionQuery: {
    parent,
    structuredQuery: {
      from: [{ collectionId: "a", allDescendants: true }],
      orderBy: [{ field: { fieldPath: "__name__" }, direction: 1 }],
    },
    partitionCount: 3,
    pageSize: 2,
  },
  ListCollectionIds: { parent, pageSize: 2 },
  BatchWrite: { database, writes: [{ update: document }, { delete: `${parent}/a/x` }] },
  Write: { database, streamId: "", writes: [] },
  Listen: { database, addTarget: { query: { parent, structuredQuery }, targetId: 1 } },
};
