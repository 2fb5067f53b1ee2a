import type { RawRange } from "@ctb-data/firestore";
import type { PipelineError } from "../pipeline-error.ts";
import type { Claimed } from "./held-lease.ts";
import type { StageName } from "./run-record.ts";
import { takenForDead, whyClosed, type RunnerContext } from "./runner-context.ts";
import { isEntered } from "./runners.ts";
import { objectOf, parsed } from "./stage-record.ts";
import type { RunKey } from "./stage-work.ts";
import { runnersTable, workTable } from "./work-tables.ts";

/** Which step of which run. */
export interface StepKey extends RunKey {
  readonly stage: StageName;
  readonly step: string;
}

export type ClaimAnswer =
  | {
      readonly kind: "claimed";
      readonly claimed: Claimed;
      /** How often it was taken over since it last moved. */
      readonly crashes: number;
      /** Who has had it, the last one this runner. */
      readonly workers: readonly string[];
    }
  /** Others have what is left. */
  | { readonly kind: "busy" }
  | { readonly kind: "done" }
  | { readonly kind: "closed"; readonly error: PipelineError };

interface ClaimedRow {
  readonly id: string;
  readonly token: string;
  readonly part: number;
  readonly range: string | null;
  readonly position: string | null;
  readonly crashes: number;
  readonly workers: readonly string[];
}

/**
 * What nobody has comes before what somebody has lost. Only a runner that is entered gets something: one that was taken for dead may belong
 * to work that is not this one any more.
 */
const claimSql = (plan: boolean): string => `WITH next AS (
    SELECT id, state FROM ${workTable}
    WHERE process_table = $1 AND run = $2 AND stage = $3 AND step = $4 AND part ${plan ? "= -1" : ">= 0"}
      AND (state = 'open' OR state = 'held' AND expires_at <= pg_catalog.clock_timestamp())
      AND EXISTS (SELECT FROM ${runnersTable} WHERE id = $5)
    ORDER BY state DESC, part FOR UPDATE SKIP LOCKED LIMIT 1)
  UPDATE ${workTable} w SET state = 'held', holder = $5, token = w.token + 1,
    crashes = w.crashes + (next.state = 'held')::pg_catalog.int4, workers = pg_catalog.array_append(w.workers[pg_catalog.cardinality(w.workers) - 18 :], $6),
    expires_at = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $7), updated_at = pg_catalog.clock_timestamp()
  FROM next WHERE w.id = next.id
  RETURNING w.id::pg_catalog.text AS id, w.token::pg_catalog.text AS token, w.part, w.range, w.position, w.crashes, w.workers`;

const restSql = (
  plan: boolean,
): string => `SELECT pg_catalog.count(*) FILTER (WHERE part ${plan ? "= -1" : ">= 0"} AND state <> 'done') AS open,
    pg_catalog.count(*) FILTER (WHERE part = -1 AND state = 'done') AS plans, pg_catalog.count(*) AS rows
  FROM ${workTable} WHERE process_table = $1 AND run = $2 AND stage = $3 AND step = $4`;

/**
 * Claims the plan of a step, or one of its parts.
 *
 * @throws {PostgresError}
 */
export async function claimPart(
  context: RunnerContext,
  { processes, run, stage, step }: StepKey,
  what: "plan" | "part",
): Promise<ClaimAnswer> {
  const { postgres, holder, worker, leaseMs } = context;
  const isPlan = what === "plan";
  const sentAt = performance.now();
  const key = [processes, run, stage, step];
  const { rows } = await postgres.query<ClaimedRow>(claimSql(isPlan), [
    ...key,
    holder,
    worker,
    leaseMs / 1000,
  ]);
  const [row] = rows;
  if (row !== undefined) {
    const { crashes, workers } = row;
    return { kind: "claimed", claimed: claimedOf(row, sentAt), crashes, workers };
  }
  const rest = await postgres.query<{
    readonly open: bigint;
    readonly plans: bigint;
    readonly rows: bigint;
  }>(restSql(isPlan), key);
  const { open = 0n, plans = 0n, rows: count = 0n } = rest.rows[0] ?? {};
  if (plans > 0n && open === 0n) return { kind: "done" };
  const error = await whyClosed(postgres, context);
  if (error !== undefined) return { kind: "closed", error };
  if (!(await isEntered(postgres, holder))) return { kind: "closed", error: takenForDead(run) };
  if (count === 0n) throw new Error(`The step ${step} of run ${run} has no plan.`);
  return { kind: "busy" };
}

function claimedOf({ id, token, part, range, position }: ClaimedRow, sentAt: number): Claimed {
  const text = position === null ? undefined : parsed(position);
  return {
    id,
    token,
    part: { part, range: range === null ? undefined : rangeOf(range) },
    position: typeof text === "string" ? text : undefined,
    sentAt,
  };
}

function rangeOf(text: string): RawRange {
  const { start, end, group } = objectOf(parsed(text)) ?? {};
  return {
    start: typeof start === "string" ? start : undefined,
    end: typeof end === "string" ? end : undefined,
    ...(typeof group === "string" && { group }),
  };
}
