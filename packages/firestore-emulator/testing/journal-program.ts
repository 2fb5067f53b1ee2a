import { writeSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { EmulatorError } from "../src/emulator-error.ts";
import { openJournal } from "../src/persistence/journal.ts";
import { eventCount, makeEvent, newWorld } from "./journal-world.ts";

/**
 * Writes events to a data folder until it is killed, and prints the number of each that is written down. Or, told so, only
 * takes the folder, or writes until the disk is full.
 */
const [dataDir = "", mode = "write"] = process.argv.slice(2);

function print(text: string): void {
  writeSync(1, `${text}\n`);
}

function codeOf(error: unknown): string {
  return error instanceof EmulatorError ? error.code : String(error);
}

async function writeEvents(): Promise<void> {
  const databases = newWorld();
  const tuning = { compactBytes: 20_000, logBytes: 30_000 };
  const journal = await openJournal({ dataDir, databases, tuning });
  for (let number = eventCount(databases); ; number += 1) {
    makeEvent(databases, number, journal);
    print(String(number + 1));
    if (number % 20 === 0) await nextTurn();
    if (number % 50 === 0) await journal.flushed();
  }
}

async function holdFolder(): Promise<void> {
  try {
    const journal = await openJournal({ dataDir, databases: newWorld() });
    journal.publishAddress({ host: "127.0.0.1", port: 4321 });
    print("held");
    setInterval(() => {}, 1000);
  } catch (error) {
    print(codeOf(error));
  }
}

/** Each event is tried until it is refused; then a small one still fits. */
async function fillDisk(): Promise<void> {
  const compacts = process.argv[4] === "compact";
  const databases = newWorld();
  const journal = await openJournal({
    dataDir,
    databases,
    tuning: { compactBytes: 1 << 30, logBytes: compacts ? 30_000 : 1 << 30 },
  });
  let number = 0;
  try {
    for (; number < 5000; number += 1) makeEvent(databases, number, journal);
  } catch (error) {
    print(`refused ${codeOf(error)}`);
  }
  const time = databases.clock.commitTime();
  const changes = [{ path: "a/b", document: undefined }];
  journal.append({ database: "projects/q/databases/d", time, changes });
  await journal.flushed();
  if (compacts) print(`compacted ${await journal.compact().then(() => "yes", codeOf)}`);
  await journal.close();
  print(`events ${number}`);
}

const modes: Readonly<Record<string, () => Promise<void>>> = {
  write: writeEvents,
  hold: holdFolder,
  fill: fillDisk,
};
await modes[mode]?.();
