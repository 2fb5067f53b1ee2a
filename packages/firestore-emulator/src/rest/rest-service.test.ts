import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFirestoreEmulator, type FirestoreEmulator } from "../index.ts";

let emulator: FirestoreEmulator;
let project = 0;

beforeAll(async () => {
  emulator = await startFirestoreEmulator();
});

afterAll(async () => {
  await emulator.close();
});

interface Answer {
  readonly status: number;
  readonly json: unknown;
  readonly text: string;
  readonly headers: Headers;
}

/** A database of its own for each test. */
function newDatabase() {
  project += 1;
  const root = `projects/demo-rest-${project}/databases/(default)/documents`;
  const call = async (verb: string, path: string, body?: unknown, init: RequestInit = {}) => {
    const response = await fetch(`http://${emulator.address}/v1/${root}${path}`, {
      method: verb,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...init,
    });
    const text = await response.text();
    const json: unknown = text === "" ? undefined : JSON.parse(text);
    return { status: response.status, json, text, headers: response.headers } satisfies Answer;
  };
  return { root, call };
}

const text = (value: string) => ({ stringValue: value });
const error = (code: number, status: string, message: unknown) => ({
  error: { code, status, message },
});

test("a document is created, read, changed by a mask and deleted", async () => {
  const { root, call } = newDatabase();
  const created = await call("POST", "/c?documentId=d", { fields: { a: text("1"), b: text("2") } });
  expect(created).toMatchObject({
    status: 200,
    json: { name: `${root}/c/d`, fields: { a: text("1"), b: text("2") } },
  });
  expect(await call("POST", "/c?documentId=d", {})).toMatchObject({
    status: 409,
    json: error(409, "ALREADY_EXISTS", expect.stringContaining(`${root}/c/d`)),
  });
  const changed = await call(
    "PATCH",
    "/c/d?updateMask.fieldPaths=a&update_mask.field_paths=c&mask.fieldPaths=a&currentDocument.exists=true",
    { name: "passed over", fields: { a: text("3"), b: text("not in the mask") } },
  );
  expect(changed).toMatchObject({ status: 200, json: { fields: { a: text("3") } } });
  expect((await call("GET", "/c/d")).json).toMatchObject({
    fields: { a: text("3"), b: text("2") },
  });
  expect(await call("DELETE", "/c/d")).toMatchObject({ status: 200, json: {} });
  expect(await call("GET", "/c/d")).toMatchObject({
    status: 404,
    json: error(404, "NOT_FOUND", expect.stringContaining("not found")),
  });
  expect(await call("DELETE", "/c/d?currentDocument.exists=true")).toMatchObject({ status: 404 });
});

test("a collection is listed in pages, with masks and with what is missing", async () => {
  const { root, call } = newDatabase();
  for (const path of ["/c?documentId=a", "/c?documentId=b", "/c/x/below?documentId=y"]) {
    await call("POST", path, { fields: { n: { integerValue: 1 }, m: { integerValue: 2 } } });
  }
  const first = await call("GET", "/c?pageSize=1&mask.fieldPaths=n");
  expect(first.json).toMatchObject({
    documents: [{ name: `${root}/c/a`, fields: { n: { integerValue: "1" } } }],
    nextPageToken: expect.stringMatching(/./u),
  });
  const token = /"nextPageToken": "(?<token>[^"]+)"/u.exec(first.text)?.groups?.["token"] ?? "";
  const rest = await call("GET", `/c?showMissing=true&pageToken=${encodeURIComponent(token)}`);
  expect(rest.json).toMatchObject({
    documents: [{ name: `${root}/c/b` }, { name: `${root}/c/x` }],
  });
  expect((await call("POST", "/c/x:listCollectionIds")).json).toEqual({ collectionIds: ["below"] });
});

test("a page size below zero is the default one with showMissing, as old clients need it, and refused without", async () => {
  const { root, call } = newDatabase();
  await call("POST", "/c/x/below?documentId=y", { fields: {} });
  const listed = await call("GET", "/c?showMissing=true&pageSize=-1");
  expect(listed.json).toEqual({ documents: [{ name: `${root}/c/x` }] });
  expect(await call("GET", "/c?pageSize=-1")).toMatchObject({
    status: 400,
    json: error(400, "INVALID_ARGUMENT", "Page size must be nonnegative."),
  });
});

test("a stream is an array, and its errors are in one", async () => {
  const { root, call } = newDatabase();
  await call("PATCH", "/c/d", { fields: { n: { integerValue: "1" } } });
  const query = { from: [{ collectionId: "c" }], limit: 5 };
  expect((await call("POST", ":runQuery", { structuredQuery: query })).json).toMatchObject([
    { document: { name: `${root}/c/d` }, readTime: expect.stringMatching(/^20.*Z$/u) },
  ]);
  const documents = [`${root}/c/d`, `${root}/c/e`];
  expect((await call("POST", ":batchGet", { documents })).json).toMatchObject([
    { found: { name: `${root}/c/d` } },
    { missing: `${root}/c/e` },
  ]);
  const count = { structuredQuery: query, aggregations: [{ count: { upTo: "7" }, alias: "n" }] };
  expect(
    (await call("POST", ":runAggregationQuery", { structuredAggregationQuery: count })).json,
  ).toMatchObject([{ result: { aggregateFields: { n: { integerValue: "1" } } } }]);
  const bad = { structuredQuery: { ...query, limit: -1 } };
  expect(await call("POST", ":runQuery", bad)).toMatchObject({
    status: 400,
    json: [error(400, "INVALID_ARGUMENT", "limit is negative")],
  });
});

test("a transaction is begun, read in, committed and ended", async () => {
  const { root, call } = newDatabase();
  const begun = await call("POST", ":beginTransaction", { options: { readWrite: {} } });
  const transaction = /"transaction": "(?<id>[^"]+)"/u.exec(begun.text)?.groups?.["id"] ?? "";
  expect(await call("GET", `/c/d?transaction=${encodeURIComponent(transaction)}`)).toMatchObject({
    status: 404,
  });
  const update = { name: `${root}/c/d`, fields: { n: { integerValue: "1" } } };
  const updateTransforms = [
    { fieldPath: "t", setToServerValue: "REQUEST_TIME" },
    { fieldPath: "n", increment: { integerValue: 2 } },
  ];
  expect(
    (await call("POST", ":commit", { transaction, writes: [{ update, updateTransforms }] })).json,
  ).toMatchObject({
    writeResults: [
      { transformResults: [{ timestampValue: expect.any(String) }, { integerValue: "3" }] },
    ],
    commitTime: expect.any(String),
  });
  expect(await call("POST", ":rollback", { transaction: "AAAA" })).toMatchObject({
    status: 400,
    json: error(400, "INVALID_ARGUMENT", "Invalid transaction."),
  });
});

test("each write of a batch has a status", async () => {
  const { root, call } = newDatabase();
  const writes = [
    { update: { name: `${root}/c/a` } },
    { delete: `${root}/c/b`, currentDocument: { exists: true } },
  ];
  expect((await call("POST", ":batchWrite", { writes })).json).toMatchObject({
    writeResults: [{ updateTime: expect.any(String) }, {}],
    status: [{}, { code: 5, message: expect.any(String) }],
  });
});

test("metrics of a query are plain JSON", async () => {
  const { call } = newDatabase();
  const structuredQuery = { from: [{ collectionId: "c" }] };
  const explainOptions = { analyze: true };
  const { json } = await call("POST", ":runQuery", { structuredQuery, explainOptions });
  expect(json).toMatchObject(
    expect.arrayContaining([
      expect.objectContaining({
        explainMetrics: {
          planSummary: { indexesUsed: [expect.objectContaining({ query_scope: "Collection" })] },
          executionStats: expect.objectContaining({
            executionDuration: expect.stringMatching(/^\d+(\.\d+)?s$/u),
            debugStats: expect.any(Object),
          }),
        },
      }),
    ]),
  );
});

test("what goes both ways is told to be gRPC's", async () => {
  const { call } = newDatabase();
  for (const verb of ["listen", "write"]) {
    const answer = await call("POST", `:${verb}`, {});
    expect(answer.status).toBe(501);
    expect(answer.json).toEqual([
      error(501, "UNIMPLEMENTED", expect.stringContaining("over gRPC only")),
    ]);
  }
});

test.each([
  ["GET", "/c?bogus=1", undefined, /Cannot bind query parameter\. Field 'bogus'/u],
  ["GET", "/c/d?mask.bogus=1", undefined, /Field 'mask\.bogus'/u],
  ["GET", "/c?pageSize=x", undefined, "Invalid value at 'page_size' (TYPE_INT32), \"x\""],
  ["POST", "/c", { bogus: 1 }, /Unknown name "bogus" at 'document': Cannot find field\./u],
  ["POST", ":commit", [], /Root element must be a message/u],
  ["POST", ":commit", { writes: {} }, "Invalid value at 'writes' (list), an object"],
  [
    "POST",
    ":commit",
    { writes: [{ delete: "a", update: {} }] },
    /'writes\[0\]' \(oneof\), oneof field 'operation' is already set/u,
  ],
  [
    "POST",
    ":batchWrite",
    { writes: [{ updateTransforms: [{ setToServerValue: "NOW" }] }] },
    /'writes\[0\]\.update_transforms\[0\]\.set_to_server_value' .*ServerValue\), "NOW"/u,
  ],
])("%s %s with %j is refused, with the place and the reason", async (verb, path, body, message) => {
  const { call } = newDatabase();
  const answer = await call(verb, path, body);
  expect(answer).toMatchObject({
    status: 400,
    json: error(400, "INVALID_ARGUMENT", expect.any(String)),
  });
  expect(JSON.stringify(answer.json).replaceAll(String.raw`\"`, '"')).toMatch(message);
});

test("people get lines and indents, and Google's libraries do not", async () => {
  const { call } = newDatabase();
  await call("PATCH", "/c/d", {});
  expect((await call("GET", "/c/d?alt=json&key=k")).text).toMatch(/^\{\n {2}"name": /u);
  expect((await call("GET", "/c/d?prettyPrint=false")).text).toMatch(/^\{"name":/u);
  expect((await call("GET", "/c/d?$alt=json%3Benum-encoding=int")).text).toMatch(/^\{"name":/u);
});

test("a page of another origin may ask, and reads the answer, an error too", async () => {
  const { call } = newDatabase();
  const headers = {
    origin: "http://app.test",
    "access-control-request-method": "PATCH",
    "access-control-request-headers": "authorization,content-type",
  };
  const preflight = await call("OPTIONS", "/c/d", undefined, { headers });
  expect(preflight.status).toBe(200);
  expect(Object.fromEntries(preflight.headers)).toMatchObject({
    "access-control-allow-origin": "http://app.test",
    "access-control-allow-methods": "DELETE,GET,HEAD,PATCH,POST,PUT",
    "access-control-allow-headers": "authorization,content-type",
    "access-control-allow-credentials": "true",
  });
  const missing = await call("GET", "/c/d", undefined, { headers: { origin: "http://app.test" } });
  expect(missing.status).toBe(404);
  expect(missing.headers.get("access-control-allow-origin")).toBe("http://app.test");
  expect((await call("GET", "/c/d")).headers.has("access-control-allow-origin")).toBe(false);
});

test("a compressed body is read, and one that only says so is refused", async () => {
  const { call } = newDatabase();
  const headers = { "content-encoding": "gzip" };
  const body = gzipSync('{"fields":{"a":{"integerValue":"1"}}}');
  expect(await call("PATCH", "/c/d", undefined, { headers, body })).toMatchObject({ status: 200 });
  expect(await call("PATCH", "/c/d", {}, { headers })).toMatchObject({ status: 400 });
  expect(await call("PATCH", "/c/d", {}, { headers: { "content-encoding": "zip" } })).toMatchObject(
    { status: 400 },
  );
});

test("a body above the limit is refused, compressed or not, and the server goes on", async () => {
  const { call } = newDatabase();
  const tooLarge = {
    status: 400,
    json: error(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 11534336 bytes."),
  };
  const large = Buffer.alloc(12_000_000, " ");
  expect(await call("PATCH", "/c/d", undefined, { body: large })).toMatchObject(tooLarge);
  const headers = { "content-encoding": "gzip" };
  const body = gzipSync(Buffer.alloc(100_000_000));
  expect(await call("PATCH", "/c/d", undefined, { headers, body })).toMatchObject(tooLarge);
  expect(await call("PATCH", "/c/d", {})).toMatchObject({ status: 200 });
});

test("a body without an end is refused, and its connection closed", async () => {
  const { root } = newDatabase();
  const end = await new Promise<number | string | undefined>((resolve) => {
    const path = `/v1/${root}/c`;
    const request = httpRequest({ port: emulator.port, method: "POST", path }, (response) => {
      response.resume();
      clearInterval(sending);
      resolve(response.statusCode);
    });
    request.on("error", (failure: NodeJS.ErrnoException) => {
      clearInterval(sending);
      resolve(failure.code);
    });
    const sending = setInterval(() => {
      request.write(Buffer.alloc(4_000_000, " "));
    }, 1);
  });
  // Who goes on sending to a connection that was closed may lose the answer to the reset (RFC 9112, 9.6).
  expect(end).toBeOneOf([400, "EPIPE", "ECONNRESET"]);
});

test("a client that leaves amid its request leaves nothing behind", async () => {
  const { root, call } = newDatabase();
  await new Promise<void>((resolve) => {
    const socket = connect(emulator.port, "127.0.0.1", () => {
      socket.write(`PATCH /v1/${root}/c/d HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{"fie`);
      setTimeout(() => {
        socket.destroy();
        resolve();
      }, 50);
    });
  });
  expect(await call("GET", "/c/d")).toMatchObject({ status: 404 });
});

test("a client that leaves gives up its place among those who wait for a document", async () => {
  const { root, call } = newDatabase();
  await call("PATCH", "/c/d", {});
  const begin = async () => {
    const { text: begun } = await call("POST", ":beginTransaction");
    return /"transaction": "(?<id>[^"]+)"/u.exec(begun)?.groups?.["id"] ?? "";
  };
  const first = await begin();
  await call("POST", ":batchGet", { documents: [`${root}/c/d`], transaction: first });
  const leave = new AbortController();
  const write = { writes: [{ update: { name: `${root}/c/d`, fields: { a: text("lost") } } }] };
  const waiting = call("POST", ":commit", write, { signal: leave.signal });
  setTimeout(() => {
    leave.abort();
  }, 100);
  await expect(waiting).rejects.toThrow("aborted");
  await new Promise((resolve) => {
    setTimeout(resolve, 100);
  });
  await call("POST", ":rollback", { transaction: first });
  expect((await call("GET", "/c/d")).text).not.toContain("lost");
});

test("there is nothing elsewhere, and it says so as an API does", async () => {
  const { call } = newDatabase();
  expect(await call("PUT", "/c/d", {})).toMatchObject({
    status: 404,
    json: error(404, "NOT_FOUND", expect.stringContaining("There is no PUT")),
  });
});
