import { PostgresError, type Connection } from "@ctb-data/postgres";
import { reasonOf } from "./fix-connection.ts";
import { quarantineTable } from "./fix-tables.ts";
import { returningWhere, type Returning } from "./returning-rows.ts";
import { conflictTable } from "./undo-tables.ts";

/** After so many trials, rows are kept away together, some for others. */
const mostTrials = 1000;

/** What is tried with rows that are to come back. */
export interface Attempt {
  readonly attempt: (returning: readonly Returning[]) => Promise<void>;
  /** When rows were found that the server refuses, before the next try. */
  readonly onRefused?: () => Promise<void>;
}

/**
 * Tries, in a transaction, something with all rows that are to come back. Where the server refuses one of them (a constraint that is new, a
 * partition that is gone, a column of another type), they are tried in halves, to keep away those that it refuses and no others: they are
 * conflicts.
 *
 * @throws {PostgresError} what the server refuses for another reason, or only for all rows together
 */
export async function keepRefused(
  connection: Connection,
  returning: readonly Returning[],
  { attempt, onRefused }: Attempt,
): Promise<void> {
  for (;;) {
    const error = await refusal(connection, "RELEASE", async () => await attempt(returning));
    if (!error) return;
    let found = 0;
    for (const one of returning) found += await findRefused(connection, one, attempt);
    if (found === 0) throw error;
    await onRefused?.();
  }
}

/** One table at a time: a row that leads to one of another table is not refused for that. */
async function findRefused(
  connection: Connection,
  one: Returning,
  attempt: Attempt["attempt"],
): Promise<number> {
  const { rows } = await connection.query<{ readonly id: bigint }>(
    `SELECT q.id FROM ${quarantineTable} q WHERE ${returningWhere(one, "all")} ORDER BY q.id`,
  );
  let found = 0;
  let trials = 0;
  const open: (readonly bigint[])[] = [rows.map(({ id }) => id)];
  for (let ids = open.pop(); ids; ids = open.pop()) {
    const [from, to] = [ids.at(0), ids.at(-1)];
    if (from === undefined || to === undefined) continue;
    trials += 1;
    const error = await refusal(connection, "ROLLBACK TO", async () => {
      await attempt([{ ...one, within: { from, to } }]);
    });
    if (!error || error.sqlState === "23503") continue;
    if (ids.length > 1 && trials < mostTrials) {
      const half = Math.ceil(ids.length / 2);
      open.push(ids.slice(half), ids.slice(0, half));
      continue;
    }
    found += ids.length;
    await connection.query(
      `INSERT INTO ${conflictTable} (id, reason) SELECT id, $2 FROM unnest($1::pg_catalog.int8[]) id`,
      [ids, `The server does not take it: ${reasonOf(error)}`],
    );
  }
  return found;
}

/** Why the server refuses the content of a row; undefined where it does not. */
async function refusal(
  connection: Connection,
  end: "RELEASE" | "ROLLBACK TO",
  fn: () => Promise<void>,
): Promise<PostgresError | undefined> {
  await connection.query("SAVEPOINT ctb_rows");
  try {
    await fn();
    await connection.query(`${end} SAVEPOINT ctb_rows`);
    return undefined;
  } catch (error) {
    if (!(error instanceof PostgresError) || connection.lost) throw error;
    if (!/^2[23]/.test(error.sqlState ?? "")) throw error;
    await connection.query("ROLLBACK TO SAVEPOINT ctb_rows");
    return error;
  }
}
