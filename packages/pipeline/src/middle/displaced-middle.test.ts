import { setTimeout as sleep } from "node:timers/promises";
import type { Firestore, RawWrite } from "@ctb-data/firestore";
import { expect, test } from "vitest";
import { mail, type DocumentFields } from "../../testing/member-documents.ts";
import { middleState } from "../../testing/middle-state.ts";
import { openMiddleWorld, type MiddleWorld } from "../../testing/middle-world.ts";
import { runTestMiddle } from "../../testing/run-test-middle.ts";

/** Documents of the same addresses under ids with `a` and with `b`, which wait for a boss. */
function twins(count: number): readonly DocumentFields[] {
  return ["a", "b"].flatMap((letter) =>
    Array.from({ length: count }, (_, n): DocumentFields => {
      const address = `m${n}@example.com`;
      const boss = { mapValue: { fields: { [mail]: { stringValue: "boss@example.com" } } } };
      const fields = { name: { stringValue: letter }, recommended_by: boss };
      return [`${letter}${1000 + n}`, { ...fields, [mail]: { stringValue: address } }];
    }),
  );
}

async function promoted({ postgres }: MiddleWorld, letter: string): Promise<boolean> {
  const { rows } = await postgres.query(
    "SELECT FROM ctb_data.imo_promotions WHERE document_id LIKE $1 || '%' LIMIT 1",
    [letter],
  );
  return rows.length > 0;
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(10);
}

/** Reads the first ones behind the rows of the others, whose marks it writes behind the rows of the first. */
function crossing(world: MiddleWorld): Firestore {
  const { firestore } = world;
  const { raw } = firestore;
  const crossed: Partial<Firestore["raw"]> = {
    snapshot: async (options) => {
      const snapshot = await raw.snapshot(options);
      const get: typeof snapshot.get = async (paths, getting) => {
        if (paths[0]?.startsWith("member_intake/a") === true)
          await until(async () => await promoted(world, "b"));
        return await snapshot.get(paths, getting);
      };
      return overlaid(snapshot, { get });
    },
    write: async (writes, options) => {
      const lines: RawWrite[] = [];
      for await (const write of writes) lines.push(write);
      const isOfB = lines.some(
        (write) => "line" in write && String(write.line).includes('/b1000",'),
      );
      if (isOfB) await until(async () => await promoted(world, "a"));
      return await raw.write(lines, options);
    },
  };
  return overlaid(firestore, { raw: overlaid(raw, crossed) });
}

function overlaid<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get: (_, name) => {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function run(world: MiddleWorld, firestore: Firestore, runners: number): Promise<void> {
  const boss = async (): Promise<void> => {
    await world.postgres.query(
      `INSERT INTO members ("E-Mail ü", name) VALUES ('boss@example.com', 'Boss') ON CONFLICT DO NOTHING`,
    );
  };
  let hired: Promise<void> | undefined;
  const stores = { ...world.stores, firestore };
  const one = async (): Promise<unknown> =>
    await runTestMiddle(stores, {
      parts: 2,
      batch: 200,
      onProgress: (event) => {
        if (event.kind === "step" && event.step === "waiting") hired ??= boss();
      },
    });
  await Promise.all(Array.from({ length: runners }, one));
  await hired;
}

test("a document that loses its row while it is marked is looked at once more", async () => {
  await using world = await openMiddleWorld();
  await using clean = await openMiddleWorld(world.firestoreHost);
  for (const each of [world, clean]) await each.put("member_intake", twins(110));
  await run(clean, clean.firestore, 1);
  await run(world, crossing(world), 2);
  const state = await middleState(world);
  expect(state.promotions).toHaveLength(110);
  expect(state).toEqual(await middleState(clean));
});
