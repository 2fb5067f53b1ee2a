import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EmulatorError } from "../emulator-error.ts";
import { formatIndexes } from "./format-indexes.ts";
import type { FieldMode, IndexSet } from "./index-set.ts";
import { readIndexes } from "./read-indexes.ts";

const numRuns = process.env["SLOW"] === "1" ? 1000 : 100;

function errorOf(json: unknown): EmulatorError {
  try {
    readIndexes(json, "firestore.indexes.json");
  } catch (error) {
    if (error instanceof EmulatorError) return error;
  }
  throw new Error("It was read.");
}

describe("reading a firestore.indexes.json", () => {
  it("takes what firebase-tools writes, and passes over what does not matter here", () => {
    const text = JSON.stringify({
      "//": "generated",
      indexes: [
        {
          collectionGroup: "cities",
          queryScope: "COLLECTION_GROUP",
          apiScope: "ANY_API",
          density: "SPARSE_ALL",
          fields: [
            { fieldPath: "tags", arrayConfig: "CONTAINS" },
            { fieldPath: "`a.b`.c", order: "DESCENDING" },
            { fieldPath: "embedding", vectorConfig: { dimension: 768, flat: {} } },
          ],
        },
      ],
      fieldOverrides: [
        { collectionGroup: "cities", fieldPath: "*", ttl: false, indexes: [] },
        {
          collectionGroup: "cities",
          fieldPath: "name",
          indexes: [
            { order: "ASCENDING", queryScope: "COLLECTION" },
            { arrayConfig: "CONTAINS", queryScope: "COLLECTION_GROUP" },
          ],
        },
      ],
    });
    expect(readIndexes(text, "firestore.indexes.json")).toEqual({
      composites: [
        {
          collectionGroup: "cities",
          scope: "COLLECTION_GROUP",
          fields: [
            { path: ["tags"], mode: "CONTAINS" },
            { path: ["a.b", "c"], mode: "DESCENDING" },
            { path: ["embedding"], mode: { vectorDimension: 768 } },
          ],
        },
      ],
      overrides: [
        { collectionGroup: "cities", path: [], indexes: [], ttl: false },
        {
          collectionGroup: "cities",
          path: ["name"],
          indexes: [
            { scope: "COLLECTION", mode: "ASCENDING" },
            { scope: "COLLECTION_GROUP", mode: "CONTAINS" },
          ],
          ttl: undefined,
        },
      ],
    });
  });

  it("takes the names that the file had before 2019", () => {
    const old = {
      indexes: [
        {
          collectionId: "restaurants",
          fields: [
            { fieldPath: "tags", mode: "ARRAY_CONTAINS" },
            { fieldPath: "avgRating", mode: "DESCENDING" },
          ],
        },
      ],
    };
    expect(readIndexes(old, "indexes.json").composites).toEqual([
      {
        collectionGroup: "restaurants",
        scope: "COLLECTION",
        fields: [
          { path: ["tags"], mode: "CONTAINS" },
          { path: ["avgRating"], mode: "DESCENDING" },
        ],
      },
    ]);
  });

  it("finds no indexes in an empty object", () => {
    expect(readIndexes("{}", "f")).toEqual({ composites: [], overrides: [] });
  });

  const field = { fieldPath: "a", order: "ASCENDING" };
  it.each([
    ["{", /^firestore\.indexes\.json is no JSON: /u],
    [[], /^firestore\.indexes\.json must be an object\.$/u],
    [null, /^firestore\.indexes\.json must be an object\.$/u],
    [{ indexes: {} }, /: indexes must be a list\.$/u],
    [{ indexes: ["a"] }, /: indexes\[0\] must be an object\.$/u],
    [{ indexes: [{ collectionGroup: "c" }] }, /: indexes\[0\] has no fields\.$/u],
    [{ indexes: [{ fields: [field] }] }, /: indexes\[0\] has no collectionGroup\.$/u],
    [
      { indexes: [{ collectionGroup: "a/b", fields: [field] }] },
      /: indexes\[0\]\.collectionGroup must be the id of a collection/u,
    ],
    [
      { indexes: [{ collectionGroup: "c", queryScope: "ALL", fields: [field] }] },
      /: indexes\[0\]\.queryScope must be COLLECTION, /u,
    ],
    [
      { indexes: [{ collectionGroup: "c", fields: [field, { fieldPath: "b", order: "UP" }] }] },
      /: indexes\[0\]\.fields\[1\]\.order must be ASCENDING or DESCENDING\.$/u,
    ],
    [
      { indexes: [{ collectionGroup: "c", fields: [{ fieldPath: "b" }] }] },
      /: indexes\[0\]\.fields\[0\] has neither order nor arrayConfig nor vectorConfig\.$/u,
    ],
    [
      { indexes: [{ collectionGroup: "c", fields: [{ ...field, arrayConfig: "CONTAINS" }] }] },
      /: indexes\[0\]\.fields\[0\] has both order and arrayConfig\.$/u,
    ],
    [
      { indexes: [{ collectionGroup: "c", fields: [{ order: "ASCENDING" }] }] },
      /: indexes\[0\]\.fields\[0\]\.fieldPath is missing\.$/u,
    ],
    [
      { indexes: [{ collectionGroup: "c", fields: [{ fieldPath: "a-b", order: "ASCENDING" }] }] },
      /: indexes\[0\]\.fields\[0\]\.fieldPath must be the path of a field, and "a-b" is none/u,
    ],
    [
      {
        indexes: [
          {
            collectionGroup: "c",
            fields: [{ fieldPath: "v", vectorConfig: { dimension: 0, flat: {} } }],
          },
        ],
      },
      /: indexes\[0\]\.fields\[0\]\.vectorConfig\.dimension must be a whole number from 1 to 2048\.$/u,
    ],
    [
      {
        indexes: [
          {
            collectionGroup: "c",
            fields: [
              { fieldPath: "a", arrayConfig: "CONTAINS" },
              { fieldPath: "b", arrayConfig: "CONTAINS" },
            ],
          },
        ],
      },
      /: indexes\[0\] has more than one array field/u,
    ],
    [
      { fieldOverrides: [{ collectionGroup: "c", fieldPath: "a", ttl: "yes" }] },
      /: fieldOverrides\[0\]\.ttl must be true or false\.$/u,
    ],
    [
      { fieldOverrides: [{ collectionGroup: "c", fieldPath: "a", indexes: [{ order: "" }] }] },
      /: fieldOverrides\[0\]\.indexes\[0\]\.order must be ASCENDING or DESCENDING\.$/u,
    ],
  ])("says what is wrong and where, case %#", (json, message) => {
    const error = errorOf(json);
    expect(error.code).toBe("INVALID_INDEXES");
    expect(error.message).toMatch(message);
    expect(error.file).toBe("firestore.indexes.json");
  });

  it("reads what it writes, whatever the names", () => {
    const path = fc.array(fc.string({ minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 3,
    });
    const order = fc.constantFrom<FieldMode>("ASCENDING", "DESCENDING");
    const mode = fc.oneof(order, fc.constant<FieldMode>("CONTAINS"));
    const scope = fc.constantFrom("COLLECTION" as const, "COLLECTION_GROUP" as const);
    const group = fc.string({ minLength: 1, maxLength: 4 }).map((id) => id.replaceAll("/", "-"));
    const vector = fc
      .integer({ min: 1, max: 2048 })
      .map((vectorDimension): FieldMode => ({ vectorDimension }));
    const set: fc.Arbitrary<IndexSet> = fc.record({
      composites: fc.array(
        fc.record({
          collectionGroup: group,
          scope,
          fields: fc
            .tuple(
              fc.record({ path, mode: fc.oneof(mode, vector) }),
              fc.array(fc.record({ path, mode: order })),
            )
            .map(([last, more]) => [...more, last]),
        }),
      ),
      overrides: fc.array(
        fc.record({
          collectionGroup: group,
          path: fc.oneof(path, fc.constant([])),
          indexes: fc.array(fc.record({ scope, mode })),
          ttl: fc.constantFrom(true, false, undefined),
        }),
      ),
    });
    fc.assert(
      fc.property(set, (indexes) => {
        expect(readIndexes(formatIndexes(indexes), "written")).toEqual(indexes);
      }),
      { numRuns },
    );
  });
});
