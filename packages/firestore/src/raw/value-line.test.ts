import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryFields } from "../../testing/arbitrary-document.ts";
import { linesIn, writeFields } from "../../testing/raw-documents.ts";
import { everyType } from "../../testing/registries.ts";
import { errorOf, openTestFirestore } from "../../testing/test-firestore.ts";

const runs = process.env["SLOW"] === undefined ? 10 : 100;

test("the line of a document's values is written as the document that the SDK makes of them", async () => {
  await using firestore = await openTestFirestore({ registry: everyType });
  const { raw } = firestore;
  let number = 0;
  await fc.assert(
    fc.asyncProperty(arbitraryFields([raw.database]), async (fields) => {
      number += 1;
      const notes = firestore.documents("notes");
      await writeFields(raw, [[`notes/${number}`, fields]]);
      const data = (await notes.doc(`${number}`).get())?.data ?? {};
      await notes.doc(`sdk${number}`).set(data);
      const line = raw.lineOf(`notes/raw${number}`, data);
      await raw.write([{ op: "set", line }], { ramp: false });
      const batch = await (await raw.snapshot()).get([`notes/sdk${number}`, `notes/raw${number}`]);
      const [one, other] = linesIn(batch).map(([, text]) =>
        text.replace(/^.*?"fields":|,"createTime".*\n$/gs, "").replace(/^\{"name":"[^"]*"/, ""),
      );
      expect(one).toBe(other);
    }),
    { numRuns: runs },
  );
});

test("a value that Firestore would change is in no line", async () => {
  await using firestore = await openTestFirestore({ registry: everyType });
  const { raw } = firestore;
  for (const bad of [
    { a: undefined },
    { a: [[1]] },
    { a: "\ud800" },
    { a: 2n ** 63n },
    { a: { __b__: 1 } },
  ]) {
    const line = Promise.resolve().then(() => raw.lineOf("notes/1", bad));
    expect(await errorOf(line)).toMatchObject({ code: "INVALID_VALUE", path: "notes/1" });
  }
});
