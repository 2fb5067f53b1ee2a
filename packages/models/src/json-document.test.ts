import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { neutralDocumentTypes as types } from "./document-types.ts";
import { documentOfJson, jsonOfDocument } from "./json-document.ts";
import { jsonFromText, jsonNull, jsonToText, rawJson, toJson } from "./json.ts";

const numRuns = process.env["SLOW"] === "1" ? 1000 : 100;

const reserved = fc.constantFrom(
  "$timestamp",
  "$bytes",
  "$geopoint",
  "$reference",
  "$vector",
  "$double",
  "$json",
  "$$json",
  "$$x",
  "$x",
  "__a__",
  "",
  "a",
  "__proto__",
  "toJSON",
);
const jsonLeaf = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.constantFrom(
    "2026-01-31T04:05:06.789Z",
    "2026-01-31",
    "AAEC",
    "a/b",
    "NaN",
    "-0",
    "[1]",
    "[[1]]",
    '{"$json":"5"}',
    '{"$x":1}',
    "5",
    "\uD800",
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt(),
  fc.constantFrom(
    rawJson("1e400"),
    rawJson("0.1000000000000000055511151231257827"),
    jsonNull,
    -0,
    null,
    true,
  ),
);
const { tree: jsonTree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    jsonLeaf,
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(reserved, fc.string({ maxLength: 3 })), tie("tree"), { maxKeys: 3 }),
    fc.tuple(reserved, tie("tree")).map(([key, value]) => Object.fromEntries([[key, value]])),
  ),
}));

const documentLeaf = fc.oneof(
  fc.string({ maxLength: 4, unit: "grapheme" }),
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => toJson(value)),
  fc.uint8Array({ maxLength: 4 }),
  fc
    .tuple(
      fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
      fc.integer({ min: 0, max: 999_999 }),
    )
    .map(([seconds, micros]) => types.timestamp(seconds, micros * 1000)),
  fc
    .tuple(
      fc.double({ min: -90, max: 90, noNaN: true }),
      fc.double({ min: -180, max: 180, noNaN: true }),
    )
    .map(([latitude, longitude]) => types.geoPoint(latitude, longitude)),
  fc.constantFrom("a/b", "a/b/c/d").map(types.reference),
  fc.array(fc.double(), { maxLength: 3 }).map(types.vector),
  fc.constantFrom("5", "[1]", "[[1]]", '{"$json":"5"}', "null", true, null),
);
const fieldName = fc
  .oneof(
    fc.constantFrom("$timestamp", "$json", "$bytes", "$$json", "$", "a"),
    fc.string({ minLength: 1, maxLength: 3, unit: "grapheme" }),
  )
  .filter((name) => !/^__.*__$/s.test(name));
const { tree: documentTree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    documentLeaf,
    fc.array(tie("notArray"), { maxLength: 3 }),
    tie("map"),
  ),
  notArray: fc.oneof({ depthSize: "small" }, documentLeaf, tie("map")),
  map: fc.oneof(
    fc.dictionary(fieldName, tie("tree"), { maxKeys: 3 }),
    fc.tuple(fieldName, tie("tree")).map(([key, value]) => Object.fromEntries([[key, value]])),
  ),
}));

/** What Firestore would refuse. */
function faultOf(value: unknown, level = 1): string | undefined {
  if (typeof value === "bigint")
    return value >= -(2n ** 63n) && value < 2n ** 63n ? undefined : "a bigint of more than 64 bits";
  if (typeof value === "string")
    return /\p{Surrogate}/u.test(value) ? "half a surrogate pair" : undefined;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return undefined;
  const isNative = Object.getPrototypeOf(value) !== Object.prototype && !Array.isArray(value);
  if (isNative) return undefined;
  if (level > 20) return "more than 20 levels";
  if (Array.isArray(value)) {
    if (value.some((item) => Array.isArray(item))) return "an array in an array";
  } else if (Object.keys(value).some((key) => key === "" || /^__.*__$/s.test(key)))
    return "a field name";
  return Object.values(value)
    .map((part) => faultOf(part, level + 1))
    .find((fault) => fault !== undefined);
}

describe("JSON data in a document", () => {
  it("is the same when it is read back, and nothing in the document is refused by Firestore", () => {
    fc.assert(
      fc.property(jsonTree, (tree) => {
        const data = toJson(tree);
        const document = documentOfJson(data, types);
        expect(faultOf(document)).toBeUndefined();
        expect(jsonOfDocument(document)).toEqual(data);
        expect(jsonToText(jsonOfDocument(document), "json")).toBe(jsonToText(data, "json"));
      }),
      { numRuns: numRuns * 5 },
    );
  });

  it("keeps data that is nested deeper than Firestore goes", () => {
    for (const depth of [17, 18, 19, 20, 21, 40]) {
      for (const start of [1, { a: 1 }, [2n ** 70n]]) {
        let data = toJson(start);
        for (let level = 1; level < depth; level += 1) data = { x: data };
        const document = documentOfJson(data, types);
        expect(faultOf(document)).toBeUndefined();
        expect(jsonOfDocument(document)).toEqual(data);
      }
    }
  });

  it.each([
    ["an array in an array", [[1], 2], [{ $json: "[1]" }, 2]],
    ["an empty key", { "": 1, a: 2 }, { $json: '{"":1,"a":2}' }],
    ["a key that Firestore keeps for itself", { a: { __x__: 1 } }, { a: { $json: '{"__x__":1}' } }],
    ["an integer of more than 64 bits", { a: 2n ** 64n }, { a: { $json: "18446744073709551616" } }],
    ["an object that looks like this wrapping", { $json: "[1]" }, { $json: '{"$json":"[1]"}' }],
    ["the JSON value null", jsonNull, { $json: "null" }],
    ["a null inside", { a: null }, { a: null }],
  ])("is written as text where it must be: %s", (_name, data, document) => {
    expect(documentOfJson(data, types)).toEqual(document);
    expect(jsonOfDocument(document)).toEqual(data);
  });
});

describe("a document in JSON data", () => {
  it("is the same when it is written back: Timestamp, GeoPoint, bytes, reference, vector, NaN and all", () => {
    fc.assert(
      fc.property(documentTree, (tree) => {
        // All of a field: only there null is SQL's.
        const document = tree === null ? { a: tree } : tree;
        const data = jsonOfDocument(document);
        const stored = jsonFromText(jsonToText(data, "jsonb").replaceAll("\u0000", ""));
        expect(documentOfJson(stored, types)).toEqual(document);
      }),
      { numRuns: numRuns * 5 },
    );
  });

  it.each([
    [
      "a Timestamp",
      types.timestamp(1_769_832_306, 789_012_000),
      { $timestamp: "2026-01-31T04:05:06.789012Z" },
    ],
    ["a GeoPoint", types.geoPoint(52.37, 4.9), { $geopoint: [52.37, 4.9] }],
    ["bytes", Uint8Array.of(0, 255), { $bytes: "AP8=" }],
    ["a reference", types.reference("clients/42"), { $reference: "clients/42" }],
    ["a vector", types.vector([1, Number.NaN]), { $vector: [1, "NaN"] }],
    ["NaN", Number.NaN, { $double: "NaN" }],
    ["a map that looks like one of them", { $bytes: "AP8=" }, { $$bytes: "AP8=" }],
    ["a map that looks like wrapped JSON", { $json: "5" }, { $$json: "5" }],
  ])("has a form of its own: %s", (_name, document, data) => {
    expect(jsonOfDocument(document)).toEqual(data);
    expect(documentOfJson(data, types)).toEqual(document);
  });

  it("refuses a Timestamp finer than a microsecond instead of rounding it", () => {
    expect(() => jsonOfDocument(types.timestamp(1, 1))).toThrow("finer than a microsecond");
  });

  it("refuses an object of an unknown class", () => {
    expect(() => jsonOfDocument({ a: new Map() })).toThrow("not a value of Firestore");
  });
});

describe("JSON that looks like what stands for other JSON", () => {
  it.each([{ $$json: '{"$json":"5"}' }, { $$json: '{"$$json":"{\\"$json\\":\\"5\\"}"}' }])(
    "%j has a document of its own",
    (value) => {
      const document = documentOfJson(value, types);
      expect(document).not.toEqual(documentOfJson({ $json: "5" }, types));
      expect(jsonOfDocument(document)).toEqual(value);
    },
  );
});

it("what is nested without an end is refused, not a stack overflow", () => {
  const endless: Record<string, unknown> = {};
  endless["a"] = endless;
  expect(() => jsonOfDocument(endless)).toThrow("is nested too deeply");
});
