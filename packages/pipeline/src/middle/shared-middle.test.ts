import { expect, test } from "vitest";
import { memberDocuments } from "../../testing/member-documents.ts";
import { middleProcess } from "../../testing/middle-process.ts";
import { linesOf, middleState } from "../../testing/middle-state.ts";
import { openMiddleWorld, startTestFirestore } from "../../testing/middle-world.ts";
import { runTestMiddle } from "../../testing/run-test-middle.ts";

const times = <T>(count: number, work: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, work));

test("two and ten runners at once end as one does, and none does another's work", async () => {
  await using firestore = await startTestFirestore();
  await using clean = await openMiddleWorld(firestore.address);
  const documents = memberDocuments(400, clean.keyring);
  await clean.put("member_intake", documents);
  await runTestMiddle(clean.stores, { parts: 1 });
  const expected = await middleState(clean);
  for (const count of [2, 10]) {
    await using world = await openMiddleWorld(firestore.address);
    await world.put("member_intake", documents);
    const options = { batch: 20, parts: 12 };
    const reports = await times(count, async () => await runTestMiddle(world.stores, options));
    expect(await middleState(world), `${count} runners`).toEqual(expected);
    expect(reports[0]?.counts.read).toBe(documents.length);
    const { rows } = await world.postgres.query("SELECT status FROM imo_processes");
    expect(rows).toEqual([{ status: "complete" }]);
  }
});

test("runners in processes of their own end as one does, whichever are killed", async () => {
  await using firestore = await startTestFirestore();
  await using clean = await openMiddleWorld(firestore.address);
  const documents = memberDocuments(200, clean.keyring);
  await clean.put("member_intake", documents);
  await runTestMiddle(clean.stores);
  const expected = await middleState(clean);
  await using world = await openMiddleWorld(firestore.address);
  await world.put("member_intake", documents);
  const task = { kind: "members", promote: true, batch: 15, parts: 8, leaseMs: 1000 } as const;
  await Promise.all([
    middleProcess(world, { ...task, moment: 20 }),
    middleProcess(world, { ...task, moment: 45 }),
    middleProcess(world, task),
    middleProcess(world, task),
  ]);
  await runTestMiddle(world.stores);
  expect(await middleState(world)).toEqual(expected);
});

test("documents that are changed and deleted while they are promoted are in the end what their rows are", async () => {
  await using world = await openMiddleWorld();
  await using clean = await openMiddleWorld(world.firestoreHost);
  const documents = memberDocuments(300, world.keyring);
  for (const one of [world, clean]) await one.put("member_intake", documents);
  await runTestMiddle(clean.stores);
  const collection = world.firestore.documents("member_intake");
  // Those that were right from the start: what was wrong would stay promoted where a change had mended it for a while.
  const right = [...(await middleState(clean)).documents]
    .filter(([, line]) => line.includes('"validated":{"booleanValue":true}'))
    .map(([path]) => path.slice("member_intake/".length));
  const stop = new AbortController();
  const writing = (async (): Promise<number> => {
    let writes = 0;
    for (; !stop.signal.aborted; writes += 1) {
      const document = collection.doc(right[(writes * 37) % right.length] ?? "");
      if (writes % 9 === 8) await document.delete();
      else await document.merge({ name: writes % 5 === 4 ? 7 : `Changed ${writes}` });
    }
    return writes;
  })();
  await times(2, async () => await runTestMiddle(world.stores, { batch: 25, parts: 4 }));
  stop.abort();
  expect(await writing).toBeGreaterThan(20);
  await runTestMiddle(world.stores);
  const { rows } = await world.postgres.query<{ readonly to: string; readonly name: string }>(
    "SELECT 'members/' || id AS to, name FROM members",
  );
  const names = new Map(rows.map(({ to, name }) => [to, name]));
  const changed: unknown[] = [];
  for (const [path, line] of await linesOf(world)) {
    const marks =
      /"promoted_to":\{"stringValue":"(?<to>[^"]*)"\},"validated":\{"booleanValue":true/;
    const to = marks.exec(line)?.groups?.["to"];
    if (to === undefined || !path.startsWith("member_intake/")) continue;
    const name = /"name":\{"stringValue":"(?<name>[^"]*)"/.exec(line)?.groups?.["name"];
    if (names.get(to) !== name) changed.push([path, to, name, names.get(to)]);
  }
  expect(changed).toEqual([]);
  await world.put("member_intake", documents);
  await runTestMiddle(world.stores);
  expect(await middleState(world)).toEqual(await middleState(clean));
});
