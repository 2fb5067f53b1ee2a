import * as fc from "fast-check";
import { GeoPoint } from "../src/value/geo-point.ts";
import { Timestamp } from "../src/value/timestamp.ts";
import type { Value } from "../src/value/value.ts";
import { mapOf, type ContractWorld } from "./contract/contract-world.ts";
import type { RawMessage } from "./raw-client.ts";

const path = fc.constantFrom("c/1", "c/2", "c/1/d/1", "c/3/d/1");
const number = fc.constantFrom<Value>(0n, 1n, -3n, 2n ** 63n - 1n, -(2n ** 63n), 1, 0.5, -0, NaN);
const leaf = fc.oneof(
  number,
  fc.constantFrom<Value>(
    null,
    true,
    "",
    "x",
    new Timestamp(5, 1_999_999),
    new GeoPoint(1, -2),
    Uint8Array.of(1),
    mapOf({ __type__: "__vector__", value: [1, 2] }),
  ),
);
const value: fc.Arbitrary<Value> = fc.oneof(
  leaf,
  fc.array(
    leaf.filter((one) => !(one instanceof Map)),
    { maxLength: 3 },
  ),
  fc.dictionary(fc.constantFrom("a", "b", "a.b"), leaf, { maxKeys: 2 }).map(mapOf),
);
const fields = fc
  .dictionary(fc.constantFrom("a", "b", "m", "a.b", "é"), value, { maxKeys: 3 })
  .map(mapOf);
const fieldPath = fc.constantFrom(
  "a",
  "b",
  "m",
  "m.a",
  "m.b",
  "m.a.b",
  "`a.b`",
  "`é`",
  "z",
  "bad-",
);
const mask = fc.option(
  fc.array(fieldPath, { maxLength: 3 }).map((fieldPaths) => ({ fieldPaths })),
  { nil: undefined },
);
const precondition = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.boolean().map((exists) => ({ exists })) },
);
const elements = fc.array(leaf, { maxLength: 3 });
// The official emulator lets a transform put a vector into an array, which no write can do.
const newElements = fc.array(
  leaf.filter((one) => !(one instanceof Map)),
  { maxLength: 3 },
);
const fieldTransform = fc.tuple(
  fieldPath,
  fc.oneof(
    number.map((increment) => ({ increment })),
    number.map((maximum) => ({ maximum })),
    number.map((minimum) => ({ minimum })),
    newElements.map((appendMissingElements) => ({ appendMissingElements })),
    elements.map((removeAllFromArray) => ({ removeAllFromArray })),
    leaf.map((increment) => ({ increment })),
  ),
);
const transforms = fc
  .array(fieldTransform, { maxLength: 2 })
  .map((list) => list.map(([at, operation]) => ({ fieldPath: at, ...operation })));

/** A write whose names are paths. */
const write: fc.Arbitrary<RawMessage> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      update: fc.record({ name: path, fields }),
      updateMask: mask,
      updateTransforms: transforms,
      currentDocument: precondition,
    }),
  },
  { weight: 1, arbitrary: fc.record({ delete: path, currentDocument: precondition }) },
  {
    weight: 1,
    arbitrary: fc.record({
      transform: fc.record({ document: path, fieldTransforms: transforms }),
      currentDocument: precondition,
    }),
  },
);

/** The write with full names. */
export function writeIn(world: ContractWorld, given: RawMessage): RawMessage {
  const { update, transform, delete: deleted } = given;
  return {
    ...given,
    ...(isMessage(update) && { update: { ...update, name: world.name(String(update["name"])) } }),
    ...(isMessage(transform) && {
      transform: { ...transform, document: world.name(String(transform["document"])) },
    }),
    ...(typeof deleted === "string" && { delete: world.name(deleted) }),
  };
}

function isMessage(part: unknown): part is RawMessage {
  return typeof part === "object" && part !== null;
}

/** Commits and batch writes of few documents, one after the other; most of them can be made. */
export const arbitraryCommits = fc.array(
  fc.record({
    method: fc.constantFrom("Commit" as const, "Commit" as const, "BatchWrite" as const),
    writes: fc.array(write, { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 8 },
);
