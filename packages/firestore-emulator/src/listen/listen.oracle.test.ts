import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../testing/eventually.ts";
import { RemoteListener } from "../../testing/remote-listener.ts";
import { startFirestoreEmulator, type FirestoreEmulator } from "../index.ts";
import type { StructuredQuery, Target } from "../protocol/messages.ts";
import type { MapValue, Value } from "../value/value.ts";

const address = process.env["FIRESTORE_EMULATOR_HOST"];
const numRuns = process.env["SLOW"] === "1" ? 200 : 10;
const paths = ["c/1", "c/2", "c/3", "c/4", "c/5", "d/1/c/6", "d/1"];

const value = fc.constantFrom<Value>(0n, 1n, 2n, 3n, 1.5, "x", true);
const fields: fc.Arbitrary<MapValue> = fc
  .record({ a: value, b: value }, { requiredKeys: [] })
  .map((all) => new Map(Object.entries(all)));
const commit = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom(...paths), fc.option(fields, { nil: undefined, freq: 3 })),
    {
      minLength: 1,
      maxLength: 3,
      selector: ([path]) => path,
    },
  )
  .map((changes) => new Map(changes));

const query: fc.Arbitrary<StructuredQuery> = fc
  .record({
    field: fc.constantFrom("a", "b"),
    allDescendants: fc.boolean(),
    condition: fc.option(
      fc.record({ field: fc.constantFrom("a", "b"), op: fc.integer({ min: 1, max: 5 }), value }),
      { nil: undefined },
    ),
    descending: fc.boolean(),
    start: fc.option(fc.record({ value, before: fc.boolean() }), { nil: undefined }),
    limit: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 1 }),
    offset: fc.constantFrom(0, 0, 1),
  })
  .map(({ field, allDescendants, condition, descending, start, limit, offset }) => ({
    from: [{ collectionId: "c", allDescendants }],
    where: condition && {
      fieldFilter: {
        field: { fieldPath: condition.field },
        op: condition.op,
        value: condition.value,
      },
    },
    orderBy: [{ field: { fieldPath: field }, direction: descending ? 2 : 1 }],
    startAt: start && { values: [start.value], before: start.before },
    offset,
    limit: limit === undefined ? undefined : { value: limit },
  }));

type Listened = StructuredQuery | readonly string[];
const target: fc.Arbitrary<Listened> = fc.oneof(
  { weight: 4, arbitrary: query },
  { weight: 1, arbitrary: fc.uniqueArray(fc.constantFrom(...paths), { minLength: 1 }) },
);

function targetOf(database: string, listened: Listened): Partial<Target> {
  const root = `${database}/documents`;
  return "from" in listened
    ? { query: { parent: root, structuredQuery: listened } }
    : { documents: { documents: listened.map((path) => `${root}/${path}`) } };
}

describe.skipIf(address === undefined)("compared with the official emulator", () => {
  let emulator: FirestoreEmulator;
  let runs = 0;
  beforeAll(async () => {
    emulator = await startFirestoreEmulator({ port: 0 });
  });
  afterAll(async () => {
    await emulator.close();
  });

  async function compare(
    targets: readonly Listened[],
    commits: readonly ReadonlyMap<string, MapValue | undefined>[],
  ): Promise<void> {
    runs += 1;
    const database = `projects/listen-${process.pid}-${runs}/databases/(default)`;
    const here = new RemoteListener(emulator.address, database);
    const there = new RemoteListener(address ?? "", database);
    const both = [here, there];
    try {
      for (const [index, listened] of targets.entries()) {
        for (const one of both) one.listen(index + 1, targetOf(database, listened));
        await eventually(() => {
          for (const one of both) {
            expect(one.view.snapshots.at(-1)?.targets.has(index + 1)).toBe(true);
          }
        });
      }
      for (const changes of commits) {
        await Promise.all(both.map(async (one) => await one.write(changes)));
        // The official emulator tells of one target after the other, some milliseconds later.
        await new Promise((resolve) => setTimeout(resolve, 30));
        await eventually(() => {
          for (let id = 1; id <= targets.length; id += 1) {
            expect(here.contentsOf(id)).toEqual(there.contentsOf(id));
          }
        });
      }
    } finally {
      here.close();
      there.close();
    }
  }

  test(
    "after each commit a listener of any target has the same documents",
    { timeout: 3_600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(target, { minLength: 1, maxLength: 6 }),
          fc.array(commit, { minLength: 1, maxLength: 12 }),
          compare,
        ),
        { numRuns, endOnFailure: true },
      );
    },
  );
});
