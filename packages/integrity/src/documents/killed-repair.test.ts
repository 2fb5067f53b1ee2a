import { expect, test } from "vitest";
import {
  fillPlants,
  linesWithoutTimes,
  plantFaults,
  plantRegistry,
} from "../../testing/document-plants.ts";
import { openDocumentWorld, type DocumentWorld } from "../../testing/document-world.ts";
import { repairProcess } from "../../testing/repair-process.ts";
import { createJournal, plantedKeptTable, readKept } from "../../testing/table-journal.ts";
import { restoreDocuments } from "./restore-documents.ts";

/** One step to die at, another one each time; all of them with SLOW=1. */
function sampled(steps: number): readonly number[] {
  if (process.env["SLOW"] !== undefined) return Array.from({ length: steps }, (_, step) => step);
  return [Math.floor(Math.random() * steps)];
}

/** What both programs make at least, with these documents. */
const leastSteps = 14;

async function plantedWorld(): Promise<DocumentWorld> {
  const world = await openDocumentWorld(plantRegistry);
  await fillPlants(world, 15);
  await plantFaults(world);
  await createJournal(world.postgres);
  return world;
}

async function restoreHere({ firestore, postgres }: DocumentWorld): Promise<readonly string[]> {
  const restored = await restoreDocuments(firestore, await readKept(postgres));
  return restored.flatMap(({ kept, conflict }) => (conflict === undefined ? [] : [kept.path]));
}

test("a repair that is killed at any step can be run again, and both can be undone", async () => {
  await using world = await plantedWorld();
  const before = await linesWithoutTimes(world.firestore);
  for (const step of sampled(leastSteps)) {
    await world.postgres.query(`TRUNCATE ${plantedKeptTable}`);
    expect(await repairProcess(world, "repair", step)).toBeUndefined();
    const again = step % 2 === 0 ? await repairProcess(world, "repair") : leastSteps;
    expect(again).toBeGreaterThan(0);
    expect(await restoreHere(world)).toEqual([]);
    expect(await linesWithoutTimes(world.firestore)).toEqual(before);
  }
});

test("an undo that is killed at any step goes on when it is run again", async () => {
  await using world = await plantedWorld();
  const before = await linesWithoutTimes(world.firestore);
  for (const step of sampled(leastSteps)) {
    await world.postgres.query(`TRUNCATE ${plantedKeptTable}`);
    expect(await repairProcess(world, "repair")).toBeGreaterThanOrEqual(leastSteps);
    expect(await linesWithoutTimes(world.firestore)).not.toEqual(before);
    expect(await repairProcess(world, "restore", step)).toBeUndefined();
    expect(await restoreHere(world)).toEqual([]);
    expect(await linesWithoutTimes(world.firestore)).toEqual(before);
  }
});
