import { parseDatabaseName } from "../name/resource-name.ts";
import type { ListenRequest, ListenResponse, Target } from "../protocol/messages.ts";
import type { ParsedQuery } from "../query/parsed-query.ts";
import { invalidArgument, RpcError } from "../rpc-error.ts";
import { retentionMicros, type AppliedCommit, type Database } from "../store/database.ts";
import { microsOf } from "../value/timestamp.ts";
import {
  documentMessages,
  existenceFilter,
  snapshotAt,
  targetAdded,
  targetCurrent,
  targetRemoved,
  targetReset,
} from "./listen-messages.ts";
import { openTarget } from "./open-target.ts";
import { PendingChanges } from "./pending-changes.ts";
import { decodeResumeToken } from "./resume-token.ts";
import { TargetIndex } from "./target-index.ts";
import type { TargetStart, WatchTarget } from "./watch-target.ts";

/** What a stream needs of the server. */
export interface ListenContext {
  readonly database: (name: string) => Database;
  /** Throws an `RpcError` for a query that is valid and still not to be run, such as for want of an index. */
  readonly checkQuery: (database: string, query: ParsedQuery) => void;
}

/**
 * What is said on one stream, and when. Every answer is a sequence of messages that leads from what all targets were at one
 * time to what all of them are at a later one; none begins before the one before it was sent.
 */
export class ListenSession {
  readonly #context: ListenContext;
  readonly #targets = new TargetIndex();
  readonly #pending = new PendingChanges();
  #database: Database | undefined;
  #stopObserving: () => void = () => {};
  #lastId = 0;
  #picksIds = false;
  /** The target whose documents are being sent. */
  #starting: { readonly id: number; isRemoved: boolean } | undefined;
  readonly #onCommit: () => void;

  /** @param onCommit is called when there is something to tell. */
  constructor(context: ListenContext, onCommit: () => void) {
    this.#context = context;
    this.#onCommit = onCommit;
  }

  get hasNews(): boolean {
    return !this.#pending.isEmpty;
  }

  /** Stops listening to the database. */
  close(): void {
    this.#stopObserving();
  }

  /** Is told of a removal before its turn: the documents of that target are no longer worth sending. */
  announceRemoval(id: number): void {
    if (this.#starting?.id === id) this.#starting.isRemoved = true;
  }

  /** Answers a request. @throws {RpcError} when the stream cannot go on. */
  *answer({ database, addTarget, removeTarget }: ListenRequest): Generator<ListenResponse, void> {
    const own = this.#open(database);
    if (addTarget) yield* this.#add(own, addTarget);
    else if (removeTarget !== undefined) yield* this.#remove(removeTarget);
    else throw invalidArgument("Either 'add_target' or 'remove_target' must be set.");
  }

  /** Tells what changed since the last time, if anything did: all is as it was right after the last commit that may concern a target. */
  *news(): Generator<ListenResponse, void> {
    if (!this.#database) return;
    const { time } = this.#pending;
    let isNews = false;
    for (const message of this.#changesUntil(this.#database, time)) {
      isNews = true;
      yield message;
    }
    if (isNews) yield snapshotAt(time);
  }

  /** Tells that nothing changed up to now. */
  *heartbeat(): Generator<ListenResponse, void> {
    if (this.hasNews) yield* this.news();
    else if (this.#database && this.#targets.size > 0) {
      yield snapshotAt(this.#database.clock.readTime());
    }
  }

  #open(name: string): Database {
    if (this.#database) {
      if (name === "" || name === this.#database.name) return this.#database;
      throw invalidArgument(
        `Request specified a database (${name}) that did not match the expected database (${this.#database.name})`,
      );
    }
    const database = this.#context.database(parseDatabaseName(name));
    this.#database = database;
    this.#stopObserving = database.observe((commit) => {
      this.#observe(commit);
    });
    return database;
  }

  #observe({ time, changes }: AppliedCommit): void {
    let concerns = false;
    for (const change of changes) {
      if (!this.#targets.concerns(change.path)) continue;
      concerns = true;
      this.#pending.add(change, time);
    }
    if (concerns) this.#onCommit();
  }

  /** All the changes up to now, worked out now and sent as the client reads. */
  #changesUntil(database: Database, time: number): Generator<ListenResponse, void> {
    const changes = this.#pending.take();
    if (!changes) return this.#restart(database, time);
    return documentMessages(database.name, this.#targets.effectsOf(changes), time);
  }

  /** Sends all targets anew: more has changed than was kept. */
  #restart(database: Database, time: number): Generator<ListenResponse, void> {
    const starts = this.#targets.all().map((target) => [target, target.start(undefined)] as const);
    const effects = starts.map(([target, start]) => [target, start.effects] as const);
    const ids = starts.map(([{ id }]) => id);
    return (function* () {
      for (const id of ids) yield targetReset(id);
      yield* documentMessages(database.name, effects, time);
      yield targetCurrent(ids, time);
    })();
  }

  *#add(database: Database, request: Target): Generator<ListenResponse, void> {
    const id = this.#idOf(request);
    const existing = this.#targets.get(id);
    if (existing) {
      this.#targets.delete(existing);
      yield targetRemoved(id, invalidArgument(`The target id ${id} is already in use.`));
      return;
    }
    yield targetAdded(id);
    let target: WatchTarget;
    try {
      this.#checkId(request);
      target = openTarget(request, id, database, (query) => {
        this.#context.checkQuery(database.name, query);
      });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      yield targetRemoved(id, error);
      return;
    }
    yield* this.#start(database, target, request);
    if (request.once && this.#targets.get(id) === target) yield* this.#remove(id);
  }

  /** The documents of a new target, and what changed for the others meanwhile: all at one time. */
  *#start(
    database: Database,
    target: WatchTarget,
    request: Target,
  ): Generator<ListenResponse, void> {
    const time = database.clock.readTime();
    const news = this.#changesUntil(database, time);
    const since = resumeTime(request, database, time);
    const start = target.start(since === "unknown" ? undefined : since);
    this.#targets.add(target);
    const starting = { id: target.id, isRemoved: false };
    this.#starting = starting;
    yield* news;
    if (since === "unknown") yield targetReset(target.id);
    for (const message of documentMessages(database.name, [[target, start.effects]], time)) {
      yield message;
      if (starting.isRemoved) break;
    }
    this.#starting = undefined;
    if (starting.isRemoved) {
      yield* this.#remove(target.id);
      yield snapshotAt(time);
      return;
    }
    if (isAmiss(request, since, start)) {
      yield existenceFilter(database.name, target.id, start.documents);
    }
    yield targetCurrent([target.id], time);
    yield snapshotAt(time);
  }

  *#remove(id: number): Generator<ListenResponse, void> {
    const target = this.#targets.get(id);
    if (!target) return;
    this.#targets.delete(target);
    yield targetRemoved(id);
  }

  #idOf({ targetId }: Target): number {
    if (targetId === 0) this.#picksIds = true;
    const id = targetId === 0 ? this.#lastId + 1 : targetId;
    this.#lastId = Math.max(this.#lastId, id);
    return id;
  }

  #checkId({ targetId }: Target): void {
    if (targetId < 0) throw invalidArgument("A target id must not be negative.");
    if (targetId > 0 && this.#picksIds) {
      throw invalidArgument("Target ids cannot be given on a stream whose server picks them.");
    }
  }
}

/** The time that a target goes on from; `undefined` for none, and `"unknown"` where the past of that time is not known any more. */
function resumeTime(
  { resumeToken, readTime }: Target,
  database: Database,
  now: number,
): number | "unknown" | undefined {
  if (!resumeToken?.length && !readTime) return undefined;
  const time = resumeToken?.length
    ? decodeResumeToken(resumeToken)
    : readTime && microsOf(readTime);
  if (time === undefined || time > now) return "unknown";
  return time < Math.max(database.historyFrom, now - retentionMicros) ? "unknown" : time;
}

/** Whether the client has not had what was there at the time that it goes on from. */
function isAmiss(
  { expectedCount }: Target,
  since: number | "unknown" | undefined,
  { previousCount }: TargetStart,
): boolean {
  return (
    typeof since === "number" &&
    expectedCount !== undefined &&
    expectedCount.value !== previousCount
  );
}
