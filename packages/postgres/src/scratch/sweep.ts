import { quoteIdentifier } from "../quote-identifier.ts";
import type { AdminSession } from "./admin-session.ts";
import { dropDatabase } from "./create-database.ts";
import { isScratchName, ownerLockClass, scratchPattern, templatePattern } from "./scratch-name.ts";

/** What may stay. */
export interface SweepLimits {
  /** A template that nobody has used for so long goes. Default: a week. */
  readonly templateIdleMs?: number | undefined;
  /** Beyond so many, those go that were used longest ago, but none of the last hour; of the last 15 minutes not even beyond four times as many. Default 16. */
  readonly templates?: number | undefined;
}

const hourMs = 3_600_000;
const weekMs = 168 * hourMs;

/**
 * Drops the databases of processes that live no more, here or on another machine, half-built templates with them, and
 * templates that nobody uses. What somebody is connected to stays, as does what cannot be dropped (a prepared transaction, a
 * database of another user). Gives the names of what it dropped.
 *
 * @throws {PostgresError} when the server does not answer.
 */
export async function sweep(
  admin: AdminSession,
  limits: SweepLimits = {},
): Promise<readonly string[]> {
  const dropped: string[] = [];
  for (const { name, template } of await leftovers(admin, limits)) {
    try {
      // Not sooner: a template that stays half swept would be one that anybody may drop.
      if (template)
        await admin.run(`ALTER DATABASE ${quoteIdentifier(name)} WITH IS_TEMPLATE false`, "later");
      await dropDatabase(admin, name, "later");
      dropped.push(name);
    } catch {
      // It is no reason for tests to fail.
    }
  }
  return dropped;
}

interface Leftover {
  readonly name: string;
  readonly template: boolean;
}

async function leftovers(admin: AdminSession, limits: SweepLimits): Promise<readonly Leftover[]> {
  const { templateIdleMs = weekMs, templates = 16 } = limits;
  // The locks of all databases: the owner may have come in by another one than this process.
  const rows = await admin.run<{
    name: string;
    used: string | null;
    alive: boolean | null;
    visited: boolean;
  }>(
    `SELECT d.datname AS name, shobj_description(d.oid, 'pg_database') AS used, ${visitedSql} AS visited,
      (SELECT true FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = ${ownerLockClass} AND l.objsubid = 2 AND l.granted
        AND lpad(to_hex(l.objid::bigint), 8, '0') = substring(d.datname, '${scratchPattern}') LIMIT 1) AS alive
      FROM pg_database d WHERE d.datname ~ '${scratchPattern}' OR d.datname ~ '${templatePattern}'`,
    "later",
  );
  const dead = rows.filter(
    ({ name, alive, visited }) => isScratchName(name) && alive !== true && !visited,
  );
  const byUse = rows
    .filter(({ name, visited }) => name.startsWith("ctb_template_") && !visited)
    // One that nobody has written a note for is none of ours.
    .flatMap(({ name, used }) => {
      const idleMs = Date.now() - Date.parse(used ?? "");
      return Number.isNaN(idleMs) ? [] : [{ name, idleMs }];
    })
    .toSorted((a, b) => a.idleMs - b.idleMs);
  // That one is in use is written down every ten minutes.
  const unused = byUse.filter(
    ({ idleMs }, at) =>
      idleMs > templateIdleMs ||
      (at >= templates && idleMs > hourMs) ||
      (at >= 4 * templates && idleMs > hourMs / 4),
  );
  return [
    ...dead.map(({ name }) => ({ name, template: false })),
    ...unused.map(({ name }) => ({ name, template: true })),
  ];
}

/**
 * Whether somebody is connected to it: the session that holds an owner's lock may be cut while the others live. A session that has been
 * busy for long does not count: the server notices only between statements that its client is gone.
 */
const visitedSql = `EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid AND a.usesysid IS NOT NULL
  AND (a.state IS DISTINCT FROM 'active' OR a.state_change > now() - interval '1 minute'))`;
