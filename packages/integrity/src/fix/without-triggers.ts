import { quoteIdentifier, type Connection } from "@ctb-data/postgres";
import type { LiveTable } from "./live-table.ts";

interface TriggerRow {
  readonly place: string;
  readonly name: string;
  readonly enabled: string;
}

/** A trigger of a partition is switched by itself, since it may be on or off by itself. */
const triggersSql = `
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS place, g.tgname AS name, g.tgenabled::pg_catalog.text AS enabled
FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT g.tgisinternal AND g.tgenabled <> 'D'
  AND COALESCE(pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid, c.oid) = ANY ($1::pg_catalog.oid[])
ORDER BY c.oid, g.tgname`;

const enable: Readonly<Record<string, string>> = {
  O: "ENABLE TRIGGER",
  A: "ENABLE ALWAYS TRIGGER",
  R: "ENABLE REPLICA TRIGGER",
};

/**
 * Runs `fn`, in a transaction, while the triggers of users on these tables are off, and puts each back as it was. Those of the
 * server that keep foreign keys stay on.
 */
export async function withoutTriggers(
  connection: Connection,
  tables: readonly LiveTable[],
  fn: () => Promise<void>,
): Promise<void> {
  const { rows } = await connection.query<TriggerRow>(triggersSql, [tables.map(({ oid }) => oid)]);
  for (const { place, name } of rows) {
    await connection.query(`ALTER TABLE ONLY ${place} DISABLE TRIGGER ${quoteIdentifier(name)}`);
  }
  await fn();
  for (const { place, name, enabled } of rows) {
    await connection.query(
      `ALTER TABLE ONLY ${place} ${enable[enabled] ?? "ENABLE TRIGGER"} ${quoteIdentifier(name)}`,
    );
  }
}
