import type { Journal } from "../src/persistence/journal.ts";
import { walkEntries } from "../src/persistence/walk-entries.ts";
import { Clock } from "../src/store/clock.ts";
import type { DocumentChange } from "../src/store/database.ts";
import { Databases } from "../src/store/databases.ts";
import type { DocumentVersion } from "../src/store/document-entry.ts";
import type { StoredDocument } from "../src/store/stored-document.ts";
import type { Value } from "../src/value/value.ts";

/** The time before the first event, in microseconds. */
export const beginning = 1_700_000_000_000_000;

/** Databases whose clock goes on by one microsecond with each event. */
export function newWorld(): Databases {
  const clock = new Clock(() => 0);
  clock.advanceTo(beginning);
  return new Databases(clock);
}

/** How many events there were. */
export function eventCount(databases: Databases): number {
  return databases.clock.readTime() - beginning;
}

/** Makes the event of a number: always the same, and in a journal first if there is one. */
export function makeEvent(databases: Databases, number: number, journal?: Journal): void {
  const database = `projects/p${number % 3}/databases/(default)`;
  const time = databases.clock.commitTime();
  if (number % 211 === 210) {
    journal?.appendClear(database, time);
    databases.get(database).clear(time);
    return;
  }
  const changes = changesOf(databases, { database, number, time });
  journal?.append({ database, time, changes });
  databases.get(database).apply(time, changes);
}

function changesOf(
  databases: Databases,
  event: { readonly database: string; readonly number: number; readonly time: number },
): DocumentChange[] {
  const { database, number, time } = event;
  const paths = [`a/${number % 23}`, `a/${number % 19}/b/${number % 7}`, `c/${number % 5}`];
  return paths.slice(0, 1 + (number % 3)).map((path, index) => {
    if ((number + index) % 6 === 0) return { path, document: undefined };
    const createTime = databases.get(database).document(path)?.createTime ?? time;
    const fields = new Map<string, Value>([
      ["n", BigInt(number)],
      ["text", "x".repeat(number % 300)],
    ]);
    return { path, document: { path, fields, createTime, updateTime: time } };
  });
}

/** All documents of all databases at a time, and now without one. */
export function documentsAt(databases: Databases, time?: number): [string, StoredDocument][] {
  return databases
    .all()
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((database) =>
      [...walkEntries(database)].flatMap((entry): [string, StoredDocument][] => {
        const document = time === undefined ? entry.current : entry.at(time);
        return document ? [[database.name, document]] : [];
      }),
    );
}

/** Every version of every document that can still be read, but for the times before a document first existed. */
export function versionsOf(databases: Databases): [string, string, readonly DocumentVersion[]][] {
  return databases
    .all()
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((database) =>
      [...walkEntries(database)].flatMap(
        (entry): [string, string, readonly DocumentVersion[]][] => {
          const first = entry.versions.findIndex(({ document }) => document !== undefined);
          return first === -1 ? [] : [[database.name, entry.path, entry.versions.slice(first)]];
        },
      ),
    );
}
