import type { Queryable } from "@ctb-data/postgres";
import { PipelineError } from "../pipeline-error.ts";
import { HeldLease, type Claimed, type LeaseOwner } from "./held-lease.ts";
import { closedRun, type RunnerContext } from "./runner-context.ts";
import { runnersTable, workTable } from "./work-tables.ts";

const later = "pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $2)";

/** Rows that a report has locked are its own to move on: waiting for them would keep all others from being kept. */
const beatSql = (processes: string): string => `WITH me AS (
    UPDATE ${runnersTable} SET expires_at = ${later} WHERE id = $1),
  left_over AS (
    SELECT w.id FROM ${workTable} w JOIN ROWS FROM (pg_catalog.unnest($4::pg_catalog.int8[]), pg_catalog.unnest($5::pg_catalog.int8[])) AS a (id, token) ON w.id = a.id AND w.token = a.token
    WHERE w.holder = $1 AND w.state = 'held' FOR UPDATE OF w SKIP LOCKED),
  given_back AS (
    UPDATE ${workTable} w SET state = 'open', holder = NULL, expires_at = NULL FROM left_over WHERE w.id = left_over.id),
  mine AS (
    SELECT id FROM ${workTable} WHERE id = ANY ($3::pg_catalog.int8[]) AND holder = $1 AND state = 'held' ORDER BY id FOR UPDATE SKIP LOCKED),
  kept AS (
    UPDATE ${workTable} w SET expires_at = ${later} FROM mine WHERE w.id = mine.id RETURNING w.id, w.token)
SELECT (SELECT COALESCE(p.status, 'pending') FROM ${processes} p WHERE p.id = $6) AS status,
  ARRAY(SELECT id || ':' || token FROM kept) AS kept,
  ARRAY(SELECT id || ':' || token FROM ${workTable} WHERE id = ANY ($3::pg_catalog.int8[]) AND holder = $1 AND state = 'held') AS held`;

interface Beat {
  readonly status: string | null;
  readonly kept: readonly string[];
  readonly held: readonly string[];
}

/** The leases of one runner, which one heartbeat keeps. */
export class HeldLeases implements LeaseOwner {
  readonly #context: RunnerContext;
  readonly #onReport: () => void;
  readonly #leases = new Map<string, HeldLease>();
  #failure: unknown;
  /** Could not be given back when they ended. */
  #leftOver: readonly HeldLease[] = [];

  constructor(context: RunnerContext, onReport: () => void) {
    this.#context = context;
    this.#onReport = onReport;
  }

  add(claimed: Claimed): HeldLease {
    const lease = new HeldLease(claimed, this.#context, this);
    this.#leases.set(keyOf(lease), lease);
    const reason: unknown = this.#context.signal.reason;
    if (reason instanceof PipelineError) lease.abort(reason);
    return lease;
  }

  reported(): void {
    this.#onReport();
  }

  ended(lease: HeldLease, isGivenBack: boolean): void {
    this.#leases.delete(keyOf(lease));
    if (!isGivenBack) this.#leftOver = [...this.#leftOver, lease];
  }

  abortAll(reason: PipelineError): void {
    for (const lease of this.#leases.values()) lease.abort(reason);
  }

  /** Why the last heartbeat could not be written; undefined when it was. */
  beatFailed(error: unknown): void {
    this.#failure = error;
  }

  whyUnreached(): unknown {
    return this.#failure;
  }

  /** Gives everything back. Never rejects. */
  async giveBackAll(): Promise<void> {
    await Promise.all(
      [...this.#leases.values()].map(async (lease) => await lease[Symbol.asyncDispose]()),
    );
  }

  /**
   * Moves all leases on. Tells why the run is closed, if it is.
   *
   * @throws {PostgresError}
   */
  async beat(db: Queryable, signal: AbortSignal): Promise<PipelineError | undefined> {
    const { holder, leaseMs, key, tables } = this.#context;
    const leases = [...this.#leases.values()];
    const leftOver = this.#leftOver;
    const sentAt = performance.now();
    const { rows } = await db.query<Beat>(
      beatSql(tables.processes),
      [
        holder,
        leaseMs / 1000,
        leases.map(({ id }) => id),
        leftOver.map(({ id }) => id),
        leftOver.map(({ token }) => token),
        key.run,
      ],
      { timeoutMs: Math.ceil(leaseMs / 3), signal },
    );
    this.#failure = undefined;
    // Those that a transaction still had locked expire by themselves.
    this.#leftOver = this.#leftOver.filter((lease) => !leftOver.includes(lease));
    const { status, kept = [], held = [] } = rows[0] ?? {};
    for (const lease of leases) {
      if (kept.includes(keyOf(lease))) lease.renew(sentAt);
      else if (!held.includes(keyOf(lease)) && lease.isHeld) lease.abort(takenOver(key.run));
    }
    return closedRun(status, key.run);
  }
}

function keyOf({ id, token }: HeldLease): string {
  return `${id}:${token}`;
}

function takenOver(run: number): PipelineError {
  return new PipelineError("LEASE_LOST", `Somebody else has taken over a part of run ${run}.`, {
    run,
  });
}
