import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { companiesBlueprint, companiesFile } from "../../testing/companies.ts";
import { startTestFirestore } from "../../testing/middle-world.ts";
import { pipelineProcess } from "../../testing/pipeline-process.ts";
import { pipelineState, type PipelineState } from "../../testing/pipeline-state.ts";
import { openPipelineWorld } from "../../testing/pipeline-world.ts";

const wrong = {
  3: "3,,mail.3@example.com,04.02.2024",
  7: "7,Company 7,mail.7@example.com,30.02.2024",
  11: "11,Company 11",
};

/** Runs it in processes that kill themselves at these moments, one after the other, and then to its end. */
async function stateAfter(
  host: string,
  moments: readonly number[],
): Promise<{ readonly state: PipelineState; readonly moments: number; readonly killed: number }> {
  await using world = await openPipelineWorld(host);
  await writeFile(world.at("in.csv"), companiesFile(90, wrong));
  const task = {
    place: world,
    blueprint: companiesBlueprint,
    file: world.at("in.csv"),
    output: world.at("out.csv"),
    batch: 12,
  };
  let killed = 0;
  for (const moment of moments)
    if ((await pipelineProcess({ ...task, moment })) === undefined) killed += 1;
  const done = await pipelineProcess(task);
  expect(done?.run).toMatchObject({ status: "complete" });
  return { state: await pipelineState(world), moments: done?.moments ?? 0, killed };
}

test("kill -9 at any moment of a run, and running again, leaves what a clean run leaves", async () => {
  await using server = await startTestFirestore();
  const clean = await stateAfter(server.address, []);
  expect(clean.state.clients).toHaveLength(87);
  expect(clean.moments).toBeGreaterThan(20);
  const slow = process.env["SLOW"] === "1";
  const step = slow ? 1 : Math.ceil(clean.moments / 5);
  const sampled = Array.from({ length: Math.ceil(clean.moments / step) }, (_, n) => n * step);
  for (const moment of sampled) {
    const after = await stateAfter(server.address, [moment]);
    expect({ moment, killed: after.killed, state: after.state }).toEqual({
      moment,
      killed: 1,
      state: clean.state,
    });
  }
  const often = await stateAfter(server.address, sampled);
  expect(often.killed).toBeGreaterThan(1);
  expect(often.state).toEqual(clean.state);
});
