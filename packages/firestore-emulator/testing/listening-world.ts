import { checkListenable } from "../src/listen/check-listenable.ts";
import { serveListen } from "../src/listen/serve-listen.ts";
import { nameOf } from "../src/name/resource-name.ts";
import type { ListenRequest, ListenResponse, StructuredQuery } from "../src/protocol/messages.ts";
import { parseQuery } from "../src/query/parse-query.ts";
import type { ParsedQuery } from "../src/query/parsed-query.ts";
import { runQuery } from "../src/query/run-query.ts";
import { RpcError } from "../src/rpc-error.ts";
import { Clock } from "../src/store/clock.ts";
import { Database } from "../src/store/database.ts";
import type { StoredDocument } from "../src/store/stored-document.ts";
import type { MapValue } from "../src/value/value.ts";
import { FakeStream } from "./fake-stream.ts";
import { addDocuments, addTarget, removeTarget } from "./listen-requests.ts";
import { testDatabase } from "./query-of.ts";
import { WatchView, type SeenDocuments } from "./watch-view.ts";

/** What a client listens to. */
export type WatchDefinition =
  | { readonly query: { readonly parent: string; readonly query: StructuredQuery } }
  | { readonly paths: readonly string[] };

/** What a client that was cut off knows of its targets. */
interface Remembered {
  readonly token: Uint8Array;
  readonly documents: SeenDocuments;
}

/** A client that listens, is slow, and is cut off at times; next to the database that it listens to. */
export class ListeningWorld {
  readonly database = new Database(testDatabase, new Clock());
  readonly #definitions = new Map<number, WatchDefinition>();
  #view = new WatchView();
  #stream = this.#connect(Infinity);
  #checked = 0;
  #nextId = 1;

  #connect(room: number): FakeStream<ListenRequest, ListenResponse> {
    const stream = new FakeStream<ListenRequest, ListenResponse>(room);
    serveListen(stream, {
      database: () => this.database,
      checkQuery: () => {},
      onProblem: (error) => {
        throw error;
      },
    });
    return stream;
  }

  /** Writes documents, or deletes them. */
  commit(changes: ReadonlyMap<string, MapValue | undefined>): void {
    const time = this.database.clock.commitTime();
    this.database.apply(
      time,
      [...changes].map(([path, fields]) => ({
        path,
        document: fields && {
          path,
          fields,
          createTime: this.database.document(path)?.createTime ?? time,
          updateTime: time,
        },
      })),
    );
  }

  /** The client asks for a target. */
  listen(definition: WatchDefinition): void {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#definitions.set(id, definition);
    this.#say(id, definition, undefined);
  }

  #say(id: number, definition: WatchDefinition, known: Remembered | undefined): void {
    this.#view.expectTarget(id, known?.documents);
    const resume = known && {
      resumeToken: known.token,
      expectedCount: { value: known.documents.size },
    };
    this.#stream.say(
      "paths" in definition
        ? addDocuments(testDatabase, id, definition.paths, resume)
        : addTarget(testDatabase, id, {
            ...resume,
            query: {
              parent: nameOf(testDatabase, definition.query.parent),
              structuredQuery: definition.query.query,
            },
          }),
    );
  }

  /** The client asks for one of its targets no more. */
  unlisten(index: number): void {
    const ids = [...this.#definitions.keys()];
    const id = ids[index % Math.max(1, ids.length)];
    if (id === undefined) return;
    this.#definitions.delete(id);
    this.#stream.say(removeTarget(testDatabase, id));
  }

  /** The client reads that many messages. */
  read(messages: number): void {
    this.#stream.makeRoom(messages);
  }

  /** The connection breaks; the client goes on from its last snapshot. */
  reconnect(): void {
    this.#stream.cancel();
    this.#read();
    const last = this.#view.snapshots.at(-1);
    this.#view = new WatchView();
    this.#checked = 0;
    this.#stream = this.#connect(3);
    for (const [id, definition] of this.#definitions) {
      const documents = last?.targets.get(id);
      this.#say(id, definition, last && documents && { token: last.resumeToken, documents });
    }
  }

  /** Deletes everything at once, the past with it. */
  clear(): void {
    this.database.clear(this.database.clock.commitTime());
  }

  #read(): void {
    for (const response of this.#stream.take()) this.#view.apply(response);
  }

  /** What the client was told since the last time, and next to it what it should have been told. */
  *told(): Generator<readonly [told: unknown, expected: unknown]> {
    this.#read();
    for (; this.#checked < this.#view.snapshots.length; this.#checked += 1) {
      const snapshot = this.#view.snapshots[this.#checked];
      if (!snapshot) continue;
      // What was before the database was cleared cannot be asked for any more.
      if (snapshot.time < this.database.historyFrom) continue;
      for (const [id, seen] of snapshot.targets) {
        const definition = this.#definitions.get(id);
        if (!definition) continue;
        yield [versionsOf(seen), this.#expected(definition, snapshot.time)];
      }
    }
    yield [this.#stream.failure, undefined];
  }

  /** What the client has once it has read everything, and next to it what is there. */
  *toldInTheEnd(): Generator<readonly [told: unknown, expected: unknown]> {
    this.read(Infinity);
    yield* this.told();
    for (const [id, definition] of this.#definitions) {
      const error = refusalOf(definition);
      const removal = this.#view.removals.find(({ targetIds }) => targetIds?.includes(id));
      yield [removal?.cause?.message, error];
      if (error !== undefined) continue;
      yield [versionsOf(this.#view.documentsOf(id)), this.#expected(definition)];
    }
    yield [this.#view.filters, []];
  }

  #expected(definition: WatchDefinition, time?: number): ReadonlyMap<string, number> {
    const documents =
      "paths" in definition
        ? definition.paths.flatMap((path) => this.database.document(path, time) ?? [])
        : runQuery(this.database, parsed(definition), time).documents;
    return new Map(documents.map(({ path, updateTime }: StoredDocument) => [path, updateTime]));
  }
}

function versionsOf(documents: SeenDocuments): ReadonlyMap<string, number> {
  return new Map(
    [...documents].map(([name, { updateTime }]) => [
      name.slice(nameOf(testDatabase, "").length + 1),
      updateTime,
    ]),
  );
}

function parsed({ query }: Extract<WatchDefinition, { query: unknown }>): ParsedQuery {
  return parseQuery(testDatabase, nameOf(testDatabase, query.parent), query.query);
}

/** With which text a query is refused. */
export function refusalOf(definition: WatchDefinition): string | undefined {
  if ("paths" in definition) return undefined;
  try {
    checkListenable(parsed(definition));
    return undefined;
  } catch (error) {
    if (error instanceof RpcError) return error.message;
    throw error;
  }
}
