import { setTimeout as sleep } from "node:timers/promises";
import { PostgresError } from "../postgres-error.ts";
import { quoteIdentifier, quoteLiteral } from "../quote-identifier.ts";
import type { AdminSession } from "./admin-session.ts";
import type { ScratchClient } from "./scratch-client.ts";
import { scratchName } from "./scratch-name.ts";

/** What is to be made. */
export interface CloneRequest {
  /** Default: as the server makes them, from `template1`. */
  readonly template?: string | undefined;
  /** `later` lets others go first. */
  readonly lane?: "now" | "later";
}

/**
 * Makes a database of this process and gives its name.
 *
 * @throws {PostgresError} PERMISSION_DENIED without CREATEDB; DATABASE_NOT_FOUND when the template is gone; QUERY_FAILED with
 * `sqlState` 55006 when somebody stays connected to it.
 */
export async function createDatabase(
  admin: AdminSession,
  { template, lane = "now" }: CloneRequest = {},
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await admin.inTurn(async (client) => await clone(admin, client, template), lane);
    } catch (error) {
      if (!(error instanceof PostgresError)) throw error;
      if (error.sqlState === "55006" && template !== undefined && attempt < 10) {
        await freeTemplate(admin, template);
        await sleep(50 * attempt);
      } else if (error.sqlState !== "42P04" || attempt > 10) throw explained(error, admin);
    }
  }
}

async function clone(
  admin: AdminSession,
  client: ScratchClient,
  template: string | undefined,
): Promise<string> {
  const { unsafe, versionNumber } = admin.facts;
  const name = scratchName(admin.owner, admin.nextNumber());
  const from = template === undefined ? "" : ` TEMPLATE ${quoteIdentifier(template)}`;
  // Nothing waits for the disk: half the time. On a server that writes its log to the disk it is the other way round.
  const how = unsafe && versionNumber >= 150_000 ? " STRATEGY file_copy" : "";
  const sql = `CREATE DATABASE ${name}${from}${how}`;
  try {
    await client.query(sql);
  } catch (error) {
    if (how === "" || versionNumber < 180_000 || !isFileFailure(error)) throw error;
    // A file system that cannot clone, though the program can.
    await client.query("SET file_copy_method = copy");
    await client.query(sql);
  }
  return name;
}

function isFileFailure(error: unknown): boolean {
  const states = ["0A000", "58030", "XX000"];
  return error instanceof PostgresError && states.includes(error.sqlState ?? "");
}

/** Nobody has business in a template. Whom this user may not send away stays. */
async function freeTemplate(admin: AdminSession, template: string): Promise<void> {
  await admin
    .run(`ALTER DATABASE ${quoteIdentifier(template)} WITH ALLOW_CONNECTIONS false`)
    .catch(() => []);
  await admin.run(terminateSql(template)).catch(() => []);
}

/** Ends whoever is connected to a database, as far as this user may. */
export function terminateSql(name: string): string {
  return `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${quoteLiteral(name)} AND pid <> pg_backend_pid()`;
}

function explained(error: PostgresError, admin: AdminSession): PostgresError {
  if (error.code === "PERMISSION_DENIED") {
    const { user } = admin.facts;
    return new PostgresError(
      "PERMISSION_DENIED",
      `The user ${user} may not create databases on this server: ${error.message}`,
      {
        cause: error,
        sqlState: error.sqlState,
        hint: `Let an administrator run: ALTER ROLE ${quoteIdentifier(user)} CREATEDB;`,
      },
    );
  }
  if (error.sqlState !== "55006") return error;
  return new PostgresError("QUERY_FAILED", `The template is in use: ${error.message}`, {
    cause: error,
    sqlState: error.sqlState,
    detail: error.detail,
    hint: "Somebody is connected to the template and cannot be sent away: look into pg_stat_activity.",
  });
}

/** Cuts off whoever is connected. No error when there is none of that name. @throws {PostgresError} */
export async function dropDatabase(
  admin: AdminSession,
  name: string,
  lane: "now" | "later" = "now",
): Promise<void> {
  await admin.run(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`, lane);
}
