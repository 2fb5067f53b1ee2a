import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ContendingClient, randomOf, Recorder } from "../../testing/contending-client.ts";
import { ContractWorld } from "../../testing/contract/contract-world.ts";
import { problemsOf } from "../../testing/history.ts";
import { startFirestoreEmulator, type FirestoreEmulator } from "../index.ts";

const rounds = process.env["SLOW"] === "1" ? 20 : 3;
const clients = 8;
const stepsEach = 40;

async function documentsOf(world: ContractWorld): Promise<Map<string, bigint>> {
  const { messages } = await world.call("RunQuery", {
    parent: world.name(),
    structuredQuery: { from: [{ allDescendants: true }] },
  });
  return new Map(
    messages.flatMap(({ document }) => {
      const value = document?.fields.get("n");
      return typeof value === "bigint" ? [[world.pathOf(document?.name ?? ""), value]] : [];
    }),
  );
}

describe("transactions, commits, batch writes and reads of many clients at once", () => {
  let emulator: FirestoreEmulator;
  beforeAll(async () => {
    emulator = await startFirestoreEmulator({ port: 0 });
  });
  afterAll(async () => {
    await emulator.close();
  });

  const seeds = Array.from({ length: rounds }, () => Math.floor(Math.random() * 2 ** 32));

  test.each(seeds)("are as if they were done one after the other (seed %i)", async (seed) => {
    const world = new ContractWorld({ address: emulator.address, isOfficial: false });
    const recorder = new Recorder();
    const all = Array.from(
      { length: clients },
      (_, index) => new ContendingClient(world, recorder, randomOf(seed + index)),
    );
    await Promise.all(
      all.map(async (client) => {
        for (let step = 0; step < stepsEach; step += 1) await client.step();
        client.close();
      }),
    );
    expect(problemsOf(recorder.events, await documentsOf(world))).toEqual([]);
    expect(recorder.events.length).toBeGreaterThan((clients * stepsEach) / 2);
    world.client.close();
  });
});
