import type { Transaction } from "@ctb-data/postgres";
import { isPassing } from "../database-error.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { PipelineStores } from "../work-options.ts";
import { changeRun, type RunChange } from "./change-run.ts";
import type { Stages } from "./decide-stages.ts";
import { endedStage, endIfBegun, isComplete, serverTime, withEndedStages } from "./end-stage.ts";
import { Heartbeat } from "./heartbeat.ts";
import { HeldLeases } from "./held-leases.ts";
import { persistently, stopped, throwIfStopped } from "./persistently.ts";
import { readRun } from "./read-runs.ts";
import type { RunHandle } from "./run-handle.ts";
import type { RunRecord, StageName, StoredBlueprint } from "./run-record.ts";
import { writeRun, writeStage, type RunRow } from "./run-rows.ts";
import { closedRun, takenForDead, type RunnerContext } from "./runner-context.ts";
import { isEntered, liveRunners, removeRunner } from "./runners.ts";
import { TableWork } from "./shared-work.ts";
import { stageNames } from "./stage-record.ts";
import { closeWork, readParts, withParts } from "./stage-work.ts";
import { storableText } from "./storable-text.ts";
import type { SharedWork } from "./work.ts";

/** How often a runner at most writes down how far all are. */
const recordEveryMs = 1000;

/** What a runner is made of. */
export interface RunnerParts {
  readonly stores: PipelineStores;
  readonly blueprint: StoredBlueprint;
  readonly context: Omit<RunnerContext, "signal">;
  readonly joined: boolean;
  readonly signal: AbortSignal | undefined;
}

/** One runner in a run. */
export class Runner implements RunHandle {
  readonly id: number;
  readonly worker: string;
  readonly joined: boolean;
  readonly #parts: RunnerParts;
  readonly #context: RunnerContext;
  readonly #leases: HeldLeases;
  readonly #heartbeat: Heartbeat;
  readonly #stop = new AbortController();
  readonly #begun = new Set<StageName>();
  readonly #onSignal: () => void;
  #recording: Promise<void> | undefined;
  #recordTimer: NodeJS.Timeout | undefined;
  #isGone = false;
  #disposing: Promise<void> | undefined;

  constructor(parts: RunnerParts) {
    const { context, signal, stores } = parts;
    this.id = context.key.run;
    this.worker = context.worker;
    this.joined = parts.joined;
    this.#parts = parts;
    this.#context = { ...context, signal: this.#stop.signal };
    this.#leases = new HeldLeases(this.#context, () => this.#recordSoon());
    this.#heartbeat = new Heartbeat({
      postgres: stores.postgres,
      everyMs: context.leaseMs / 3,
      beat: async (db, beating) => {
        const closed = await this.#leases.beat(db, beating);
        if (closed !== undefined) this.#abort(closed);
      },
      onFailed: (error) => this.#leases.beatFailed(error),
    });
    this.#onSignal = () => {
      if (signal) this.#abort(stopped(signal));
    };
    signal?.addEventListener("abort", this.#onSignal, { once: true });
    if (signal?.aborted === true) this.#onSignal();
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  async begin(stage: StageName): Promise<"begun" | "done"> {
    const began = await this.#control("begun", async (tx, row) => {
      const record = row.stages[stage];
      if (record === undefined) throw takenForDead(this.id);
      if (record.state === "done") return "done" as const;
      if (record.state === "running") return "begun" as const;
      const { finishedAt: _finishedAt, ms: _ms, failure: _failure, ...rest } = record;
      const begun = { ...rest, startedAt: rest.startedAt ?? (await serverTime(tx)) };
      const stages = { ...row.stages, [stage]: { ...begun, state: "running" as const } };
      await writeStage(tx, this.#context.tables, { id: this.id, name: stage, stages });
      return "begun" as const;
    });
    if (began === "begun") this.#begun.add(stage);
    return began;
  }

  work(stage: StageName, step: string): SharedWork {
    return new TableWork({
      context: this.#context,
      leases: this.#leases,
      stage,
      step,
      failRun: async (error) => await this.failRun(error, stage),
    });
  }

  async end(stage: StageName): Promise<void> {
    await this.#stopRecording();
    const { key, tables } = this.#context;
    await this.#control("ended", async (tx, row) => {
      const record = row.stages[stage];
      if (record === undefined) throw takenForDead(this.id);
      if (record.state === "done") return;
      const parts = await readParts(tx, key, stage);
      const open = parts.filter(({ state }) => state !== "done").length;
      if (open > 0) throw new Error(`${open} parts of the ${stage} stage are not done.`);
      const done = await endedStage(tx, record, { key, name: stage, end: { state: "done" } });
      const stages = { ...row.stages, [stage]: done };
      await writeStage(tx, tables, { id: this.id, name: stage, stages });
    });
    this.#begun.delete(stage);
  }

  async endRun(): Promise<RunRecord> {
    await this.#stopRecording();
    const { stores, blueprint } = this.#parts;
    await persistently(this.#context, async () => {
      await changeRun(this.#change("ended"), async (tx, row) => {
        const closed = closedRun(row.status ?? "pending", this.id);
        if (closed !== undefined) throw closed;
        const isDone = row.status === "complete";
        if (!isDone && !isComplete(blueprint.blueprint, row.stages)) {
          await this.#leave(tx, row);
          return;
        }
        if (!isDone) await writeRun(tx, this.#context.tables, { ...row, status: "complete" });
        await removeRunner(tx, this.#context.holder);
      });
    });
    this.#isGone = true;
    return await persistently(this.#context, async () => await readRun(stores, this.id));
  }

  async failRun(error: unknown, stage?: StageName): Promise<void> {
    if (!failsRun(error)) return;
    await this.#stopRecording();
    const patienceMs = Math.min(this.#context.patienceMs, 10_000);
    const failure = sentenceOf(error);
    try {
      await persistently({ patienceMs }, async () => await this.#fail(failure, stage));
    } catch {
      // The error itself is the news. The leases of a run that is not marked expire.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#dispose();
    await this.#disposing;
  }

  async #fail(failure: string, stage: StageName | undefined): Promise<void> {
    const { key, tables, holder } = this.#context;
    await changeRun(this.#change("marked as failed"), async (tx, row) => {
      if (row.status !== "pending" && row.status !== "running") return;
      // First: it waits for reports that are on their way, so that the counts are the last ones.
      await closeWork(tx, key, "failed");
      const failed = failedStage(row.stages, [stage, ...this.#begun]);
      const rest = endIfBegun("pending");
      const stages = await withEndedStages(tx, row.stages, {
        key,
        end: (name, record) =>
          name === failed ? { state: "failed", failure } : rest(name, record),
      });
      await writeRun(tx, tables, { id: this.id, status: "failed", stages });
      await removeRunner(tx, holder);
    });
  }

  async #dispose(): Promise<void> {
    this.#parts.signal?.removeEventListener("abort", this.#onSignal);
    await this.#stopRecording();
    await this.#leases.giveBackAll();
    await this.#heartbeat.stop();
    if (this.#isGone) return;
    const change = this.#change("left");
    try {
      await persistently({ patienceMs: 2000 }, async () => {
        await changeRun(change, async (tx, row) => await this.#leave(tx, row));
      });
    } catch {
      // Its entry and its leases expire.
    }
  }

  /** The last one leaves the run pending, and its stages interrupted. */
  async #leave(tx: Transaction, row: RunRow): Promise<void> {
    const { key, tables, holder } = this.#context;
    await removeRunner(tx, holder);
    if (row.status !== "running" || (await liveRunners(tx, key)).length > 0) return;
    const stages = await withEndedStages(tx, row.stages, {
      key,
      end: endIfBegun("pending"),
    });
    await writeRun(tx, tables, { id: this.id, status: "pending", stages });
  }

  /** Changes the open run as a runner that is still entered. */
  async #control<T>(
    done: string,
    change: (tx: Transaction, row: RunRow) => Promise<T>,
  ): Promise<T> {
    return await persistently(this.#context, async () => {
      return await changeRun(this.#change(done), async (tx, row) => {
        const closed = closedRun(row.status ?? "pending", this.id);
        if (closed !== undefined) throw closed;
        if (row.status !== "complete" && !(await isEntered(tx, this.#context.holder)))
          throw takenForDead(this.id);
        return await change(tx, row);
      });
    });
  }

  #change(done: string): RunChange {
    const { postgres, tables } = this.#context;
    return { postgres, tables, run: this.id, failure: `Run ${this.id} could not be ${done}` };
  }

  #abort(reason: PipelineError): void {
    if (this.signal.aborted) return;
    this.#stop.abort(reason);
    this.#leases.abortAll(reason);
  }

  /** A report is written down within its own transaction; how far the whole stage is follows now and then. */
  #recordSoon(): void {
    if (this.#recordTimer !== undefined || this.#disposing !== undefined) return;
    this.#recordTimer = setTimeout(() => {
      this.#recording = this.#record()
        // The next report tries again.
        .catch(() => undefined)
        .finally(() => {
          this.#recordTimer = undefined;
        });
    }, recordEveryMs);
    this.#recordTimer.unref();
  }

  async #record(): Promise<void> {
    const { key, tables } = this.#context;
    throwIfStopped(this.signal);
    await changeRun(this.#change("written down"), async (tx, { status, stages }) => {
      for (const name of this.#begun) {
        const record = stages[name];
        if (status !== "running" || record?.state !== "running") continue;
        const now = withParts(record, await readParts(tx, key, name));
        await writeStage(tx, tables, { id: this.id, name, stages: { [name]: now } });
      }
    });
  }

  async #stopRecording(): Promise<void> {
    clearTimeout(this.#recordTimer);
    this.#recordTimer = undefined;
    await this.#recording;
  }
}

/** Whether an error is the end of the run, and not only of this runner's work in it. */
function failsRun(error: unknown): boolean {
  if (isPassing(error)) return false;
  if (error instanceof PipelineError)
    return !["CANCELLED", "RUN_CANCELLED", "LEASE_LOST", "NOT_FOUND"].includes(error.code);
  return !(error instanceof Error && error.name === "AbortError");
}

/** Where the sentence is kept: in the stage that is named, or in the first that is not done. */
function failedStage(
  stages: Stages,
  named: readonly (StageName | undefined)[],
): StageName | undefined {
  const isOpen = (name: StageName): boolean =>
    stages[name] !== undefined && stages[name].state !== "done";
  return named.find((name) => name !== undefined && isOpen(name)) ?? stageNames.find(isOpen);
}

function sentenceOf(error: unknown): string {
  return storableText(error instanceof Error ? error.message : String(error));
}
