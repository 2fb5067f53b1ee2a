import type { RawRange } from "@ctb-data/firestore";
import { databaseError, isPassing } from "../database-error.ts";
import { PipelineError } from "../pipeline-error.ts";
import { claimPart, type ClaimAnswer, type StepKey } from "./claim-part.ts";
import { expireGoneRunners } from "./expire-gone-runners.ts";
import type { HeldLease } from "./held-lease.ts";
import type { HeldLeases } from "./held-leases.ts";
import { GrowingPause, persistently, throwIfStopped } from "./persistently.ts";
import type { StageName } from "./run-record.ts";
import type { RunnerContext } from "./runner-context.ts";
import { countsOf, parsed } from "./stage-record.ts";
import { sumOf } from "./stage-work.ts";
import { runnersTable, workTable } from "./work-tables.ts";
import type { Lease, SharedWork } from "./work.ts";

/** So often may a part be taken over from a runner that died without having moved on. */
const mostCrashes = 3;

/** What a step's work needs of its runner. */
export interface SharedWorkParts {
  readonly context: RunnerContext;
  readonly leases: HeldLeases;
  readonly stage: StageName;
  readonly step: string;
  /** The run fails for all. Never rejects. */
  readonly failRun: (error: PipelineError) => Promise<void>;
}

/** The work of one step, in the table of work. */
export class TableWork implements SharedWork {
  readonly run: number;
  readonly stage: StageName;
  readonly step: string;
  readonly #parts: SharedWorkParts;
  readonly #key: StepKey;

  constructor(parts: SharedWorkParts) {
    const { context, stage, step } = parts;
    this.run = context.key.run;
    this.stage = stage;
    this.step = step;
    this.#parts = parts;
    this.#key = { ...context.key, stage, step };
  }

  async plan(divide: () => Promise<readonly (RawRange | undefined)[]>): Promise<void> {
    const pause = new GrowingPause();
    const isPlanned = this.#patient(async () => await this.#tryToPlan(divide));
    while (!(await isPlanned())) await pause.wait(this.#context.signal);
  }

  async claim(): Promise<Lease | "busy" | "done"> {
    return await persistently(this.#context, async () => await this.#claim("part"));
  }

  async each(work: (lease: Lease) => Promise<void>): Promise<void> {
    const pause = new GrowingPause();
    const next = this.#patient(async () => await this.#doOne(work));
    for (;;) {
      const did = await next();
      if (did === "done") return;
      if (did === "worked") pause.reset();
      else await pause.wait(this.#context.signal);
    }
  }

  async counts(): Promise<Readonly<Record<string, number>>> {
    const { processes, run, stage, step } = this.#key;
    return await persistently(this.#context, async () => {
      const rows = await this.#query(
        `SELECT counts::pg_catalog.text AS counts FROM ${workTable} WHERE process_table = $1 AND run = $2 AND stage = $3 AND step = $4`,
        [processes, run, stage, step],
      );
      return sumOf(rows.map(({ counts = "{}" }) => countsOf(parsed(counts))));
    });
  }

  get #context(): RunnerContext {
    return this.#parts.context;
  }

  /**
   * Tries again what passes: while the lease was lost to others at once, because they have it now; while PostgreSQL is away as
   * long as the patience lasts.
   */
  #patient<T>(fn: () => Promise<T>): () => Promise<T | undefined> {
    const { patienceMs, signal } = this.#context;
    let awaySince: number | undefined;
    return async () => {
      throwIfStopped(signal);
      try {
        const answer = await fn();
        awaySince = undefined;
        return answer;
      } catch (error) {
        throwIfStopped(signal);
        if (error instanceof LostPart) return undefined;
        if (!isPassing(error)) throw error;
        awaySince ??= performance.now();
        if (performance.now() - awaySince > patienceMs) throw error;
        return undefined;
      }
    };
  }

  async #tryToPlan(divide: () => Promise<readonly (RawRange | undefined)[]>): Promise<boolean> {
    await this.#enterPlan();
    const claimed = await this.#claim("plan");
    if (claimed === "done") return true;
    if (claimed === "busy") {
      await this.#expireGone();
      return false;
    }
    await using lease = claimed;
    return await this.#withLease(lease, async () => {
      const ranges = await divide();
      await this.#writePlan(lease, ranges);
      return true;
    });
  }

  async #enterPlan(): Promise<void> {
    const { processes, run, stage, step } = this.#key;
    await this.#query(
      `INSERT INTO ${workTable} (process_table, run, stage, step, part)
       SELECT $1, $2, $3, $4, -1 WHERE EXISTS (SELECT FROM ${runnersTable} WHERE id = $5) ON CONFLICT DO NOTHING`,
      [processes, run, stage, step, this.#context.holder],
    );
  }

  async #writePlan(lease: HeldLease, ranges: readonly (RawRange | undefined)[]): Promise<void> {
    const { processes, run, stage, step } = this.#key;
    await this.#context.postgres.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO ${workTable} (process_table, run, stage, step, part, range)
         SELECT $1, $2, $3, $4, n - 1, r FROM pg_catalog.unnest($5::pg_catalog.text[]) WITH ORDINALITY AS u (r, n)
         WHERE EXISTS (SELECT FROM ${workTable} WHERE id = $6 AND token = $7 AND state = 'held') ON CONFLICT DO NOTHING`,
        [
          processes,
          run,
          stage,
          step,
          ranges.map((range) => (range === undefined ? null : JSON.stringify(range))),
          lease.id,
          lease.token,
        ],
      );
      await lease.finishOn(tx, { counts: {} });
    });
  }

  async #doOne(work: (lease: Lease) => Promise<void>): Promise<"worked" | "busy" | "done"> {
    const claimed = await this.#claim("part");
    if (claimed === "busy") await this.#expireGone();
    if (claimed === "done" || claimed === "busy") return claimed;
    await using lease = claimed;
    await this.#withLease(lease, async () => await work(lease));
    if (!lease.isEnded)
      throw new Error(
        `The work of the step ${this.step} has returned without finishing part ${lease.part.part}.`,
      );
    return "worked";
  }

  /** What was thrown because the lease was lost is told as that, whatever it was. */
  async #withLease<T>(lease: HeldLease, fn: () => Promise<T>): Promise<T> {
    try {
      return await fn();
    } catch (error) {
      const reason: unknown = lease.signal.reason;
      if (reason instanceof PipelineError) {
        if (reason.code === "LEASE_LOST")
          throw new LostPart("The part is another's.", { cause: error });
        throw reason;
      }
      throw error;
    }
  }

  async #claim(what: "plan" | "part"): Promise<HeldLease | "busy" | "done"> {
    throwIfStopped(this.#context.signal);
    const answer = await this.#ask(what);
    if (answer.kind === "busy" || answer.kind === "done") return answer.kind;
    if (answer.kind === "closed") throw answer.error;
    const lease = this.#parts.leases.add(answer.claimed);
    if (answer.crashes <= mostCrashes) return lease;
    await lease[Symbol.asyncDispose]();
    const error = deadly(this.#key, answer);
    await this.#parts.failRun(error);
    throw error;
  }

  async #expireGone(): Promise<void> {
    try {
      await expireGoneRunners(this.#context.postgres, this.#key);
    } catch (error) {
      throw databaseError(error, `Runners of run ${this.run} could not be looked up`, {
        run: this.run,
      });
    }
  }

  async #ask(what: "plan" | "part"): Promise<ClaimAnswer> {
    try {
      return await claimPart(this.#context, this.#key, what);
    } catch (error) {
      throw databaseError(error, `Work of run ${this.run} could not be claimed`, { run: this.run });
    }
  }

  async #query(
    sql: string,
    parameters: readonly unknown[],
  ): Promise<readonly { readonly counts?: string }[]> {
    try {
      return (await this.#context.postgres.query(sql, parameters)).rows;
    } catch (error) {
      throw databaseError(error, `The work of run ${this.run} could not be read or written`, {
        run: this.run,
      });
    }
  }
}

/** Others have what this runner had. */
class LostPart extends Error {}

function deadly(
  { run, step }: StepKey,
  { claimed, workers }: Extract<ClaimAnswer, { readonly kind: "claimed" }>,
): PipelineError {
  const { part } = claimed.part;
  const { start, end } = claimed.part.range ?? { start: undefined, end: undefined };
  const from = start === undefined ? "the first document" : JSON.stringify(start);
  const to = end === undefined ? "the last" : JSON.stringify(end);
  const what =
    part < 0 ? "the plan" : `part ${part}${claimed.part.range ? ` (from ${from} to ${to})` : ""}`;
  return new PipelineError(
    "RUN_FAILED",
    `In the step ${step} of run ${run}, ${what} was begun ${mostCrashes + 1} times in a row by runners that died before they came any further: ${[...new Set(workers)].join(", ")}.`,
    {
      run,
      hint: `Look into the logs of those machines; too little memory is a usual reason. ctb-data imo retry ${run} goes on with it.`,
    },
  );
}
