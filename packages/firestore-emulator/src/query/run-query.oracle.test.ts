import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { denseFields, denseQuery, nameQuery } from "../../testing/arbitrary-dense-query.ts";
import {
  arbitraryAggregations,
  arbitraryNearest,
  arbitraryQuery,
  arbitraryQueryWorld,
  type QueryMessage,
  type QueryWorld,
} from "../../testing/arbitrary-query.ts";
import { OfficialEmulator } from "../../testing/official-emulator.ts";
import { nameOf } from "../name/resource-name.ts";
import type { DocumentMessage } from "../protocol/document-codec.ts";
import type {
  AggregationMessage,
  RunAggregationQueryResponse,
  RunQueryResponse,
} from "../protocol/messages.ts";
import { RpcError } from "../rpc-error.ts";
import { Clock } from "../store/clock.ts";
import { Database } from "../store/database.ts";
import type { MapValue, Value } from "../value/value.ts";
import { parseAggregations } from "./parse-aggregations.ts";
import { parseQuery } from "./parse-query.ts";
import { runAggregation } from "./run-aggregation.ts";
import { runQuery } from "./run-query.ts";

const address = process.env["FIRESTORE_EMULATOR_HOST"];
const numRuns = process.env["SLOW"] === "1" ? 1000 : 50;
const timeout = 3_600_000;
const name = `projects/query-${process.pid}/databases/(default)`;

/** As many documents as indexes are made for. */
const paths = [
  "c/first",
  "c/1/d/1",
  ...Array.from({ length: 70 }, (_, index) => `c/${index}`),
  ...Array.from({ length: 20 }, (_, index) => `d/${index % 7}/c/${index}`),
] as const;

/** What was answered, or the code and the text of the refusal. */
type Answer<T> = { readonly answer: T } | { readonly refusal: string };
type Documents = readonly (readonly [string, MapValue])[];

function answerHere<T>(answer: () => T): Answer<T> {
  try {
    return { answer: answer() };
  } catch (error) {
    if (error instanceof RpcError) return { refusal: `${error.code} ${error.message}` };
    throw error;
  }
}

function queryHere(database: Database, { parent, query }: QueryMessage): Answer<Documents> {
  return answerHere(() => {
    const { documents, fields } = runQuery(database, parseQuery(name, nameOf(name, parent), query));
    return documents.map((document) => [document.path, fields(document)]);
  });
}

async function queryThere(
  official: OfficialEmulator,
  { parent, query }: QueryMessage,
): Promise<Answer<Documents>> {
  const { messages, code, details } = await official.query(parent, query);
  if (code !== 0) return { refusal: `${code} ${details}` };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- The codec made them of that type.
  const responses = messages as unknown as readonly RunQueryResponse[];
  return { answer: responses.flatMap(({ document }) => (document ? [entryOf(document)] : [])) };
}

function entryOf({ name: full, fields }: DocumentMessage): readonly [string, MapValue] {
  return [full.slice(`${name}/documents/`.length), fields];
}

type AggregationQuery = readonly [QueryMessage, readonly AggregationMessage[]];

function aggregateHere(
  database: Database,
  [{ parent, query }, aggregations]: AggregationQuery,
): Answer<Readonly<Record<string, Value>>> {
  return answerHere(() => {
    const parsed = parseQuery(name, nameOf(name, parent), query);
    return roundedValues(runAggregation(database, parsed, aggregations).values);
  });
}

/** Which of two reasons is told first is not compared: a query that is refused alone, or a selection, which goes with no sum. */
function hasOneReason([{ parent, query }, aggregations]: AggregationQuery): boolean {
  const ofQuery = answerHere(() => parseQuery(name, nameOf(name, parent), query));
  const ofAggregations = answerHere(() => parseAggregations(aggregations));
  return "answer" in ofQuery && ("answer" in ofAggregations || query.select === undefined);
}

async function aggregateThere(
  official: OfficialEmulator,
  [{ parent, query }, aggregations]: AggregationQuery,
): Promise<Answer<Readonly<Record<string, Value>>>> {
  const { messages, code, details } = await official.aggregation(parent, query, aggregations);
  if (code !== 0) return { refusal: `${code} ${details}` };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- The codec made them of that type.
  const [response] = messages as unknown as readonly RunAggregationQueryResponse[];
  return { answer: roundedValues(response?.result?.aggregateFields ?? {}) };
}

/** The official one rounds on the way. */
function roundedValues(values: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    Object.entries(values).map(([alias, value]) => [alias, roundedValue(value)]),
  );
}

function roundedValue(value: Value): Value {
  return typeof value === "number" ? Number(value.toPrecision(10)) : value;
}

/** The service has these orders, and answers them where there is an index. */
function isRefusedOnlyThere(answer: Answer<unknown>): boolean {
  return (
    "refusal" in answer && answer.refusal === "9 Firestore does not support descending key scans"
  );
}

function databaseOf(documents: ReadonlyMap<string, MapValue>): Database {
  const database = new Database(name, new Clock());
  const time = database.clock.commitTime();
  const changes = [...documents].map(([path, fields]) => ({
    path,
    document: { path, fields, createTime: time, updateTime: time },
  }));
  database.apply(time, changes);
  return database;
}

/** Asks both of each world, as long as they agree; returns where they do not. */
async function disagreement<T>(
  official: OfficialEmulator,
  { documents, queries }: QueryWorld<T>,
  [here, there]: readonly [
    (database: Database, query: T) => Answer<unknown>,
    (official: OfficialEmulator, query: T) => Promise<Answer<unknown>>,
  ],
): Promise<readonly [here: unknown, there: unknown]> {
  const database = databaseOf(documents);
  await official.write(documents);
  try {
    for (const query of queries) {
      const expected = await there(official, query);
      const actual = here(database, query);
      if (!isRefusedOnlyThere(expected) && !isDeepStrictEqual(actual, expected)) {
        return [actual, expected];
      }
    }
    return [undefined, undefined];
  } finally {
    await official.clear(documents.keys());
  }
}

describe.skipIf(address === undefined)("compared with the official emulator", () => {
  const official = new OfficialEmulator(address ?? "127.0.0.1:1", name);
  afterAll(() => official.close());

  test("a query has the same results, or is refused with the same text", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryQueryWorld(name, arbitraryQuery(name)), async (world) => {
        const [here, there] = await disagreement(official, world, [queryHere, queryThere]);
        expect(here).toEqual(there);
      }),
      { numRuns },
    );
  });

  test("a query that finds many has them in the same order", { timeout }, async () => {
    const world = fc.record({
      documents: fc
        .array(denseFields, { minLength: paths.length, maxLength: paths.length })
        .map((all) => new Map(paths.map((path, index) => [path, all[index] ?? new Map()]))),
      queries: fc.array(fc.oneof(denseQuery(name, paths), nameQuery(name, paths)), {
        minLength: 1,
        maxLength: 40,
      }),
    });
    await fc.assert(
      fc.asyncProperty(world, async (one) => {
        const [here, there] = await disagreement(official, one, [queryHere, queryThere]);
        expect(here).toEqual(there);
      }),
      { numRuns },
    );
  });

  test("a search for near vectors has the same results and distances", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryQueryWorld(name, arbitraryNearest(name)), async (world) => {
        const [here, there] = await disagreement(official, world, [queryHere, queryThere]);
        expect(here).toEqual(there);
      }),
      { numRuns },
    );
  });

  test("counts, sums and averages are the same", { timeout }, async () => {
    const query = fc.tuple(arbitraryQuery(name), arbitraryAggregations()).filter(hasOneReason);
    await fc.assert(
      fc.asyncProperty(arbitraryQueryWorld(name, query), async (world) => {
        const [here, there] = await disagreement(official, world, [aggregateHere, aggregateThere]);
        expect(here).toEqual(there);
      }),
      { numRuns },
    );
  });
});
