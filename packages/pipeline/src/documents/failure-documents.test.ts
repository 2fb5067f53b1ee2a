import type { RawWrite } from "@ctb-data/firestore";
import { parseRegistry } from "@ctb-data/registry";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openIntakeWorld, type IntakeWorld } from "../../testing/intake-world.ts";
import type { FieldFailure } from "../failure.ts";
import { FailureDocuments } from "./failure-documents.ts";
import { failureIdOf } from "./failure-id.ts";

const registry = parseRegistry("tables: { things: { columns: [{ name: a, type: text }] } }", {
  file: "things.yml",
});
const open = async (): Promise<IntakeWorld> => await openIntakeWorld({ registry, table: "things" });
const failures: readonly FieldFailure[] = [
  { field: "a", code: "missing", message: "a is missing." },
];

const present = (writes: readonly (RawWrite | undefined)[]): readonly RawWrite[] =>
  writes.filter((write) => write !== undefined);

const asFailed = (id: string, contentHash = "h1") => ({ id, contentHash, failures });

test("a failure is written once, again when something else is wrong, and deleted when nothing is", async () => {
  await using world = await open();
  const { raw } = world.firestore;
  const documents = new FailureDocuments(raw, "intake");
  const write = async (writes: readonly (RawWrite | undefined)[]): Promise<number> =>
    (await raw.write(present(writes), { ramp: false })).written;

  const first = await documents.read(["1", "2"]);
  expect(first.of("1")).toBeUndefined();
  expect(await write([first.failed(asFailed("1")), first.mended("2")])).toBe(1);
  const lines = await world.linesOf("validation_failed");
  expect([...lines.keys()]).toEqual(["validation_failed/intake:1"]);
  expect(JSON.parse(lines.get("validation_failed/intake:1") ?? "")).toMatchObject({
    fields: {
      collection: { stringValue: "intake" },
      document: { referenceValue: `${raw.database}/documents/intake/1` },
      content_hash: { stringValue: "h1" },
      failed_at: { timestampValue: expect.stringMatching(/^20/) },
      failures: {
        arrayValue: {
          values: [
            {
              mapValue: {
                fields: {
                  field: { stringValue: "a" },
                  code: { stringValue: "missing" },
                  message: { stringValue: "a is missing." },
                },
              },
            },
          ],
        },
      },
    },
  });

  const second = await documents.read(["1", "2"]);
  expect(second.of("1")).toEqual({ contentHash: "h1", codes: ["missing"] });
  expect(second.failed(asFailed("1"))).toBeUndefined();
  expect(await write([second.failed(asFailed("1", "h2"))])).toBe(1);

  const third = await documents.read(["1"]);
  expect(third.failed(asFailed("1", "h2"))).toBeUndefined();
  expect(await write([third.mended("1")])).toBe(1);
  expect((await documents.read(["1"])).mended("1")).toBeUndefined();
  expect(await world.linesOf("validation_failed")).toEqual(new Map());
});

const oddIds = [
  "a", "b:c", "%", "ü😀", "__id7__", "__id-9__", "#1", "x".repeat(1400), "y".repeat(1491), "z".repeat(1492), "w".repeat(1500), "~", "!", "__", ".a", 'q"q', "b\\",
]; // prettier-ignore

test("the failures of documents of any id are found among those of others, and only those that were asked for", async () => {
  await using world = await open();
  const { raw } = world.firestore;
  const collections = ["intake", "in:take", "intake ü%", "in", "c".repeat(1490)];
  for (const collection of collections) {
    const known = await new FailureDocuments(raw, collection).read([]);
    await raw.write(present(oddIds.map((id) => known.failed(asFailed(id)))), { ramp: false });
  }
  expect((await world.linesOf("validation_failed")).size).toBe(oddIds.length * collections.length);
  for (const collection of collections) {
    const documents = new FailureDocuments(raw, collection);
    const all = await documents.read(oddIds);
    expect(oddIds.filter((id) => all.of(id) === undefined)).toEqual([]);
    const some = await documents.read(["b:c", "__id7__", "w".repeat(1500)]);
    expect(oddIds.filter((id) => some.of(id))).toEqual(["b:c", "__id7__", "w".repeat(1500)]);
    const found: string[] = [];
    for await (const { id } of documents.all(await raw.snapshot())) found.push(id);
    expect(found.toSorted()).toEqual(oddIds.toSorted());
  }
});

test("two documents never have one failure, and Firestore takes the id of each", () => {
  const name = fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 5 }),
    fc.constantFrom(":", "%3A", "#", "a:b", "a", "é".repeat(740)),
  ).filter((text) => !/[/]|\p{Surrogate}/u.test(text)); // prettier-ignore
  const place = fc.tuple(name, name);
  fc.assert(
    fc.property(place, place, (one, other) => {
      const [id, otherId] = [failureIdOf(...one), failureIdOf(...other)];
      expect(id === otherId).toBe(one.join("/") === other.join("/"));
      expect(Buffer.byteLength(id)).toBeLessThanOrEqual(1500);
      expect(id).not.toMatch(/^\.{1,2}$|^__.*__$|\//s);
    }),
    { numRuns: process.env["SLOW"] === "1" ? 1000 : 100 },
  );
});

test("very many and very long failures are cut, are still taken by Firestore, and are written once", async () => {
  await using world = await open();
  const { raw } = world.firestore;
  const documents = new FailureDocuments(raw, "intake");
  const many = Array.from({ length: 5000 }, (_, n): FieldFailure => ({
    field: `${"😀".repeat(400)}${n}`,
    code: "wrong_format",
    message: `${n % 2 === 0 ? "x" : "\ud800"}${"😀".repeat(3000)}`,
  }));
  const document = { id: "1", contentHash: "h", failures: many };
  await raw.write(present([(await documents.read(["1"])).failed(document)]), { ramp: false });
  const line = (await world.linesOf("validation_failed")).get("validation_failed/intake:1") ?? "";
  expect(JSON.parse(line)).toMatchObject({ fields: { more: { integerValue: "4700" } } });
  const known = await documents.read(["1"]);
  expect(known.failed(document)).toBeUndefined();
  const last = many.with(0, { field: "a", code: "missing", message: "a is missing." });
  expect(known.failed({ ...document, failures: last })).toBeDefined();
});

test("what somebody else has written to validation_failed is replaced", async () => {
  await using world = await open();
  const { raw } = world.firestore;
  const documents = new FailureDocuments(raw, "intake");
  const name = `${raw.database}/documents/validation_failed/intake:1`;
  for (const fields of [{}, { failures: { stringValue: "a" } }, { failures: { arrayValue: {} }, content_hash: { nullValue: null } }]) {
    await raw.write([{ op: "set", line: JSON.stringify({ name, fields }) }], { ramp: false });
    const known = await documents.read(["1"]);
    expect(known.of("1")).toEqual({ contentHash: undefined, codes: [] });
    expect(known.failed(asFailed("1"))).toMatchObject({ op: "set" });
    expect(known.mended("1")).toEqual({ op: "delete", path: "validation_failed/intake:1" });
  }
}); // prettier-ignore
