import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ByteClient, requestBytes, type ByteAnswer } from "../../testing/byte-client.ts";
import { sampleRequests } from "../../testing/sample-requests.ts";
import { startFirestoreEmulator, type FirestoreEmulator } from "../index.ts";
import { statusCodes } from "../rpc-error.ts";
import type { MethodName } from "./rpc.ts";

const isSlow = process.env["SLOW"] === "1";
const methods = Object.keys(sampleRequests).filter(isMethod);
const twoWay = new Set<MethodName>(["Listen", "Write"]);
/** How long a stream in both directions may stay open, to be taken for one that was accepted. */
const openMs = 100;

/** What a request may be answered with, whatever it is. UNKNOWN and INTERNAL are faults of the server. */
const honest = new Set<number | undefined>([
  undefined,
  statusCodes.OK,
  statusCodes.INVALID_ARGUMENT,
  statusCodes.NOT_FOUND,
  statusCodes.ALREADY_EXISTS,
  statusCodes.FAILED_PRECONDITION,
  statusCodes.UNIMPLEMENTED,
]);

function isMethod(name: string): name is MethodName {
  return name in sampleRequests;
}

const { database } = { database: "projects/p/databases/d" };
const parent = `${database}/documents`;

/** A length-delimited field. */
function field(number: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([varint(number * 8 + 2), varint(body.length), body]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

/** A commit of one document with that value, as bytes. */
function commitOf(value: Uint8Array): Buffer {
  const entry = field(2, field(1, Buffer.from("v")), field(2, value));
  const update = field(1, field(1, Buffer.from(`${parent}/a/b`)), entry);
  return Buffer.concat([field(1, Buffer.from(database)), field(2, update)]);
}

function many<T>(length: number, item: T): T[] {
  return Array.from({ length }, () => item);
}

function names(length: number): string[] {
  return Array.from({ length }, (_, index) => `f${index}`);
}

describe("whatever it is sent, the server answers honestly and stays up", () => {
  const problems: unknown[] = [];
  let emulator: FirestoreEmulator;
  let client: ByteClient;
  beforeAll(async () => {
    emulator = await startFirestoreEmulator({
      port: 0,
      lockWaitMs: 1000,
      onProblem: (error) => problems.push(error),
    });
    client = new ByteClient(emulator.address);
  });
  afterAll(async () => {
    client.close();
    await emulator.close();
  });

  async function send(method: MethodName, bytes: Uint8Array): Promise<ByteAnswer> {
    return await client.call(method, bytes, twoWay.has(method) ? openMs : undefined);
  }

  /** Sends all of them, some at once, and gives back what was answered and should not have been. */
  async function dishonest(method: MethodName, requests: readonly Uint8Array[]): Promise<string[]> {
    const found: string[] = [];
    for (let at = 0; at < requests.length; at += 64) {
      await Promise.all(
        requests.slice(at, at + 64).map(async (bytes) => {
          const { code, details } = await send(method, bytes);
          if (honest.has(code)) return;
          found.push(`${code} ${details}: ${Buffer.from(bytes).toString("hex")}`);
        }),
      );
    }
    return found;
  }

  test.each(methods)("%s: a valid request, as a measure", async (method) => {
    const { code } = await send(method, requestBytes(method, sampleRequests[method]));
    expect(honest.has(code)).toBe(true);
  });

  test.each(methods)("%s: cut off at each byte", async (method) => {
    const bytes = requestBytes(method, sampleRequests[method]);
    const cut = Array.from({ length: bytes.length }, (_, length) => bytes.subarray(0, length));
    expect(await dishonest(method, cut)).toEqual([]);
  });

  test.each(methods)("%s: with each byte another", async (method) => {
    const bytes = requestBytes(method, sampleRequests[method]);
    const masks = isSlow
      ? [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff]
      : [0x01, 0x80, 0xff];
    const changed = [...bytes.keys()].flatMap((at) =>
      masks.map((mask) => {
        const copy = Buffer.from(bytes);
        copy[at] = (copy[at] ?? 0) ^ mask;
        return copy;
      }),
    );
    expect(await dishonest(method, changed)).toEqual([]);
  });

  test.each(methods)("%s: bytes of any kind", async (method) => {
    const random = fc.sample(fc.uint8Array({ maxLength: 60 }), isSlow ? 2000 : 100);
    expect(await dishonest(method, random)).toEqual([]);
  });

  test("values that nest without end are refused", async () => {
    for (const [kind, inner] of [
      ["maps", (value: Buffer) => field(6, field(1, field(1, Buffer.from("m")), field(2, value)))],
      ["arrays", (value: Buffer) => field(9, field(1, value))],
    ] as const) {
      let value: Buffer = Buffer.from([0x10, 1]);
      for (let depth = 1; depth <= 1000; depth += 1) {
        value = inner(value);
        if (depth < 1000 && depth !== 150) continue;
        const { code } = await send("Commit", commitOf(value));
        expect([kind, depth, code]).toEqual([kind, depth, statusCodes.INVALID_ARGUMENT]);
      }
    }
  });

  test("filters and groups that nest without end are refused", async () => {
    let filter: Buffer = field(3, field(2, Buffer.from("n")));
    for (let depth = 0; depth < 2000; depth += 1)
      filter = field(1, Buffer.from([8, 1]), field(2, filter));
    const query = field(2, field(2, field(2, Buffer.from("a"))), field(3, filter));
    const nested = Buffer.concat([field(1, Buffer.from(parent)), query]);
    expect((await send("RunQuery", nested)).code).toBe(statusCodes.INVALID_ARGUMENT);
    const groups = Buffer.concat([Buffer.alloc(200_000, 0x7b), Buffer.alloc(200_000, 0x7c)]);
    expect((await send("Commit", groups)).code).toBe(statusCodes.INVALID_ARGUMENT);
  });

  test("a request of more than 11 MiB is told so, and one of more than 64 is cut off", async () => {
    const large = await send("Commit", commitOf(field(17, Buffer.alloc(12 * 1024 * 1024, 97))));
    expect(large.code).toBe(statusCodes.INVALID_ARGUMENT);
    expect(large.details).toMatch(/^Request payload size exceeds the limit: \d+ bytes\.$/u);
    const huge = await send("Commit", commitOf(field(17, Buffer.alloc(70 * 1024 * 1024, 97))));
    expect(huge.code).toBe(statusCodes.RESOURCE_EXHAUSTED);
    expect((await send("Commit", commitOf(Buffer.from([0x10, 1])))).code).toBe(statusCodes.OK);
  });

  test("a text that is no UTF-8 is refused wherever it is", async () => {
    const bad = Buffer.from([0x61, 0xff]);
    const name = Buffer.concat([Buffer.from(`${parent}/a/`), bad]);
    const answers = [
      await send("GetDocument", field(1, name)),
      await send("Commit", commitOf(field(17, bad))),
      await send(
        "ListCollectionIds",
        Buffer.concat([field(1, Buffer.from(parent)), field(3, bad)]),
      ),
    ];
    expect(answers.map(({ code }) => code)).toEqual(
      answers.map(() => statusCodes.INVALID_ARGUMENT),
    );
  });

  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.constantFrom(
      "",
      "/",
      "//",
      ".",
      "..",
      "__proto__",
      "constructor",
      "toString",
      "\0",
      "*",
      "`",
      "``",
      "`\\",
      "a.b.c.d",
      "a".repeat(10_000),
      "a/".repeat(5000),
      "\u{1f600}".repeat(400),
      "%2e%2e%2f",
      "__name__",
      "__id9223372036854775808__",
      "projects/p/databases/d/documents/a/b",
      "v1:",
      Buffer.from("v1:").toString("base64url"),
      Buffer.from("v1:../..").toString("base64url"),
      "${x}",
      "-0",
      "NaN",
    ),
  );
  const extreme = fc.constantFrom(0, -1, 1, 2_147_483_647, -2_147_483_648);
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.constant(new Uint8Array(100_000)));

  test("names, paths, tokens, numbers and ids that are meant ill", async () => {
    const messages: readonly (readonly [MethodName, fc.Arbitrary<Record<string, unknown>>])[] = [
      ["GetDocument", fc.record({ name: hostile, transaction: bytes })],
      ["GetDocument", fc.record({ name: hostile.map((id) => `${parent}/a/${id}`) })],
      [
        "GetDocument",
        hostile.map((path) => ({ name: `${parent}/a/b`, mask: { fieldPaths: [path] } })),
      ],
      [
        "ListDocuments",
        fc.record({
          parent: fc.constant(parent),
          collectionId: hostile,
          pageSize: extreme,
          pageToken: hostile,
          orderBy: hostile,
        }),
      ],
      [
        "CreateDocument",
        fc.record({ parent: fc.constant(parent), collectionId: hostile, documentId: hostile }),
      ],
      [
        "ListCollectionIds",
        fc.record({ parent: fc.constant(parent), pageSize: extreme, pageToken: hostile }),
      ],
      ["BeginTransaction", fc.record({ database: hostile })],
      [
        "BeginTransaction",
        bytes.map((retryTransaction) => ({
          database,
          options: { readWrite: { retryTransaction } },
        })),
      ],
      ["Commit", fc.record({ database: fc.constant(database), transaction: bytes })],
      ["Rollback", fc.record({ database: fc.constant(database), transaction: bytes })],
      [
        "Commit",
        fc.tuple(hostile, hostile).map(([key, path]) => ({
          database,
          writes: [
            {
              update: { name: `${parent}/a/b`, fields: new Map([[key, 1n]]) },
              updateMask: { fieldPaths: [path] },
              updateTransforms: [{ fieldPath: path, increment: 1n }],
            },
          ],
        })),
      ],
      [
        "RunQuery",
        fc
          .record({
            path: hostile,
            collectionId: hostile,
            offset: extreme,
            limit: extreme,
            op: extreme,
          })
          .map(({ path, collectionId, offset, limit, op }) => ({
            parent,
            structuredQuery: {
              from: [{ collectionId }],
              where: { fieldFilter: { field: { fieldPath: path }, op, value: 1n } },
              orderBy: [{ field: { fieldPath: path }, direction: op }],
              offset,
              limit: { value: limit },
            },
          })),
      ],
      [
        "PartitionQuery",
        fc
          .record({ partitionCount: extreme, pageSize: extreme, pageToken: hostile })
          .map((numbers) => ({
            ...sampleRequests.PartitionQuery,
            ...numbers,
          })),
      ],
      [
        "RunAggregationQuery",
        fc.record({ alias: hostile, value: extreme }).map(({ alias, value }) => ({
          parent,
          structuredAggregationQuery: {
            structuredQuery: { from: [{ collectionId: "a" }] },
            aggregations: [
              { alias, count: { upTo: { value } } },
              { alias: "s", sum: { field: { fieldPath: alias } } },
            ],
          },
        })),
      ],
    ];
    for (const [method, arbitrary] of messages) {
      const requests = fc
        .sample(arbitrary, isSlow ? 2000 : 150)
        .map((message) => requestBytes(method, message));
      expect([method, await dishonest(method, requests)]).toEqual([method, []]);
    }
  });

  test("counts without measure", async () => {
    const name = `${parent}/a/b`;
    const filter = { fieldFilter: { field: { fieldPath: "n" }, op: 5, value: 1n } };
    const requests: readonly (readonly [MethodName, Record<string, unknown>])[] = [
      ["BatchGetDocuments", { database, documents: many(100_000, name) }],
      ["Commit", { database, writes: many(50_000, { delete: name }) }],
      ["GetDocument", { name, mask: { fieldPaths: many(100_000, "n") } }],
      ["RunQuery", { parent, structuredQuery: { from: many(10_000, { collectionId: "a" }) } }],
      [
        "RunQuery",
        {
          parent,
          structuredQuery: {
            from: [{ collectionId: "a" }],
            where: { compositeFilter: { op: 2, filters: many(20_000, filter) } },
          },
        },
      ],
      [
        "RunQuery",
        {
          parent,
          structuredQuery: {
            from: [{ collectionId: "a" }],
            orderBy: many(20_000, { field: { fieldPath: "n" }, direction: 1 }),
          },
        },
      ],
      [
        "Commit",
        {
          database,
          writes: [
            {
              update: { name, fields: new Map() },
              updateTransforms: many(20_000, { fieldPath: "n", increment: 1n }),
            },
            {
              update: { name, fields: new Map() },
              updateTransforms: names(20_000).map((fieldPath) => ({ fieldPath, increment: 1n })),
            },
            {
              update: { name, fields: new Map(names(20_000).map((key) => [key, 1n])) },
              updateMask: { fieldPaths: names(20_000) },
            },
            {
              update: { name, fields: new Map() },
              updateTransforms: [{ fieldPath: "a", appendMissingElements: names(50_000) }],
            },
          ],
        },
      ],
      ["GetDocument", { name, mask: { fieldPaths: names(20_000) } }],
    ];
    for (const [method, request] of requests) {
      expect(await dishonest(method, [requestBytes(method, request)])).toEqual([]);
    }
  });

  // The last of all, when everything was sent.
  test("none of it was a fault of the server's own", () => {
    expect(problems).toEqual([]);
  });
});
