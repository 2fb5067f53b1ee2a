import type { Lease, SharedWork } from "../src/runs/work.ts";
import type { RunWorld } from "./run-world.ts";

/** One thing that happens to the parts of a step. */
export interface LeaseEvent {
  readonly do: "claim" | "report" | "finish" | "give back" | "expire";
  readonly runner: number;
  readonly part: number;
}

/** What a part should be. */
interface PartModel {
  state: "open" | "held" | "expired" | "done";
  lease: Lease | undefined;
  position: string | undefined;
  crashes: number;
  effects: number;
}

/** So often may a part be taken over without the run failing. */
const mostCrashes = 3;

/** Parts as they should be, beside the same parts in the table of work. */
export class LeaseStory {
  /** What should have been seen, and what was. */
  readonly expected: string[] = [];
  readonly seen: string[] = [];
  readonly #world: RunWorld;
  readonly #works: readonly SharedWork[];
  readonly #model: readonly PartModel[];
  /** What each runner has, or thinks that it has, of each part. */
  readonly #held = new Map<string, Lease>();
  #count = 0;

  /** @param works of one planned step, for one runner each. */
  constructor(world: RunWorld, works: readonly SharedWork[], parts: number) {
    this.#world = world;
    this.#works = works;
    this.#model = Array.from({ length: parts }, (): PartModel => ({
      state: "open",
      lease: undefined,
      position: undefined,
      crashes: 0,
      effects: 0,
    }));
  }

  async play({ do: what, runner, part }: LeaseEvent): Promise<void> {
    const lease = this.#held.get(`${runner}/${part}`);
    const model = this.#model[part];
    const work = this.#works[runner];
    if (model === undefined || work === undefined) throw new Error("There is no such part.");
    if (what === "claim") await this.#claim(work, runner);
    else if (what === "expire") await this.#expire(work, part);
    else if (lease === undefined) return;
    else if (what === "give back") {
      await lease[Symbol.asyncDispose]();
      if (model.lease === lease) Object.assign(model, { state: "open", lease: undefined });
    } else await this.#write(work, lease, what === "finish");
  }

  /** How much is written of each part, and what should be. */
  async end(): Promise<void> {
    const rows = await this.#world.sql(
      `SELECT part, (SELECT count(*) FROM effects e WHERE e.run = w.run AND e.part = w.part) AS effects, COALESCE(counts->>'did', '0') AS did, state = 'done' AS done
       FROM ctb_data.imo_work w WHERE run = ${this.#works[0]?.run} AND part >= 0 ORDER BY part`,
    );
    for (const [part, { effects, state }] of this.#model.entries())
      this.expected.push(`${part}: ${effects} ${effects} ${state === "done"}`);
    for (const { part, effects, did, done } of rows)
      this.seen.push(`${String(part)}: ${String(effects)} ${String(did)} ${String(done)}`);
  }

  /** What is open comes before what has expired, and then in their order. */
  async #claim(work: SharedWork, runner: number): Promise<void> {
    const states = this.#model.map(({ state }) => state);
    const next = states.includes("open") ? states.indexOf("open") : states.indexOf("expired");
    const model = this.#model[next];
    const rest = states.every((state) => state === "done") ? "done" : "busy";
    this.expected.push(model ? `part ${next} at ${model.position}` : rest);
    const answer = await work.claim();
    if (typeof answer === "string") {
      this.seen.push(answer);
      return;
    }
    this.seen.push(`part ${answer.part.part} at ${answer.position}`);
    this.#held.set(`${runner}/${answer.part.part}`, answer);
    if (model === undefined) return;
    if (model.state === "expired") model.crashes += 1;
    Object.assign(model, { state: "held", lease: answer });
  }

  async #expire({ run }: SharedWork, part: number): Promise<void> {
    const model = this.#model[part];
    if (model?.state !== "held" || model.crashes >= mostCrashes) return;
    await this.#world.sql(
      `UPDATE ctb_data.imo_work SET expires_at = '2000-01-01' WHERE run = ${run} AND part = ${part}`,
    );
    model.state = "expired";
  }

  async #write({ run }: SharedWork, lease: Lease, isLast: boolean): Promise<void> {
    const { part } = lease.part;
    const model = this.#model[part];
    const isHolder = model?.lease === lease;
    this.#count += 1;
    const position = String(this.#count);
    this.expected.push(isHolder ? "written" : "LEASE_LOST");
    try {
      await this.#world.postgres.transaction(async (tx) => {
        await tx.query("INSERT INTO effects VALUES ($1, $2)", [run, part]);
        await lease.report(tx, { position, counts: { did: 1 } });
      });
      if (isLast) await lease.finish();
      this.seen.push("written");
    } catch (error) {
      this.seen.push(String(error instanceof Error ? Reflect.get(error, "code") : error));
    }
    if (!isHolder) return;
    Object.assign(model, { position, crashes: 0, effects: model.effects + 1 });
    Object.assign(model, isLast ? { state: "done", lease: undefined } : { state: "held" });
  }
}
