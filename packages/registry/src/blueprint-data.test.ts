import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseBlueprint, parseBlueprintData, parseRegistry } from "./index.ts";
import { withoutSources } from "./without-sources.ts";

const registry = parseRegistry(`
tables:
  clients:
    columns:
      - { name: id, type: serial, pk: true }
      - { name: name, type: text, nullable: false }
      - { name: size, type: integer }
`);

const text = `
vendor: v
version: 1.10
description: both ways
intake:
  table: clients
  key: No
  columns:
    size: { from: S, default: 07, values: { 1.0: 1, "x": 2 } }
    name: Name
export:
  source: clients
  fields:
    ZZ: name
    A: { from: size, format: { digits: 3 } }
    "10": { constant: 1.50 }
meta: { a: { b: [1, true, null] } }
`;

test("the data of a blueprint has its columns and fields as lists, and its version as it is written", () => {
  expect(parseBlueprint(text, registry).data).toEqual({
    vendor: "v",
    version: "1.10",
    description: "both ways",
    intake: {
      table: "clients",
      key: "No",
      columns: [
        { column: "size", from: "S", default: "07", values: { "1.0": 1, x: 2 } },
        { column: "name", from: "Name" },
      ],
    },
    export: {
      source: "clients",
      fields: [
        { name: "ZZ", from: "name" },
        { name: "A", from: "size", format: { digits: 3 } },
        { name: "10", constant: "1.50" },
      ],
    },
    meta: { a: { b: [1, true, null] } },
  });
});

test("the data of a blueprint is the same blueprint, whatever became of the order of its keys", () => {
  const blueprint = parseBlueprint(text, registry);
  const kept: unknown = JSON.parse(JSON.stringify(sortKeys(blueprint.data)));
  const again = parseBlueprintData(kept, registry);
  expect(withoutSources({ ...again, data: undefined })).toEqual(
    withoutSources({ ...blueprint, data: undefined }),
  );
  expect([...(again.export?.fields.keys() ?? [])]).toEqual(["ZZ", "A", "10"]);
  expect(again.data).toEqual(blueprint.data);
});

test("numbers that the file gives are the same blueprint again, digit by digit", () => {
  const { export: exporting, data } = parseBlueprint(
    `{ vendor: v, version: 1, export: { source: clients, where: { id: [2147483646, 007], name: 01.50 },
      fields: [{ name: A, constant: 007 }, { name: B, from: name, values: { x: 1.50, 1.50: 0x1F, y: 9007199254740993 }, otherwise: { value: 1e3 } }] } }`,
    registry,
  );
  expect(exporting?.where.map(({ values }) => values)).toEqual([[2147483646, "007"], ["01.50"]]);
  expect(exporting?.fields.get("A")?.origin).toEqual({ kind: "constant", value: "007" });
  expect([...(exporting?.fields.get("B")?.values ?? [])]).toEqual([
    ["x", "1.50"],
    ["1.50", "0x1F"],
    ["y", "9007199254740993"],
  ]);
  expect(exporting?.fields.get("B")?.otherwise).toEqual({ value: "1e3" });
  const again = parseBlueprintData(JSON.parse(JSON.stringify(data)), registry);
  expect(withoutSources(again.export)).toEqual(withoutSources(exporting));
});

const numRuns = process.env["SLOW"] === "1" ? 1000 : 100;

test("every text that a blueprint may hold comes back", () => {
  const hard = fc.constantFrom(
    "\x7F",
    "\uFFFE",
    "\uFFFF",
    "\u0085",
    "\u2028",
    "\uFEFF",
    "\t",
    "'",
    '"',
    "#",
  );
  const strings = fc.string({
    unit: fc.oneof(
      fc.constantFrom("a", ":", " ", "\n"),
      hard,
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    ),
  });
  fc.assert(
    fc.property(
      fc.dictionary(
        strings.filter((key) => key !== "<<" && !key.includes("\0")),
        strings.filter((value) => !value.includes("\0")),
      ),
      (meta) => {
        const data = {
          vendor: "v",
          version: "1",
          export: { source: "clients", fields: [{ name: "A", from: "name" }] },
          meta,
        };
        expect(parseBlueprintData(data, registry).meta).toEqual(meta);
      },
    ),
    { numRuns },
  );
});

test("what is no blueprint is refused, not thrown at", () => {
  for (const data of [
    null,
    undefined,
    7,
    "x",
    [],
    { vendor: 1 },
    { vendor: "v", version: 1n, export: 2 },
  ])
    expect(() => parseBlueprintData(data, registry)).toThrow(
      expect.objectContaining({ code: "INVALID_BLUEPRINT" }),
    );
});

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([key, inner]): [string, unknown] => [key, sortKeys(inner)]),
  );
}
