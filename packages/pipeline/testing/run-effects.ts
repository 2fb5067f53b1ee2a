import type { RunWorld } from "./run-world.ts";

/** Where the processes leave what they do. Nothing in them keeps anything from being there twice. */
export const effectTables =
  "CREATE TABLE effects (part integer, row integer, pid integer); CREATE TABLE planned ()";

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
