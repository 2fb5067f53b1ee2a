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
  momentName?: string,
): Promise<{
  readonly state: PipelineState;
  /** What the run says that it has done with documents, however often it was killed. */
  readonly counts: Readonly<Record<string, number>>;
  readonly moments: number;
  readonly killed: number;
}> {
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
    if ((await pipelineProcess({ ...task, moment, momentName })) === undefined) killed += 1;
  const done = await pipelineProcess(task);
  expect(done?.run).toMatchObject({ status: "complete" });
  const {
    read = 0,
    valid = 0,
    invalid = 0,
    inserted = 0,
    unchanged = 0,
  } = done?.run.middle?.counts ?? {};
  return {
    state: await pipelineState(world),
    counts: { read, valid, invalid, inserted, unchanged },
    moments: done?.moments ?? 0,
    killed,
  };
}

/** What a run leaves that nobody kills. */
const clean = (async () => {
  await using server = await startTestFirestore();
  return await stateAfter(server.address, []);
})();

const parts = process.env["SLOW"] === "1" ? 60 : 3;

test.each(Array.from({ length: parts }, (_, n) => Math.round((100 * (n + 0.5)) / parts)))(
  "kill -9 after %d % of a run's moments, and running again, leaves what a clean run leaves",
  async (percent) => {
    const { state, counts, moments } = await clean;
    expect(moments).toBeGreaterThan(20);
    await using server = await startTestFirestore();
    const after = await stateAfter(server.address, [Math.floor((moments * percent) / 100)]);
    expect(after.killed).toBe(1);
    expect(after.counts).toEqual(counts);
    expect(after.state).toEqual(state);
  },
);

test("a run that is killed again and again leaves what a clean run leaves", async () => {
  const { state, counts } = await clean;
  expect(state.clients).toHaveLength(87);
  await using server = await startTestFirestore();
  const after = await stateAfter(server.address, [4, 9, 14]);
  expect(after.killed).toBe(3);
  expect(after.counts).toEqual(counts);
  expect(after.state).toEqual(state);
});

test.each([9, 11, 13])(
  "documents whose rows were committed and whose marks were not are counted once (%d)",
  async (moment) => {
    const { state, counts } = await clean;
    await using server = await startTestFirestore();
    const after = await stateAfter(server.address, [moment], "behind COMMIT");
    expect(after.killed).toBe(1);
    expect(after.counts).toEqual(counts);
    expect(after.state).toEqual(state);
  },
);
