import { nameOf } from "../name/resource-name.ts";
import type { ListenResponse, StatusMessage } from "../protocol/messages.ts";
import type { RpcError } from "../rpc-error.ts";
import { documentMessage, type StoredDocument } from "../store/stored-document.ts";
import { timestampOf } from "../value/timestamp.ts";
import { bloomFilterOf } from "./bloom-filter.ts";
import { encodeResumeToken } from "./resume-token.ts";
import type { TargetEffect, WatchTarget } from "./watch-target.ts";

const changeTypes = { NO_CHANGE: 0, ADD: 1, REMOVE: 2, CURRENT: 3, RESET: 4 } as const;

export function targetAdded(id: number): ListenResponse {
  return { targetChange: { targetChangeType: changeTypes.ADD, targetIds: [id] } };
}

/** @param error why, when it was not the client who asked for it. */
export function targetRemoved(id: number, error?: RpcError): ListenResponse {
  const cause: StatusMessage | undefined = error && { code: error.code, message: error.message };
  return {
    targetChange: {
      targetChangeType: changeTypes.REMOVE,
      targetIds: [id],
      ...(cause && { cause }),
    },
  };
}

/** All that the client has of the target is void. */
export function targetReset(id: number): ListenResponse {
  return { targetChange: { targetChangeType: changeTypes.RESET, targetIds: [id] } };
}

/** The client has all of the targets as of that time. */
export function targetCurrent(ids: readonly number[], time: number): ListenResponse {
  return {
    targetChange: {
      targetChangeType: changeTypes.CURRENT,
      targetIds: ids,
      resumeToken: encodeResumeToken(time),
      readTime: timestampOf(time),
    },
  };
}

/** What was told so far is what all targets of the stream were at that time. */
export function snapshotAt(time: number): ListenResponse {
  return {
    targetChange: {
      targetChangeType: changeTypes.NO_CHANGE,
      resumeToken: encodeResumeToken(time),
      readTime: timestampOf(time),
    },
  };
}

/** How many documents a target has and, as a filter, which: the client finds out what it has too many. */
export function existenceFilter(
  database: string,
  targetId: number,
  documents: readonly StoredDocument[],
): ListenResponse {
  const names = documents.map(({ path }) => nameOf(database, path));
  return { filter: { targetId, count: names.length, unchangedNames: bloomFilterOf(names) } };
}

/** What all targets have to tell of one document. */
interface DocumentNews {
  readonly path: string;
  readonly document: StoredDocument | undefined;
  changed: boolean;
  readonly targetIds: number[];
  readonly removedTargetIds: number[];
}

/** The messages about documents, one for each document and all targets. */
export function* documentMessages(
  database: string,
  effects: Iterable<readonly [WatchTarget, readonly TargetEffect[]]>,
  time: number,
): Generator<ListenResponse, void> {
  const news = new Map<string, DocumentNews>();
  for (const [target, ofTarget] of effects) {
    for (const effect of ofTarget) collect(news, target.id, effect);
  }
  for (const one of news.values()) yield messageOf(database, one, time);
}

function collect(
  news: Map<string, DocumentNews>,
  targetId: number,
  { path, document, isIn, changed }: TargetEffect,
): void {
  let own = news.get(path);
  if (!own) {
    own = { path, document, changed, targetIds: [], removedTargetIds: [] };
    news.set(path, own);
  }
  own.changed ||= changed;
  (isIn ? own.targetIds : own.removedTargetIds).push(targetId);
}

function messageOf(
  database: string,
  { path, document, changed, targetIds, removedTargetIds }: DocumentNews,
  time: number,
): ListenResponse {
  const gone = { document: nameOf(database, path), removedTargetIds, readTime: timestampOf(time) };
  if (!document) return { documentDelete: gone };
  // What left a query by its own change is told whole: the client need not ask for it to know that it is still there.
  if (targetIds.length === 0 && !changed) return { documentRemove: gone };
  return {
    documentChange: { document: documentMessage(database, document), targetIds, removedTargetIds },
  };
}
