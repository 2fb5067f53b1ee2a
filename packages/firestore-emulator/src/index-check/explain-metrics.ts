import type { ExplainMetrics, Struct } from "../protocol/messages.ts";
import type { ParsedQuery } from "../query/parsed-query.ts";
import { isArray } from "../value/value.ts";
import { describeIndex } from "./describe-index.ts";
import { inequalityFields } from "./index-requirement.ts";
import type { Scan } from "./plan-query.ts";

/** What running a query came to, for its statistics. */
export interface Execution {
  /** Documents that were returned; 1 for an aggregation. */
  readonly returned: number;
  /** Documents that an offset left out. */
  readonly skipped: number;
  /** Entries of indexes that were read (`scannedEntries`). */
  readonly entries: number;
  readonly durationMs: number;
}

export interface Explained {
  readonly query: ParsedQuery;
  readonly scans: readonly Scan[];
  /** Whether the documents are counted or added up rather than returned. */
  readonly aggregated: boolean;
  /** `undefined` when the query was only planned. */
  readonly execution: Execution | undefined;
}

const entriesPerRead = 1000;
const vectorsPerRead = 100;

/** The plan of a query, and after it was run what it cost, as the service tells it. */
export function explainMetrics({ query, scans, aggregated, execution }: Explained): ExplainMetrics {
  const nothing = query.limit === 0 && !aggregated;
  const planSummary = { indexesUsed: nothing ? [] : indexesUsed(scans) };
  if (!execution) return { planSummary };
  const cost = costOf(query, aggregated, execution);
  const nanos = Math.round(execution.durationMs * 1_000_000);
  return {
    planSummary,
    executionStats: {
      resultsReturned: execution.returned,
      executionDuration: {
        seconds: Math.floor(nanos / 1_000_000_000),
        nanos: nanos % 1_000_000_000,
      },
      readOperations: Math.max(1, cost.reads),
      debugStats: debugStats(execution.entries, cost),
    },
  };
}

/** Each alternative's indexes, as often as there are ranges that each is read in. */
function indexesUsed(scans: readonly Scan[]): readonly Struct[] {
  return scans.flatMap((scan) => {
    const described = scan.indexes.map(describeIndex);
    return Array.from({ length: rangesOf(scan) }, () => described).flat();
  });
}

/** `!=` is what lies before and after a value, `not-in` what lies around several. */
function rangesOf({ filters }: Scan): number {
  let ranges = 1;
  for (const { operator, value } of filters) {
    if (operator === "!=") ranges *= 2;
    if (operator === "not-in") ranges *= (isArray(value) ? value.length : 1) + 1;
  }
  return ranges;
}

interface Cost {
  readonly documents: number;
  readonly entries: number;
  readonly vectors: number | undefined;
  readonly reads: number;
}

function costOf(query: ParsedQuery, aggregated: boolean, execution: Execution): Cost {
  const { returned, skipped, entries } = execution;
  if (aggregated) {
    const billed = query.limit === 0 ? 0 : entries;
    return {
      documents: 0,
      entries: billed,
      vectors: undefined,
      reads: Math.ceil(billed / entriesPerRead),
    };
  }
  if (query.findNearest) {
    const reads = returned + Math.ceil(entries / vectorsPerRead);
    return { documents: returned, entries: 0, vectors: entries, reads };
  }
  const documents = returned + skipped;
  const billed = inequalityFields(query).length > 1 ? entries : 0;
  return {
    documents,
    entries: billed,
    vectors: undefined,
    reads: documents + Math.ceil(billed / entriesPerRead),
  };
}

function debugStats(scanned: number, { documents, entries, vectors, reads }: Cost): Struct {
  return {
    fields: {
      index_entries_scanned: { stringValue: String(scanned) },
      documents_scanned: { stringValue: String(documents) },
      billing_details: {
        structValue: {
          fields: {
            documents_billable: { stringValue: String(documents) },
            index_entries_billable: { stringValue: String(entries) },
            ...(vectors === undefined
              ? {}
              : { knn_vector_index_entries_billable: { stringValue: String(vectors) } }),
            small_ops: { stringValue: "0" },
            min_query_cost: { stringValue: reads === 0 ? "1" : "0" },
          },
        },
      },
    },
  };
}
