import { startFirestoreEmulator, type FirestoreEmulator } from "@ctb-data/firestore-emulator";
import { array, assert, asyncProperty, constantFrom, integer, record } from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  contentOf,
  fillShop,
  openPlantedWorld,
  type PlantedWorld,
} from "../testing/planted-world.ts";
import { loosening, plants, type Plant, type ShopTable } from "../testing/shop-plants.ts";
import { checkIntegrity } from "./check/check-integrity.ts";
import type { Finding, FixStrategy } from "./finding.ts";
import { fixIntegrity } from "./fix/fix-integrity.ts";
import { undoFix } from "./fix/undo-fix.ts";

const slow = process.env["SLOW"] === "1";
const size = { clients: 24, orders: 30, products: 12, teams: 4, members: 20 };
/** Sequences and the schema have tests of their own. */
const parts = ["rows", "references", "keys", "documents"] as const;

let emulator: FirestoreEmulator;
beforeAll(async () => {
  emulator = await startFirestoreEmulator({ port: 0 });
});
afterAll(async () => await emulator.close());

const somePlants = record({
  chosen: array(integer({ min: 0, max: plants.length - 1 }), { minLength: 1, maxLength: 14 }),
  strategy: constantFrom("quarantine", "set-null", "delete"),
});

test.each(["quarantine", "set-null", "delete"] as const)(
  "one of each is found, fixed with %s, and put back byte for byte",
  async (strategy) => {
    expect(await findFixUndo(plants, strategy)).toBe(plants.length);
  },
);

test(
  "exactly what was planted is found, a fix leaves none of it, and undo gives the bytes back",
  async () => {
    await assert(
      asyncProperty(somePlants, async ({ chosen, strategy }) => {
        const planted = chosen.flatMap((index) => plants[index] ?? []);
        expect(await findFixUndo(planted, strategy)).toBeGreaterThan(0);
      }),
      { numRuns: slow ? 100 : 4 },
    );
  },
  slow ? 3_600_000 : 240_000,
);

/** @returns how many were planted. */
async function findFixUndo(planted: readonly Plant[], strategy: FixStrategy): Promise<number> {
  await using world = await openPlantedWorld(emulator);
  await fillShop(world, size);
  for (const statement of loosening) await world.postgres.query(statement);
  expect(summaryOf((await checkIntegrity(world, { parts })).findings)).toEqual([]);

  const sown = await sow(world, planted);
  const wrong = await contentOf(world);
  const { findings } = await checkIntegrity(world, { parts, strategy });
  expect(summaryOf(findings)).toEqual(countOf(sown));

  const { run, left, steps } = await fixIntegrity(world, { parts, strategy });
  expect(steps.filter(({ state }) => state === "failed")).toEqual([]);
  const untouchable = countOf(sown.filter(({ fixable }) => fixable === false));
  expect(summaryOf(left)).toEqual(untouchable);
  expect(summaryOf((await checkIntegrity(world, { parts })).findings)).toEqual(untouchable);

  const undone = run === undefined ? undefined : await undoFix(world, { run });
  expect(undone?.conflicts ?? []).toEqual([]);
  expect(await contentOf(world)).toEqual(wrong);
  return sown.length;
}

/** `kind place columns` and how often, sorted. */
function summaryOf(findings: readonly Finding[]): readonly string[] {
  return findings
    .map(({ kind, table, collection, columns, field, store, count }) =>
      store === "firestore"
        ? `${kind} ${collection ?? ""} ${field ?? ""}: ${count}`
        : `${kind} ${table ?? ""} ${columns?.join() ?? ""}: ${count}`,
    )
    .toSorted();
}

function countOf(sown: readonly Plant[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { findings } of sown)
    for (const finding of findings) counts.set(finding, (counts.get(finding) ?? 0) + 1);
  return [...counts].map(([finding, count]) => `${finding}: ${count}`).toSorted();
}

/** Plants as far as there are rows that nothing else was planted in. */
async function sow(world: PlantedWorld, planted: readonly Plant[]): Promise<readonly Plant[]> {
  const free = freeRows();
  const sown: Plant[] = [];
  await world.postgres.withConnection(
    async (connection) => {
      // What this does to foreign keys is what a restore or a bulk load does: they stay marked valid.
      await connection.query("SET session_replication_role = replica");
      const run = async (sql: string, params?: readonly unknown[]): Promise<void> => {
        await connection.query(sql, params);
      };
      for (const plant of planted) {
        const ids = plant.takes.map((table) => free[table].pop() ?? Number.NaN);
        if (ids.some(Number.isNaN)) continue;
        await plant.apply({ run, firestore: world.firestore, keyring: world.keyring }, ids);
        sown.push(plant);
      }
    },
    { destroy: true },
  );
  return sown;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Rows to plant in. Of orders those of which no other order is the child, so that one fault is not two. */
function freeRows(): Record<ShopTable, number[]> {
  return {
    clients: upTo(size.clients),
    orders: upTo(size.orders).filter((id) => id % 5 !== 4),
    products: upTo(size.products),
    lines: upTo(size.orders),
    notes: upTo(size.clients),
    members: upTo(size.members),
    new: [91, 92, 93, 94, 95],
  };
}
