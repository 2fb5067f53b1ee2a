import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import {
  beginning,
  documentsAt,
  eventCount,
  makeEvent,
  newWorld,
} from "../../testing/journal-world.ts";
import { runProgram } from "../../testing/program.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { openJournal } from "./journal.ts";

const program = new URL("../../testing/journal-program.ts", import.meta.url);

const slow = process.env["SLOW"] === "1";

/** Lets a process write for a while, kills it, and returns how many events it said were written down. */
async function killedWriter(dataDir: string, delayMs: number): Promise<number> {
  await using writer = runProgram(program, [dataDir]);
  await writer.line();
  await sleep(delayMs);
  writer.child.kill("SIGKILL");
  expect(await writer.ended()).toBe("SIGKILL");
  return Math.max(...writer.lines.map(Number));
}

it(
  "a process that is killed at any moment, while it writes and compacts, loses nothing it was told is written",
  async () => {
    await using folder = testFolder();
    const expected = newWorld();
    let made = 0;
    let compactions = 0;
    for (let round = 0; round < (slow ? 150 : 15); round += 1) {
      const told = await killedWriter(folder.path, Math.random() * 60);
      if (readdirSync(folder.path).some((name) => name.endsWith(".tmp"))) compactions += 1;
      const databases = newWorld();
      const journal = await openJournal({ dataDir: folder.path, databases });
      const count = eventCount(databases);
      // It may have been killed between writing an event and telling of it.
      expect([told, told + 1]).toContain(count);
      for (; made < count; made += 1) makeEvent(expected, made);
      expect(documentsAt(databases)).toEqual(documentsAt(expected));
      for (let back = 1; back < 500; back += 83) {
        const time = Math.max(beginning + count - back, beginning);
        expect(documentsAt(databases, time)).toEqual(documentsAt(expected, time));
      }
      await journal.close();
      expect(readdirSync(folder.path).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    }
    // Else nothing was put to the test.
    expect(made).toBeGreaterThan(100);
    expect(compactions).toBeGreaterThan(slow ? 10 : 0);
  },
  slow ? 600_000 : 60_000,
);
