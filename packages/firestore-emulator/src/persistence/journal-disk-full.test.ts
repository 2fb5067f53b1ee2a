import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { documentsAt, eventCount, makeEvent, newWorld } from "../../testing/journal-world.ts";
import { runProgram } from "../../testing/program.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { openJournal } from "./journal.ts";

const program = new URL("../../testing/journal-program.ts", import.meta.url);

/** Writes until it is refused, with files of at most 64 or 128 KiB, and returns what it told. */
async function fillDisk(dataDir: string, ...more: readonly string[]): Promise<readonly string[]> {
  await using running = runProgram(program, [dataDir, "fill", ...more], {
    fileBlocks: 128,
  });
  expect(await running.ended()).toBe(0);
  return running.lines;
}

describe.skipIf(process.platform === "win32")("where there is no more space", () => {
  it("a commit is refused as a whole, and a smaller one is still written", async () => {
    await using folder = testFolder();
    const said = await fillDisk(folder.path);
    expect(said).toHaveLength(2);
    expect(said[0]).toBe("refused RESOURCES_EXHAUSTED");
    const events = Number(said.at(-1)?.split(" ")[1]);
    const databases = newWorld();
    const journal = await openJournal({ dataDir: folder.path, databases });
    expect(journal.tornTail).toBeUndefined();
    // The time of the refused commit was given away too, before that of the last one.
    expect(eventCount(databases)).toBe(events + 2);
    const expected = newWorld();
    for (let number = 0; number < events; number += 1) makeEvent(expected, number);
    expect(documentsAt(databases)).toEqual(documentsAt(expected));
    await journal.close();
  });

  it("a compaction is given up, and the log goes on", async () => {
    await using folder = testFolder();
    const said = await fillDisk(folder.path, "compact");
    expect(said).toEqual(["compacted RESOURCES_EXHAUSTED", "events 5000"]);
    expect(readdirSync(folder.path).filter((name) => name.startsWith("snapshot"))).toEqual([]);
    const databases = newWorld();
    const journal = await openJournal({ dataDir: folder.path, databases });
    expect(eventCount(databases)).toBe(5001);
    const expected = newWorld();
    for (let number = 0; number < 5000; number += 1) makeEvent(expected, number);
    expect(documentsAt(databases)).toEqual(documentsAt(expected));
    await journal.compact();
    await journal.close();
  });

  it("a folder that cannot be made ready is refused with the reason", async () => {
    await using folder = testFolder();
    await using running = runProgram(program, [folder.path, "hold"], {
      fileBlocks: 0,
    });
    expect(await running.line()).toBe("RESOURCES_EXHAUSTED");
  });
});
