import type { CommitOutcome, Engine } from "../engine.ts";
import { parseDatabaseName, parseParentName } from "../name/resource-name.ts";
import type { StatusMessage, WriteResult } from "../protocol/messages.ts";
import { invalidArgument, RpcError } from "../rpc-error.ts";
import { timestampOf } from "../value/timestamp.ts";
import type { UnaryHandler } from "./handlers.ts";
import { hasDocuments } from "./list-documents.ts";
import { decodePageToken, encodePageToken } from "./page-token.ts";

/** The methods of transactions and commits, and the list of collections. */
export interface WriteHandlers {
  readonly BeginTransaction: UnaryHandler<"BeginTransaction">;
  readonly Commit: UnaryHandler<"Commit">;
  readonly Rollback: UnaryHandler<"Rollback">;
  readonly BatchWrite: UnaryHandler<"BatchWrite">;
  readonly ListCollectionIds: UnaryHandler<"ListCollectionIds">;
}

export function writeHandlers(engine: Engine): WriteHandlers {
  return {
    BeginTransaction: async ({ database, options }) => ({
      transaction: engine.begin(parseDatabaseName(database), options).id,
    }),

    Commit: async (request, signal) => {
      const database = parseDatabaseName(request.database);
      const { writeResults, time } = await engine.commit(database, request, signal);
      return { writeResults, commitTime: timestampOf(time) };
    },

    Rollback: async ({ database, transaction }) => {
      engine.rollback(parseDatabaseName(database), transaction);
      return {};
    },

    BatchWrite: async ({ database, writes }, signal) => {
      const outcomes = await engine.batchWrite(parseDatabaseName(database), writes, signal);
      return { writeResults: outcomes.map(resultOf), status: outcomes.map(statusOf) };
    },

    ListCollectionIds: async ({ parent, pageSize, pageToken, readTime }) => {
      const { database, path } = parseParentName(parent);
      if (pageSize < 0) throw invalidArgument("page_size must be greater than or equal to zero.");
      const { time } = engine.readContext(database, { readTime });
      const after = pageToken === "" ? undefined : decodePageToken(pageToken);
      const collections = engine.databases.get(database).collectionsBelow(path);
      const ids = collections
        .filter((collection) => hasDocuments(collection, time))
        .map(({ id }) => id);
      const rest = after === undefined ? ids : ids.slice(ids.indexOf(after) + 1);
      const collectionIds = pageSize === 0 ? rest : rest.slice(0, pageSize);
      const last = collectionIds.at(-1);
      const isMore = last !== undefined && collectionIds.length < rest.length;
      return { collectionIds, nextPageToken: isMore ? encodePageToken(last) : "" };
    },
  };
}

function resultOf(outcome: CommitOutcome | RpcError): WriteResult {
  return outcome instanceof RpcError ? {} : (outcome.writeResults[0] ?? {});
}

function statusOf(outcome: CommitOutcome | RpcError): StatusMessage {
  return outcome instanceof RpcError
    ? { code: outcome.code, message: outcome.message }
    : { code: 0, message: "" };
}
