import { array, assert, asyncProperty, property, string, uniqueArray } from "fast-check";
import { expect, test } from "vitest";
import { lineOf, linesOf, withoutTimes, writeFields } from "../../testing/raw-documents.ts";
import { everyType } from "../../testing/registries.ts";
import { errorOf, openTestFirestore } from "../../testing/test-firestore.ts";
import type { RawFailure } from "../raw.ts";
import { WriteEncoder } from "./encode-write.ts";

const registry = everyType;
const numRuns = process.env["SLOW"] === "1" ? 100 : 10;
const one = { integerValue: "1" };
const two = { integerValue: "2" };

test("a merge writes the fields that it names, removes those of them that the line lacks, and leaves all others", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  const c = { mapValue: { fields: { x: one, y: one } } };
  await writeFields(raw, [["things/1", { a: one, "a.b": one, c, d: one, e: one }]]);
  const c2 = { mapValue: { fields: { x: two } } };
  const line = lineOf(raw.database, "things/1", { "a.b": two, c: c2, e: two });
  const fields = ["a.b", "c", "d"];
  const summary = await raw.write([{ op: "merge", line, fields }], { ramp: false });
  expect(summary).toEqual({ written: 1, failed: 0, movedReferences: 0 });
  const after = await linesOf(await raw.snapshot());
  expect(withoutTimes(after.get("things/1") ?? "")).toBe(
    lineOf(raw.database, "things/1", { a: one, "a.b": two, c: c2, e: one }),
  );
});

test("a merge makes no document", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  const failures: RawFailure[] = [];
  const line = lineOf(raw.database, "things/1", { a: one, b: one });
  await raw.write([{ op: "merge", line, fields: ["a"] }], {
    ramp: false,
    onFailure: (failure) => failures.push(failure),
  });
  expect(failures).toMatchObject([{ op: "merge", path: "things/1", status: "NOT_FOUND" }]);
  expect(failures[0]?.line?.toString()).toBe(`${lineOf(raw.database, "things/1", { a: one })}\n`);
  expect(await linesOf(await raw.snapshot())).toEqual(new Map());
});

test("a merge that asks for an update time leaves a document that was changed since, and one that is gone", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  const ids = ["same", "changed", "gone"];
  await writeFields(
    raw,
    ids.map((id) => [`things/${id}`, { a: one }]),
  );
  const { lines } = await (await raw.snapshot()).get(ids.map((id) => `things/${id}`));
  await raw.write(
    [
      { op: "set", line: lineOf(raw.database, "things/changed", { b: one }) },
      { op: "delete", path: "things/gone" },
    ],
    { ramp: false },
  );
  const failed: string[] = [];
  await raw.write(
    lines.map(({ path, updateTimeUs }) => ({
      op: "merge",
      line: lineOf(raw.database, path, { mark: two }),
      fields: ["mark"],
      lastUpdateTime: {
        seconds: Math.floor(updateTimeUs / 1e6),
        nanoseconds: (updateTimeUs % 1e6) * 1000,
      },
    })),
    { ramp: false, onFailure: ({ op, path, status }) => failed.push(`${op} ${path} ${status}`) },
  );
  // The cloud says NOT_FOUND of a document that is gone; emulators differ.
  expect(failed.map((text) => text.replace("NOT_FOUND", "FAILED_PRECONDITION")).toSorted()).toEqual(
    ["merge things/changed FAILED_PRECONDITION", "merge things/gone FAILED_PRECONDITION"],
  );
  const after = await linesOf(await raw.snapshot());
  expect([...after].map(([path, text]) => [path, text.includes('"mark"')])).toEqual([
    ["things/changed", false],
    ["things/same", true],
  ]);
});

test("a field of a merge may have any name that a field may have", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  const name = string({ unit: "binary", minLength: 1, maxLength: 8 }).filter(
    (text) => !/^__.*__$/s.test(text) && !/\p{Surrogate}/u.test(text),
  );
  const odd = ["`", "\\", "a.b", "\\`", "``", "0", "__proto", "a b", "é", "a*b", "[0]", "~/"];
  await assert(
    asyncProperty(array(name, { maxLength: 6 }), async (more) => {
      const names = [...new Set([...odd, ...more])];
      const fields = Object.fromEntries(names.map((field) => [field, one]));
      await writeFields(raw, [["things/1", { ...fields, kept: one }]]);
      const [removed = "", ...others] = names;
      const line = lineOf(
        raw.database,
        "things/1",
        Object.fromEntries(others.map((field) => [field, two])),
      );
      await raw.write([{ op: "merge", line, fields: names }], { ramp: false });
      const text = (await linesOf(await raw.snapshot())).get("things/1") ?? "";
      const after: unknown = JSON.parse(text);
      expect(after).toMatchObject({
        fields: Object.fromEntries([["kept", one], ...others.map((field) => [field, two])]),
      });
      expect(after).not.toHaveProperty(["fields", removed]);
    }),
    { numRuns, examples: [[[]]] },
  );
});

test("what a merge was is told from its message", () => {
  const database = "projects/p/databases/(default)";
  const encoder = new WriteEncoder(database, undefined);
  assert(
    property(uniqueArray(string({ minLength: 1 })), (fields) => {
      const line = lineOf(database, "a/1", { a: one });
      for (const condition of [{}, { lastUpdateTime: { seconds: 1, nanoseconds: 0 } }]) {
        const message = encoder.encode({ op: "merge", line, fields, ...condition });
        expect(encoder.describe(Buffer.from(message)).op).toBe("merge");
      }
    }),
    { numRuns, examples: [[[]], [["x".repeat(200)]]] },
  );
});

test("a merge of a line whose fields are no map is refused", async () => {
  await using firestore = await openTestFirestore({ registry });
  const { raw } = firestore;
  for (const fields of ["[]", "7", '{"a":{}}']) {
    const line = `{"name":"${raw.database}/documents/things/1","fields":${fields}}`;
    expect(
      await errorOf(raw.write([{ op: "merge", line, fields: ["a"] }], { ramp: false })),
    ).toMatchObject({ code: "INVALID_VALUE", path: "things/1" });
  }
});
