import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { intakeProcess } from "../../testing/intake-process.ts";
import { startTestFirestore } from "../../testing/middle-world.ts";
import {
  contentOf,
  membersFile,
  openTakingWorld,
  someMembers,
  type TakingWorld,
} from "../../testing/taking-world.ts";

const members = someMembers(140);
const lines = [...members, "ragged", "m7@example.com,Other,gold,7,T7", ...members.slice(0, 3)];
const earlier = members.slice(0, 50).map((line) => line.replace(",gold,", ",bronze,"));

/** What the file leaves behind, and what is in its folder. */
async function leavings(world: TakingWorld): Promise<unknown> {
  const names = readdirSync(world.folder).toSorted();
  const rejects = readFileSync(`${world.folder}/members.csv.rejected.ndjson`, "utf8");
  return { names, rejects, documents: await contentOf(world) };
}

/** Takes it in over a part of what an earlier file has left, in processes that kill themselves at these moments, and then to its end. */
async function after(host: string, moments: readonly number[]) {
  await using world = await openTakingWorld(host);
  const { url, project } = world;
  await world.take(world.file(membersFile(earlier), "members.csv"));
  const task = { url, host, project, file: world.file(membersFile(lines)) };
  let killed = 0;
  for (const moment of moments)
    if ((await intakeProcess({ ...task, moment })) === undefined) killed += 1;
  const done = await intakeProcess(task);
  const again = await world.take(task.file);
  return { killed, done, again, left: await leavings(world) };
}

test("kill -9 at any moment, and taking the file in again, leaves what taking it in once leaves", async () => {
  await using server = await startTestFirestore();
  const clean = await after(server.address, []);
  expect(clean.done?.report).toMatchObject({
    created: 90,
    changed: 50,
    repeated: 4,
    rejected: 2,
  });
  const moments = clean.done?.moments ?? 0;
  expect(moments).toBeGreaterThan(12);
  const step = process.env["SLOW"] === "1" ? 1 : Math.ceil(moments / 3);
  const sampled = Array.from({ length: Math.ceil(moments / step) }, (_, n) => n * step);
  const killed = await after(server.address, sampled);
  expect(killed.killed).toBeGreaterThan(1);
  for (const { again, left } of [clean, killed]) {
    expect(again).toMatchObject({ read: 145, created: 0, changed: 0, unchanged: 140 });
    expect(left).toEqual(clean.left);
  }
});
