import type { Queryable } from "@ctb-data/postgres";
import { databaseError } from "../database-error.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { StageFile } from "./run-record.ts";
import { whyClosed, type RunnerContext } from "./runner-context.ts";
import { storableJson } from "./storable-text.ts";
import { workTable } from "./work-tables.ts";
import type { Lease, WorkPart, WorkReport } from "./work.ts";

/** What was claimed. */
export interface Claimed {
  /** Of the row, which no other part ever has. */
  readonly id: string;
  /** Grows with every holder of the row. */
  readonly token: string;
  readonly part: WorkPart;
  readonly position: string | undefined;
  /** When the claim was sent, by this machine's monotonic clock. */
  readonly sentAt: number;
}

/** What a lease tells its runner. */
export interface LeaseOwner {
  /** Something was reported. */
  reported(): void;
  /** It has ended; `false` when it could not be given back. */
  ended(lease: HeldLease, isGivenBack: boolean): void;
  /** Why the last heartbeat could not be written. */
  whyUnreached(): unknown;
}

/** Ends before the server may give the lease to somebody else: the rest of its time is for stopping. */
const ownShare = 0.9;
const mostErrors = 20;
const giveBackTimeoutMs = 5000;
const shortestIdleMs = 10_000;

const counted = `(SELECT COALESCE(pg_catalog.jsonb_object_agg(key, total), '{}') FROM (
    SELECT key, pg_catalog.sum(value::pg_catalog.numeric) AS total FROM (
      SELECT * FROM pg_catalog.jsonb_each_text(w.counts) UNION ALL SELECT * FROM pg_catalog.jsonb_each_text($5::pg_catalog.jsonb)
    ) AS both_counts GROUP BY key) AS sums)`;

/**
 * The row stays locked until the transaction of the report ends, so that nobody takes it over behind it. A program whose network is gone
 * must not keep it locked for longer than a lease: then the server ends its session.
 */
const reportSql = `WITH fenced AS (
  UPDATE ${workTable} w SET position = COALESCE($4, w.position), counts = ${counted},
    errors = CASE WHEN pg_catalog.jsonb_array_length(w.errors) < ${mostErrors} THEN w.errors || $6::pg_catalog.jsonb ELSE w.errors END,
    files = w.files || $7::pg_catalog.jsonb, crashes = 0, updated_at = pg_catalog.clock_timestamp(),
    state = CASE WHEN $8::pg_catalog.bool THEN 'done' ELSE w.state END,
    holder = CASE WHEN $8::pg_catalog.bool THEN NULL ELSE w.holder END,
    expires_at = CASE WHEN $8::pg_catalog.bool THEN NULL ELSE pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $9) END
  WHERE w.id = $1 AND w.token = $2 AND w.holder = $3 AND w.state = 'held' RETURNING w.id)
SELECT fenced.id, pg_catalog.set_config('idle_in_transaction_session_timeout', $10, true) FROM fenced`;

const giveBackSql = `UPDATE ${workTable} SET state = 'open', holder = NULL, expires_at = NULL, updated_at = pg_catalog.clock_timestamp()
  WHERE id = $1 AND token = $2 AND holder = $3 AND state = 'held'`;

/** A part that this runner holds. */
export class HeldLease implements Lease {
  readonly id: string;
  readonly token: string;
  readonly part: WorkPart;
  readonly position: string | undefined;
  readonly #context: RunnerContext;
  readonly #owner: LeaseOwner;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #state: "held" | "ending" | "ended" = "held";

  constructor(claimed: Claimed, context: RunnerContext, owner: LeaseOwner) {
    this.id = claimed.id;
    this.token = claimed.token;
    this.part = claimed.part;
    this.position = claimed.position;
    this.#context = context;
    this.#owner = owner;
    this.renew(claimed.sentAt);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Whether its work was finished. */
  get isEnded(): boolean {
    return this.#state === "ended";
  }

  /** Whether it is one that a heartbeat may find missing. */
  get isHeld(): boolean {
    return this.#state === "held" && !this.signal.aborted;
  }

  /** The server has given it time, after this moment of the monotonic clock. */
  renew(sentAt: number): void {
    if (!this.isHeld) return;
    clearTimeout(this.#timer);
    const { leaseMs, key } = this.#context;
    // Node warns of times that are over.
    const restMs = Math.max(0, sentAt + leaseMs * ownShare - performance.now());
    this.#timer = setTimeout(() => {
      const cause = this.#owner.whyUnreached();
      const why = cause instanceof Error ? `: ${cause.message}` : ".";
      this.abort(
        new PipelineError(
          "LEASE_LOST",
          `For ${Math.round(leaseMs * ownShare)} ms this runner could not tell PostgreSQL that it lives, so that others may have its work${why}`,
          { run: key.run, cause },
        ),
      );
    }, restMs);
    this.#timer.unref();
  }

  /** Stops the work. */
  abort(reason: PipelineError): void {
    clearTimeout(this.#timer);
    if (this.#state !== "ended") this.#stop.abort(reason);
  }

  async report(on: Queryable, report: WorkReport): Promise<void> {
    await this.#write(on, report, false);
    this.#owner.reported();
  }

  async finish(report: WorkReport = { counts: {} }): Promise<void> {
    await this.finishOn(this.#context.postgres, report);
    this.#end(true);
  }

  /** The part is done once the transaction commits. */
  async finishOn(on: Queryable, report: WorkReport): Promise<void> {
    this.#state = "ending";
    try {
      await this.#write(on, report, true);
    } catch (error) {
      this.#state = "held";
      throw error;
    }
    this.#owner.reported();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "ended") return;
    this.#state = "ending";
    const { postgres, holder } = this.#context;
    const isGivenBack = await postgres
      .query(giveBackSql, [this.id, this.token, holder], { timeoutMs: giveBackTimeoutMs })
      .then(
        () => true,
        () => false,
      );
    this.#end(isGivenBack);
  }

  #end(isGivenBack: boolean): void {
    clearTimeout(this.#timer);
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#owner.ended(this, isGivenBack);
  }

  async #write(on: Queryable, report: WorkReport, isLast: boolean): Promise<void> {
    const reason: unknown = this.signal.reason;
    if (reason instanceof PipelineError) throw reason;
    const { holder, leaseMs } = this.#context;
    const { rows } = await this.#query(on, [
      this.id,
      this.token,
      holder,
      report.position === undefined ? null : JSON.stringify(report.position),
      JSON.stringify(report.counts),
      storableJson((report.errors ?? []).slice(0, mostErrors)),
      storableJson((report.files ?? []).map(storedFile)),
      isLast,
      leaseMs / 1000,
      String(Math.ceil(Math.max(leaseMs, shortestIdleMs))),
    ]);
    if (rows.length === 0) throw await this.#whyLost(on);
  }

  async #query(
    on: Queryable,
    parameters: readonly unknown[],
  ): Promise<{ readonly rows: readonly unknown[] }> {
    try {
      return await on.query(reportSql, parameters);
    } catch (error) {
      const { run } = this.#context.key;
      throw databaseError(error, `What was done in run ${run} could not be written down`, { run });
    }
  }

  async #whyLost(on: Queryable): Promise<PipelineError> {
    const { run } = this.#context.key;
    const error =
      (await whyClosed(on, this.#context)) ??
      new PipelineError(
        "LEASE_LOST",
        `Somebody else has taken over a part of run ${run}; what was in hand is not written.`,
        { run },
      );
    this.abort(error);
    return error;
  }
}

/** Nothing but what a file has. */
function storedFile({ file, bytes, sha256 }: StageFile): StageFile {
  return { file, bytes, sha256 };
}
