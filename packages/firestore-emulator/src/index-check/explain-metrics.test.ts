import { describe, expect, it } from "vitest";
import { indexSetOf, overridesOf } from "../../testing/index-set-of.ts";
import {
  queryOf,
  someReference,
  testDatabase,
  vectorValue,
  type QueryDescription,
} from "../../testing/query-of.ts";
import type { FieldPath } from "../name/field-path.ts";
import type { Struct, StructValue } from "../protocol/messages.ts";
import { runQuery } from "../query/run-query.ts";
import { Clock } from "../store/clock.ts";
import { Database } from "../store/database.ts";
import type { Value } from "../value/value.ts";
import { explainMetrics } from "./explain-metrics.ts";
import { automaticIndexes, type IndexSet } from "./index-set.ts";
import { planQuery } from "./plan-query.ts";
import { scannedEntries } from "./scanned-entries.ts";

function databaseOf(
  documents: Readonly<Record<string, Readonly<Record<string, Value>>>>,
): Database {
  const database = new Database(testDatabase, new Clock());
  const time = database.clock.commitTime();
  database.apply(
    time,
    Object.entries(documents).map(([path, fields]) => ({
      path,
      document: {
        path,
        fields: new Map(Object.entries(fields)),
        createTime: time,
        updateTime: time,
      },
    })),
  );
  return database;
}

/** Ten numbers, every other one odd, of which the first seven have an element in common. */
const numbers = databaseOf(
  Object.fromEntries(
    Array.from({ length: 10 }, (_, n) => [
      `qn/n${n}`,
      {
        n: BigInt(n),
        g: n % 2 === 1 ? "odd" : "even",
        h: BigInt(n % 3),
        tags: n < 7 ? [1n, 2n] : [],
        emb: vectorValue(n === 9 ? [1] : [n, 0, 1]),
      },
    ]),
  ),
);

function plain(value: StructValue): unknown {
  if ("structValue" in value) return plainStruct(value.structValue);
  return Object.values(value)[0];
}

function plainStruct({ fields }: Struct): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]));
}

interface Options {
  readonly indexes?: IndexSet;
  /** The fields of sums; empty for a count. */
  readonly aggregated?: readonly FieldPath[];
  readonly upTo?: number;
}

/** Explains and analyzes a query over the numbers: the indexes, and what it cost. */
function explain(description: QueryDescription, options: Options = {}) {
  const { indexes = automaticIndexes, aggregated, upTo } = options;
  const query = queryOf("qn", description);
  const scans = planQuery(query, indexes, aggregated);
  const entries = scannedEntries({
    query,
    scans,
    run: (part) => runQuery(numbers, part).documents,
    aggregated: aggregated !== undefined,
    upTo,
  });
  const result = runQuery(numbers, query);
  const metrics = explainMetrics({
    query,
    scans,
    aggregated: aggregated !== undefined,
    execution: {
      returned: aggregated ? 1 : result.documents.length,
      skipped: result.skipped,
      entries,
      durationMs: 1234.5,
    },
  });
  const stats = metrics.executionStats;
  const debug = stats && plainStruct(stats.debugStats);
  return {
    indexes: metrics.planSummary.indexesUsed.map((used) => plainStruct(used)["properties"]),
    scopes: metrics.planSummary.indexesUsed.map((used) => plainStruct(used)["query_scope"]),
    reads: stats?.readOperations,
    returned: stats?.resultsReturned,
    scanned: debug?.["index_entries_scanned"],
    documents: debug?.["documents_scanned"],
    billing: debug?.["billing_details"],
    duration: stats?.executionDuration,
  };
}

describe("the plan of an explained query", () => {
  it("names the index by name for a query of all documents", () => {
    expect(explain({})).toMatchObject({ indexes: ["(__name__ ASC)"], scopes: ["Collection"] });
    expect(explain({ group: true })).toMatchObject({
      indexes: ["(__name__ ASC)"],
      scopes: ["Collection group"],
    });
  });

  it.each<readonly [QueryDescription, readonly string[]]>([
    [{ where: [["g", "==", "odd"]] }, ["(g ASC, __name__ ASC)"]],
    [{ where: [["n", ">", 3n]], orderBy: ["n desc"] }, ["(n DESC, __name__ DESC)"]],
    [{ where: [["tags", "array-contains", 1n]] }, ["(tags ARRAY_CONTAINS, __name__ ASC)"]],
    [{ where: [["g", "==", "odd"]], orderBy: ["__name__ desc"] }, ["(g DESC, __name__ DESC)"]],
    [
      {
        where: [
          ["g", "==", "odd"],
          ["h", "==", 0n],
        ],
      },
      ["(g ASC, __name__ ASC)", "(h ASC, __name__ ASC)"],
    ],
    [
      {
        where: [
          {
            or: [
              ["g", "==", "odd"],
              ["h", "==", 0n],
            ],
          },
        ],
      },
      ["(g ASC, __name__ ASC)", "(h ASC, __name__ ASC)"],
    ],
    [
      { where: [["n", "in", [1n, 4n, 7n]]] },
      ["(n ASC, __name__ ASC)", "(n ASC, __name__ ASC)", "(n ASC, __name__ ASC)"],
    ],
    [{ where: [["n", "!=", 4n]] }, ["(n ASC, __name__ ASC)", "(n ASC, __name__ ASC)"]],
    [
      { where: [["n", "not-in", [1n, 4n]]] },
      ["(n ASC, __name__ ASC)", "(n ASC, __name__ ASC)", "(n ASC, __name__ ASC)"],
    ],
    [{ where: [["__name__", "==", someReference("qn/n1")]] }, ["(__name__ ASC)"]],
    [{ limit: 0 }, []],
    [{ nearest: { field: "emb", vector: [1, 0, 0] } }, ["(__name__ ASC, emb VECTOR<3>)"]],
    [
      { where: [["g", "==", "odd"]], nearest: { field: "emb", vector: [1, 0, 0] } },
      ["(g ASC, __name__ ASC, emb VECTOR<3>)"],
    ],
  ])("names the indexes that are read, case %#", (description, indexes) => {
    expect(explain(description).indexes).toEqual(indexes);
  });

  it("prefers the index that does it alone to several that are merged", () => {
    const indexes = indexSetOf("qn: h ASC, g ASC");
    expect(
      explain(
        {
          where: [
            ["g", "==", "odd"],
            ["h", "==", 0n],
          ],
        },
        { indexes },
      ).indexes,
    ).toEqual(["(h ASC, g ASC, __name__ ASC)"]);
  });

  it("is of a group where an override makes one", () => {
    const indexes = overridesOf({
      collectionGroup: "qn",
      fieldPath: "g",
      indexes: [{ order: "ASCENDING", queryScope: "COLLECTION_GROUP" }],
    });
    expect(explain({ group: true, where: [["g", "==", "odd"]] }, { indexes })).toMatchObject({
      indexes: ["(g ASC, __name__ ASC)"],
      scopes: ["Collection group"],
    });
  });

  it("has no statistics when the query is not run", () => {
    const query = queryOf("qn");
    const scans = planQuery(query, automaticIndexes);
    expect(explainMetrics({ query, scans, aggregated: false, execution: undefined })).toEqual({
      planSummary: {
        indexesUsed: [
          {
            fields: {
              query_scope: { stringValue: "Collection" },
              properties: { stringValue: "(__name__ ASC)" },
            },
          },
        ],
      },
    });
  });
});

describe("the cost of an explained query", () => {
  it("is a read for each document", () => {
    expect(explain({ where: [["g", "==", "odd"]] })).toMatchObject({
      returned: 5,
      reads: 5,
      scanned: "5",
      documents: "5",
      billing: {
        documents_billable: "5",
        index_entries_billable: "0",
        small_ops: "0",
        min_query_cost: "0",
      },
      duration: { seconds: 1, nanos: 234_500_000 },
    });
  });

  it("is one read at least", () => {
    expect(explain({ where: [["g", "==", "none"]] })).toMatchObject({
      returned: 0,
      reads: 1,
      scanned: "0",
      documents: "0",
      billing: { documents_billable: "0", min_query_cost: "1" },
    });
    expect(explain({ limit: 0 })).toMatchObject({ reads: 1, scanned: "0" });
  });

  it("counts one entry past a limit, and what an offset leaves out", () => {
    expect(explain({ orderBy: ["n"], limit: 3 })).toMatchObject({ scanned: "4", reads: 3 });
    expect(explain({ orderBy: ["n"], offset: 4, limit: 2 })).toMatchObject({
      scanned: "7",
      reads: 6,
      returned: 2,
    });
    expect(explain({ orderBy: ["n"], limit: 10 })).toMatchObject({ scanned: "10", reads: 10 });
  });

  it("of ranges of two fields bills the entries of the first, a read for each thousand", () => {
    const where = [
      ["h", "<", 1n],
      ["n", ">", 2n],
    ] as const;
    expect(explain({ where, orderBy: ["n", "h"] })).toMatchObject({
      indexes: ["(n ASC, h ASC, __name__ ASC)"],
      returned: 3,
      scanned: "7",
      reads: 4,
      billing: { documents_billable: "3", index_entries_billable: "7" },
    });
    expect(explain({ where, orderBy: ["n", "h"], limit: 1 })).toMatchObject({ scanned: "4" });
  });

  it("of aggregations is a read for each thousand entries", () => {
    expect(explain({}, { aggregated: [] })).toMatchObject({
      returned: 1,
      reads: 1,
      scanned: "10",
      documents: "0",
      billing: {
        documents_billable: "0",
        index_entries_billable: "10",
        small_ops: "0",
        min_query_cost: "0",
      },
    });
    expect(explain({}, { aggregated: [], upTo: 3 })).toMatchObject({ scanned: "3" });
    expect(explain({}, { aggregated: [["n"]] }).indexes).toEqual(["(n ASC, __name__ ASC)"]);
  });

  it("of nearest vectors is a read for each document and for each hundred vectors of that length", () => {
    expect(explain({ nearest: { field: "emb", vector: [1, 0, 0] } })).toMatchObject({
      scanned: "9",
      billing: { knn_vector_index_entries_billable: "9", index_entries_billable: "0" },
    });
  });

  it("of merged indexes counts the entries that the merge reads", () => {
    // 1 3 5 7 9 and 0 3 6 9 meet at 3 and at 9; only 0 is jumped over.
    const where = [
      ["g", "==", "odd"],
      ["h", "==", 0n],
    ] as const;
    expect(explain({ where })).toMatchObject({ returned: 2, scanned: "8" });
  });
});
