import { openJournal, type Journal, type JournalTuning } from "../src/persistence/journal.ts";
import type { Databases } from "../src/store/databases.ts";
import { makeEvent, newWorld } from "./journal-world.ts";

/** Databases and the journal that keeps them. */
export interface JournaledWorld extends AsyncDisposable {
  readonly databases: Databases;
  readonly journal: Journal;
}

/** What a data folder holds. */
export async function openWorld(
  dataDir: string,
  tuning: Partial<JournalTuning> = {},
): Promise<JournaledWorld> {
  const databases = newWorld();
  const journal = await openJournal({ dataDir, databases, tuning });
  return { databases, journal, [Symbol.asyncDispose]: async () => await journal.close() };
}

/** A folder after so many events. */
export async function writeEvents(dataDir: string, count: number): Promise<void> {
  await using world = await openWorld(dataDir);
  for (let number = 0; number < count; number += 1) {
    makeEvent(world.databases, number, world.journal);
  }
}

/** What databases are after so many events. */
export function worldAfter(count: number): Databases {
  const databases = newWorld();
  for (let number = 0; number < count; number += 1) makeEvent(databases, number);
  return databases;
}
