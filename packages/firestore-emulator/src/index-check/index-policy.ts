import type { FieldPath } from "../name/field-path.ts";
import type { ExplainMetrics } from "../protocol/messages.ts";
import type { ParsedQuery } from "../query/parsed-query.ts";
import { runQuery } from "../query/run-query.ts";
import type { Database } from "../store/database.ts";
import { explainMetrics } from "./explain-metrics.ts";
import { automaticIndexes, type IndexSet } from "./index-set.ts";
import { missingIndexError } from "./missing-index-error.ts";
import { missingIndex } from "./missing-index.ts";
import { NeededIndexes } from "./needed-indexes.ts";
import { planQuery } from "./plan-query.ts";
import { scannedEntries } from "./scanned-entries.ts";

/** The fields of sums and averages, and where all counts stop. */
export interface Aggregated {
  readonly fields: readonly FieldPath[];
  readonly upTo: number | undefined;
}

/** What is explained: a query, and what came of it when it was run. */
export interface ExplainRequest {
  readonly query: ParsedQuery;
  readonly aggregated?: Aggregated;
  readonly execution?: {
    readonly database: Database;
    readonly time: number;
    readonly returned: number;
    readonly skipped: number;
    readonly durationMs: number;
  };
}

/**
 * Which indexes there are. With a `firestore.indexes.json`, a query that lacks one is refused as the service refuses it;
 * without one every query is answered, and what it would need is noted.
 */
export class IndexPolicy {
  readonly #given: IndexSet | undefined;
  readonly #needed = new Map<string, NeededIndexes>();

  /** @param given the indexes of a `firestore.indexes.json`. */
  constructor(given: IndexSet | undefined) {
    this.#given = given;
  }

  /** @throws {RpcError} FAILED_PRECONDITION when the query lacks an index and a file says which there are. */
  check(
    database: string,
    query: ParsedQuery,
    options: { planOnly?: boolean; aggregatedFields?: readonly FieldPath[] } = {},
  ): void {
    const { planOnly = false, aggregatedFields = [] } = options;
    this.#neededOf(database).record(query, aggregatedFields);
    if (!this.#given) return;
    const missing = missingIndex(query, this.#given, aggregatedFields);
    if (missing) throw missingIndexError(database, missing, planOnly);
  }

  /** The plan of a query, and what running it cost. */
  explain({ query, aggregated, execution }: ExplainRequest): ExplainMetrics {
    const scans = planQuery(query, this.#given ?? automaticIndexes, aggregated?.fields);
    return explainMetrics({
      query,
      scans,
      aggregated: aggregated !== undefined,
      execution: execution && {
        ...execution,
        entries: scannedEntries({
          query,
          scans,
          run: (part) => runQuery(execution.database, part, execution.time).documents,
          aggregated: aggregated !== undefined,
          upTo: aggregated?.upTo,
        }),
      },
    });
  }

  /** The indexes that are there and those that queries of the database lacked, as a `firestore.indexes.json`. */
  needed(database: string): string {
    return this.#neededOf(database).toJson();
  }

  #neededOf(database: string): NeededIndexes {
    const existing = this.#needed.get(database);
    if (existing) return existing;
    const needed = new NeededIndexes(this.#given);
    this.#needed.set(database, needed);
    return needed;
  }
}
