import { performance } from "node:perf_hooks";
import type { Engine } from "../engine.ts";
import type { IndexPolicy } from "../index-check/index-policy.ts";
import { parseParentName } from "../name/resource-name.ts";
import type {
  AggregationMessage,
  RunQueryResponse,
  StructuredQuery,
} from "../protocol/messages.ts";
import { numberOf, parseAggregations } from "../query/parse-aggregations.ts";
import { parseQuery } from "../query/parse-query.ts";
import type { ParsedQuery } from "../query/parsed-query.ts";
import { partitionQuery } from "../query/partition-query.ts";
import { queryMatcher, type QueryMatcher } from "../query/query-matcher.ts";
import { runAggregation } from "../query/run-aggregation.ts";
import { runQuery, type QueryResult } from "../query/run-query.ts";
import { invalidArgument, RpcError } from "../rpc-error.ts";
import { documentMessage } from "../store/stored-document.ts";
import type { QueryLock } from "../transaction/lock-owner.ts";
import { timestampOf } from "../value/timestamp.ts";
import type { StreamingHandler, UnaryHandler } from "./handlers.ts";

/** The methods that run queries. */
export interface QueryHandlers {
  readonly RunQuery: StreamingHandler<"RunQuery">;
  readonly RunAggregationQuery: StreamingHandler<"RunAggregationQuery">;
  readonly PartitionQuery: UnaryHandler<"PartitionQuery">;
  readonly ExecutePipeline: StreamingHandler<"ExecutePipeline">;
}

/** @param indexes says whether a query has the indexes that it needs. */
export function queryHandlers(engine: Engine, indexes: IndexPolicy): QueryHandlers {
  return {
    RunQuery: async function* (request, signal) {
      const { database, query } = parsed(request.parent, request.structuredQuery);
      const { explainOptions } = request;
      const planOnly = explainOptions !== undefined && !explainOptions.analyze;
      indexes.check(database, query, { planOnly });
      const context = engine.readContext(database, request);
      if (context.begun) yield { transaction: context.begun };
      if (planOnly) {
        yield { explainMetrics: indexes.explain({ query }) };
        return;
      }
      const started = performance.now();
      const matcher = queryMatcher(query);
      const { result, time } = await engine.readRange(
        context,
        queryLock(query, matcher),
        (at) => locked(query, matcher, runQuery(context.database, query, at)),
        signal,
      );
      const explained = explainOptions && {
        explainMetrics: indexes.explain({
          query,
          execution: {
            database: context.database,
            time,
            returned: result.documents.length,
            skipped: result.skipped,
            durationMs: performance.now() - started,
          },
        }),
      };
      yield* responsesOf(database, result, timestampOf(time), explained);
    },

    RunAggregationQuery: async function* (request, signal) {
      const { parent, structuredAggregationQuery, explainOptions } = request;
      if (!structuredAggregationQuery)
        throw invalidArgument("structured_aggregation_query is required.");
      const { database, query } = parsed(parent, structuredAggregationQuery.structuredQuery);
      const { aggregations } = structuredAggregationQuery;
      const aggregated = aggregatedOf(aggregations);
      const planOnly = explainOptions !== undefined && !explainOptions.analyze;
      indexes.check(database, query, { planOnly, aggregatedFields: aggregated.fields });
      const context = engine.readContext(database, request);
      if (context.begun) yield { transaction: context.begun };
      if (planOnly) {
        yield { explainMetrics: indexes.explain({ query, aggregated }) };
        return;
      }
      const started = performance.now();
      const lock = queryLock(query, queryMatcher(query));
      const { result, time } = await engine.readRange(
        context,
        lock,
        (at) => ({
          result: runAggregation(context.database, query, aggregations, at),
          read: lock.covers,
        }),
        signal,
      );
      yield {
        result: { aggregateFields: result.values },
        readTime: timestampOf(time),
        ...(explainOptions && {
          explainMetrics: indexes.explain({
            query,
            aggregated,
            execution: {
              database: context.database,
              time,
              returned: 1,
              skipped: 0,
              durationMs: performance.now() - started,
            },
          }),
        }),
      };
    },

    PartitionQuery: async (request) => {
      const { database, query } = parsed(request.parent, request.structuredQuery);
      const { database: store, time } = engine.readContext(database, {
        readTime: request.readTime,
      });
      return partitionQuery(store, query, request, time);
    },

    // oxlint-disable-next-line require-yield -- it is refused before there is anything to give.
    ExecutePipeline: async function* () {
      throw new RpcError(
        "UNIMPLEMENTED",
        "Pipeline queries are only supported in the Enterprise edition of Firestore. This server is of the Standard edition.",
      );
    },
  };
}

function parsed(
  parent: string,
  structuredQuery: StructuredQuery | undefined,
): { database: string; query: ParsedQuery } {
  const { database } = parseParentName(parent);
  if (!structuredQuery) throw invalidArgument("only structured queries are supported");
  return { database, query: parseQuery(database, parent, structuredQuery) };
}

/** What of the aggregations matters for indexes. */
function aggregatedOf(messages: readonly AggregationMessage[]): {
  readonly fields: readonly (readonly string[])[];
  readonly upTo: number | undefined;
} {
  const fields = parseAggregations(messages).flatMap((one) =>
    one.kind === "count" ? [] : [one.field],
  );
  const limits = messages.map(({ count }) => count?.upTo && numberOf(count.upTo.value));
  const upTo = limits.every((limit) => limit !== undefined) ? Math.max(...limits) : undefined;
  return { fields, upTo };
}

function queryLock({ scope }: ParsedQuery, { matches }: QueryMatcher): QueryLock {
  return { collectionId: scope.collectionId, covers: matches };
}

/** A query that reached its limit has read no further than its last document. */
function locked(
  query: ParsedQuery,
  { matches, compare }: QueryMatcher,
  result: QueryResult,
): { result: QueryResult; read: QueryLock["covers"] } {
  const last = result.documents.at(-1);
  const isFull = query.limit !== undefined && result.documents.length === query.limit;
  if (!isFull || !last || query.findNearest) return { result, read: matches };
  return { result, read: (document) => matches(document) && compare(document, last) <= 0 };
}

/** Each document, and with the last one that it is the last; without any document, that alone. */
function* responsesOf(
  database: string,
  { documents, fields, skipped }: QueryResult,
  readTime: RunQueryResponse["readTime"] & object,
  explained: Pick<RunQueryResponse, "explainMetrics"> | undefined,
): Generator<RunQueryResponse> {
  const offset = skipped > 0 ? { skippedResults: skipped } : {};
  if (documents.length === 0) {
    yield { readTime, ...offset, done: true, ...explained };
    return;
  }
  for (const [index, document] of documents.entries()) {
    yield {
      document: documentMessage(database, document, fields(document)),
      readTime,
      ...(index === 0 ? offset : {}),
      ...(index === documents.length - 1 ? { done: true, ...explained } : {}),
    };
  }
}
