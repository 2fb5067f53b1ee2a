import { Client } from "pg";
import { toPostgresError } from "../classify-error.ts";
import { quoteIdentifier } from "../quote-identifier.ts";

/** @throws {PostgresError} QUERY_FAILED with `sqlState` 42P04 when there is one of that name. */
export async function createEmbeddedDatabase(
  url: string,
  name: string,
  template?: string,
): Promise<void> {
  const from = template === undefined ? "" : ` TEMPLATE ${quoteIdentifier(template)}`;
  await execute(url, `CREATE DATABASE ${quoteIdentifier(name)}${from}`);
}

/** Cuts off whoever is connected. No error when there is none of that name. */
export async function dropEmbeddedDatabase(url: string, name: string): Promise<void> {
  await execute(url, `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url, application_name: "ctb-data embedded" });
  client.on("error", () => {
    // The query that runs fails with it.
  });
  try {
    await client.connect();
    await client.query(sql);
  } catch (error) {
    throw toPostgresError(error, { description: "the embedded PostgreSQL" });
  } finally {
    await client.end().catch(() => {});
  }
}
