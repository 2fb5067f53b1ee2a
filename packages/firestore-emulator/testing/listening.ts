import { serveListen, type ListenOptions } from "../src/listen/serve-listen.ts";
import type { ListenRequest, ListenResponse } from "../src/protocol/messages.ts";
import { Clock } from "../src/store/clock.ts";
import { Database } from "../src/store/database.ts";
import type { Value } from "../src/value/value.ts";
import { FakeStream } from "./fake-stream.ts";
import { testDatabase } from "./query-of.ts";

/** Fields as a test writes them down. */
export type Fields = Readonly<Record<string, Value>>;

/** A database whose clock a test can set. */
export class TestDatabase {
  readonly database: Database;
  now = 1_700_000_000_000_000;

  constructor() {
    this.database = new Database(testDatabase, new Clock(() => this.now));
  }

  /** Writes documents by their paths, or deletes them, in one commit. Returns its time. */
  write(documents: Readonly<Record<string, Fields | undefined>>): number {
    const time = this.database.clock.commitTime();
    const changes = Object.entries(documents).map(([path, fields]) => ({
      path,
      document: fields && {
        path,
        fields: new Map(Object.entries(fields)),
        createTime: this.database.document(path)?.createTime ?? time,
        updateTime: time,
      },
    }));
    this.database.apply(time, changes);
    return time;
  }

  /** A client that begins to listen. @param room how many messages it takes before the server has to wait. */
  connect(
    room = Infinity,
    options: Partial<ListenOptions> = {},
  ): FakeStream<ListenRequest, ListenResponse> {
    const stream = new FakeStream<ListenRequest, ListenResponse>(room);
    serveListen(stream, {
      database: () => this.database,
      checkQuery: () => {},
      onProblem: (error) => {
        throw error;
      },
      ...options,
    });
    return stream;
  }
}

const changeTypes = ["NO_CHANGE", "ADD", "REMOVE", "CURRENT", "RESET"];

/** Messages in short: `ADD 2`, `c/1 +2 -4`, `delete c/1 -2`, `remove c/1 -2`, `filter 2: 5`, `SNAPSHOT`. */
export function inShort(responses: readonly ListenResponse[]): readonly string[] {
  return responses.map(
    ({ targetChange, documentChange, documentDelete, documentRemove, filter }) => {
      if (filter) return `filter ${filter.targetId}: ${filter.count}`;
      if (documentDelete) return `delete ${pathAndTargets(documentDelete)}`;
      if (documentRemove) return `remove ${pathAndTargets(documentRemove)}`;
      if (documentChange) {
        return pathAndTargets({ ...documentChange, document: documentChange.document.name });
      }
      const { targetIds = [], targetChangeType = 0 } = targetChange ?? {};
      if (targetIds.length === 0) return "SNAPSHOT";
      return `${changeTypes[targetChangeType] ?? ""} ${targetIds.join(",")}`;
    },
  );
}

function pathAndTargets(change: {
  readonly document: string;
  readonly targetIds?: readonly number[];
  readonly removedTargetIds?: readonly number[];
}): string {
  const { document, targetIds = [], removedTargetIds = [] } = change;
  return [
    document.slice(`${testDatabase}/documents/`.length),
    ...targetIds.map((id) => `+${id}`),
    ...removedTargetIds.map((id) => `-${id}`),
  ].join(" ");
}
