import type { ModelIssue } from "@ctb-data/models";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryFields } from "../testing/arbitrary-document.ts";
import { linesIn, writeFields } from "../testing/raw-documents.ts";
import { everyType } from "../testing/registries.ts";
import { errorOf, openTestFirestore } from "../testing/test-firestore.ts";

const runs = process.env["SLOW"] === undefined ? 10 : 100;

const byPlace = (issues: readonly ModelIssue[]): readonly ModelIssue[] =>
  issues.toSorted((a, b) => (JSON.stringify(a.path) < JSON.stringify(b.path) ? -1 : 1));

test("a line is inspected as the document that the SDK reads", async () => {
  await using firestore = await openTestFirestore({ registry: everyType });
  const { raw } = firestore;
  const inspector = firestore.inspector("notes");
  let number = 0;
  await fc.assert(
    fc.asyncProperty(arbitraryFields([raw.database]), async (fields) => {
      const path = `notes/${(number += 1)}`;
      await writeFields(raw, [[path, fields]]);
      const [[, line] = ["", ""]] = linesIn(await (await raw.snapshot()).get([path]));
      const read = await firestore
        .collection("notes", { reading: "lenient" })
        .doc(`${number}`)
        .get();
      const inspected = inspector.inspect(path, line);
      expect(inspected.data).toEqual(read?.data);
      // Fields that the model does not know are told in the order in which they came.
      expect(byPlace(inspected.issues)).toEqual(byPlace(read?.issues ?? []));
    }),
    { numRuns: runs },
  );
});

test("what an inspector remembers is what validate finds, whatever the order of the lines", async () => {
  await using firestore = await openTestFirestore({ registry: everyType });
  const { raw } = firestore;
  await writeFields(raw, [
    ...Array.from(
      { length: 9 },
      (_, n) => [`notes/bad${n}`, { count: { stringValue: "x" } }] as const,
    ),
    ["notes/good", { text: { stringValue: "x" } }],
    ["notes/odd", { text: { stringValue: "x" }, other: { nullValue: null } }],
  ]);
  const inspector = firestore.inspector("notes");
  const snapshot = await raw.snapshot();
  for await (const batch of snapshot.read({ start: undefined, end: undefined, group: "notes" }))
    for (const [path, line] of linesIn(batch).toReversed())
      inspector.add(path, inspector.inspect(path, line).issues);
  const report = await firestore.validate({ collections: ["notes"] });
  expect(inspector.findings()).toEqual(report.collections[0]?.findings);
  expect(inspector.findings().map(({ examples }) => examples)).toContainEqual(
    [0, 1, 2, 3, 4].map((n) => `notes/bad${n}`),
  );
});

test("a line that is no document is refused without a word of what it holds", async () => {
  await using firestore = await openTestFirestore({ registry: everyType });
  const inspector = firestore.inspector("notes");
  for (const line of ["{", '{"fields":{"a":"secret"}}', '{"fields":{"a":{"odd":1}}}']) {
    const error = await errorOf(Promise.resolve().then(() => inspector.inspect("notes/1", line)));
    expect(error).toMatchObject({ code: "INVALID_VALUE", path: "notes/1" });
    expect(JSON.stringify(error)).not.toContain("secret");
  }
  expect(await errorOf(Promise.resolve().then(() => firestore.inspector("nowhere")))).toMatchObject(
    {
      code: "UNKNOWN_COLLECTION",
    },
  );
});
