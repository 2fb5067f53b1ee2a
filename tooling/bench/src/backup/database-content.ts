import { Client } from "pg";

const tables = ["customers", "measurements", "events"];

/** Counts and digests of all rows, and what belongs to them: two databases with the same text hold the same. */
export async function databaseContent(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SET max_parallel_workers_per_gather = 2");
    const lines: string[] = [];
    for (const table of tables) {
      const { rows } = await client.query<{ line: string }>(
        `SELECT concat_ws(' ', count(*), sum(('x' || left(md5(t::text), 15))::bit(60)::bigint)) AS line FROM ${table} AS t`,
      );
      lines.push(`${table} ${rows[0]?.line ?? ""}`);
    }
    for (const sql of [indexes, constraints, sequences]) {
      const { rows } = await client.query<{ line: string }>(sql);
      lines.push(...rows.map(({ line }) => line));
    }
    return lines.join("\n");
  } finally {
    await client.end();
  }
}

const indexes = "SELECT indexdef AS line FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1";

const constraints = `SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated) AS line
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1`;

const sequences = `SELECT concat_ws(' ', sequencename, start_value, increment_by, last_value) AS line
  FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1`;

/** @throws {Error} when the two are not the same. */
export async function mustHold(url: string, expected: string, who: string): Promise<void> {
  const found = await databaseContent(url);
  if (found === expected) return;
  throw new Error(
    `${who} restored something else.\n--- the source\n${expected}\n--- restored\n${found}`,
  );
}
