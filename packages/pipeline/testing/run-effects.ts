import { setTimeout as sleep } from "node:timers/promises";
import type { Postgres } from "@ctb-data/postgres";
import type { RunWorld } from "./run-world.ts";

/** Where the processes leave what they do. Nothing in them keeps anything from being there twice. */
export const effectTables =
  "CREATE TABLE effects (part integer, row integer, pid integer); CREATE TABLE planned (); CREATE TABLE arrived ()";

/** How often each row of each part is there, by its place in `part`. */
export async function effectsOf(w: RunWorld): Promise<readonly Record<string, unknown>[]> {
  return await w.sql(
    `SELECT part, array_agg(row ORDER BY row) AS rows FROM effects GROUP BY part ORDER BY part`,
  );
}

/** What they are when each part was done exactly once. */
export function onceEach(parts: number, rows: number): readonly Record<string, unknown>[] {
  const all = Array.from({ length: rows }, (_, index) => index + 1);
  return Array.from({ length: parts }, (_, part) => ({ part, rows: all }));
}

/** Waits until so many have come here: a runner that begins when the others have gone does all again. */
export async function allArrived(postgres: Postgres, runners: number): Promise<void> {
  await postgres.query("INSERT INTO arrived DEFAULT VALUES");
  while ((await postgres.query("SELECT FROM arrived")).rowCount < runners) await sleep(20);
}
