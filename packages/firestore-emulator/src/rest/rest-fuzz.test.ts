import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFirestoreEmulator, type FirestoreEmulator } from "../index.ts";
import httpRules from "./http-rules.json" with { type: "json" };

let emulator: FirestoreEmulator;
const problems: unknown[] = [];
const runs = { numRuns: process.env["SLOW"] ? 5000 : 300 };

beforeAll(async () => {
  emulator = await startFirestoreEmulator({ onProblem: (problem) => problems.push(problem) });
});

afterAll(async () => {
  await emulator.close();
});

const root = "projects/demo-rest-fuzz/databases/(default)/documents";
const names = [
  "writes",
  "update",
  "delete",
  "transform",
  "fieldTransforms",
  "updateTransforms",
  "increment",
  "fieldPath",
  "name",
  "fields",
  "document",
  "documents",
  "structuredQuery",
  "structured_query",
  "where",
  "fieldFilter",
  "compositeFilter",
  "filters",
  "from",
  "limit",
  "startAt",
  "values",
  "op",
  "findNearest",
  "aggregations",
  "transaction",
  "readTime",
  "mask",
  "options",
  "labels",
  "partitionCount",
  "integerValue",
  "mapValue",
  "arrayValue",
  "timestampValue",
  "bytesValue",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
];
const key = fc.oneof({ arbitrary: fc.constantFrom(...names), weight: 5 }, fc.string());
const leaf = fc.oneof(
  fc.constantFrom(null, true, 0, -0, 1e308, 2 ** 53, -1, "", "NaN", "1e999", "AAAA", `${root}/c/d`),
  fc.constantFrom("EQUAL", "2020-01-01T00:00:00Z", "a.b", "`", "__name__", "REQUEST_TIME"),
  fc.double(),
  fc.string({ unit: "binary" }),
);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map((entries) => {
      const object: Record<string, unknown> = Object.create(null);
      for (const [name, value] of entries) object[name] = value;
      return object;
    }),
  ),
})).value;

const paths = Object.values(httpRules)
  .flat()
  .flatMap((rule) => Object.values(rule))
  .filter((template) => template.startsWith("/"))
  .map((template) =>
    template
      .replace(/\{[^}=]*=([^}]*)\}/u, "$1")
      .replace("projects/*/databases/*", "projects/demo-rest-fuzz/databases/(default)")
      .replaceAll("**", "d")
      .replaceAll(/\*|\{collection_id\}/gu, "c"),
  );
const query = fc
  .array(
    fc.tuple(fc.oneof(key, fc.constantFrom("mask.fieldPaths", "pageSize", "pageToken")), leaf),
    {
      maxLength: 2,
    },
  )
  .map((pairs) =>
    new URLSearchParams(
      pairs.map(([name, value]): [string, string] => [name, String(value)]),
    ).toString(),
  );

/** Statuses that a bad request may have. 5xx is for what is the server's fault, but for what it says it does not do. */
const expected = new Set([200, 400, 404, 409, 501]);

async function statusOf(verb: string, path: string, body: string): Promise<number> {
  const response = await fetch(`http://${emulator.address}${path}`, {
    method: verb,
    ...(verb !== "GET" && { body }),
  });
  const text = await response.text();
  expect(() => {
    JSON.parse(text);
  }).not.toThrow();
  return response.status;
}

test("whatever JSON is sent wherever, the server says what is wrong and has no problem", async () => {
  const verb = fc.constantFrom("GET", "POST", "POST", "POST", "PATCH", "DELETE");
  await fc.assert(
    fc.asyncProperty(
      verb,
      fc.constantFrom(...paths),
      query,
      json,
      async (method, path, search, body) => {
        const status = await statusOf(method, `${path}?${search}`, JSON.stringify(body));
        expect(expected).toContain(status);
      },
    ),
    runs,
  );
  expect(problems).toEqual([]);
});

test("whatever text and path are sent, the server says what is wrong and has no problem", async () => {
  const segments = fc.array(
    fc.oneof(fc.webSegment(), fc.constantFrom("%zz", "%2F", "__x__", ":")),
    {
      maxLength: 4,
    },
  );
  await fc.assert(
    fc.asyncProperty(segments, fc.string({ unit: "binary" }), async (ids, body) => {
      const status = await statusOf("POST", `/v1/${root}/${ids.join("/")}`, body);
      expect(expected).toContain(status);
    }),
    runs,
  );
  expect(problems).toEqual([]);
});

test.each([
  ["lists", "[".repeat(1_000_000)],
  ["lists with a long number", `${"[".repeat(200_000)}1234567890123456789${"]".repeat(200_000)}`],
  [
    "filters",
    nested('{"structuredQuery":{"where":', '{"compositeFilter":{"filters":[', "]}}", "}}"),
  ],
  [
    "maps",
    nested('{"writes":[{"update":{"fields":{"a":', '{"mapValue":{"fields":{"a":', "}}}", "}}}]}"),
  ],
])("%s that nest without an end are refused", async (_what, body) => {
  for (const method of [":runQuery", ":commit"]) {
    expect(await statusOf("POST", `/v1/${root}${method}`, body)).toBe(400);
  }
  expect(problems).toEqual([]);
});

function nested(head: string, open: string, close: string, tail: string): string {
  return `${head}${open.repeat(50_000)}${close.repeat(50_000)}${tail}`;
}
