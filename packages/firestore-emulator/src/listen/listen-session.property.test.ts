import * as fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryQueriedFields, arbitraryQuery } from "../../testing/arbitrary-query.ts";
import { ListeningWorld, refusalOf, type WatchDefinition } from "../../testing/listening-world.ts";
import { testDatabase } from "../../testing/query-of.ts";

const numRuns = process.env["SLOW"] === "1" ? 2000 : 150;
const paths = ["c/1", "c/2", "c/10", "c/a", "c/A", "c/1/c/1", "c/1/d/1", "d/1", "d/1/c/1", "d/2"];

type Step = (world: ListeningWorld) => void;

const fields = arbitraryQueriedFields(testDatabase);
const path = fc.constantFrom(...paths);
const query = arbitraryQuery(testDatabase).map(
  ({ parent, query: { select: _select, ...rest } }) => ({
    parent,
    query: rest,
  }),
);
const definition: fc.Arbitrary<WatchDefinition> = fc.oneof(
  {
    weight: 4,
    arbitrary: query
      .filter((one) => refusalOf({ query: one }) === undefined)
      .map((one) => ({ query: one })),
  },
  { weight: 1, arbitrary: query.map((one) => ({ query: one })) },
  { weight: 1, arbitrary: fc.uniqueArray(path, { maxLength: 3 }).map((all) => ({ paths: all })) },
);
const commit = fc
  .uniqueArray(fc.tuple(path, fc.option(fields, { nil: undefined, freq: 3 })), {
    minLength: 1,
    maxLength: 4,
    selector: ([own]) => own,
  })
  .map((changes): Step => (world) => {
    world.commit(new Map(changes));
  });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: commit },
  {
    weight: 4,
    arbitrary: definition.map(
      (one): Step =>
        (world) =>
          world.listen(one),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat(9).map(
      (index): Step =>
        (world) =>
          world.unlisten(index),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(0, 1, 2, 5, Infinity).map(
      (messages): Step =>
        (world) =>
          world.read(messages),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((world) => world.reconnect()) },
);

test("every snapshot is what all targets were at its time, however slow the client and often as it is cut off", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
      const world = new ListeningWorld();
      for (const one of steps) {
        one(world);
        for (const [told, expected] of world.told()) expect(told).toEqual(expected);
      }
      for (const [told, expected] of world.toldInTheEnd()) expect(told).toEqual(expected);
    }),
    { numRuns },
  );
});

test("a client ends with what is there, also when the whole database is cleared now and then", () => {
  const clear = fc.constant<Step>((world) => world.clear());
  const steps = fc.array(
    fc.oneof({ weight: 6, arbitrary: step }, { weight: 1, arbitrary: clear }),
    {
      minLength: 5,
      maxLength: 40,
    },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const world = new ListeningWorld();
      for (const one of all) one(world);
      for (const [told, expected] of world.toldInTheEnd()) expect(told).toEqual(expected);
    }),
    { numRuns },
  );
});
