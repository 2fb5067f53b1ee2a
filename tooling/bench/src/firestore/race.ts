import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { Cell, MatrixRow } from "../matrix.ts";
import type { Contender, Running } from "./contenders.ts";
import type { Sizes } from "./lines.ts";
import { lineOf, type Job, type LineName, type Timing } from "./time-line.ts";

/** A run that takes longer is not repeated. */
const slowMs = 8000;

/** Runs lines on contenders, each in a process that lives as long as it answers in time. */
export class Race {
  readonly #folder: string;
  readonly #sizes: Sizes;
  readonly #limitMs: number;
  readonly #running = new Map<string, Running>();

  constructor(options: { folder: string; sizes: Sizes; limitMs: number }) {
    this.#folder = options.folder;
    this.#sizes = options.sizes;
    this.#limitMs = options.limitMs;
  }

  /** The contenders in turn, in each round: a machine that slows down slows them all. A warm-up round comes first. */
  async row(line: LineName, contenders: readonly Contender[], rounds: number): Promise<MatrixRow> {
    const cells: Record<string, Cell> = {};
    for (let round = 0; round <= rounds; round += 1) {
      for (const contender of contenders) {
        const before = cells[contender.name];
        cells[contender.name] = await this.#next(before, contender, line, round);
      }
    }
    const name = lineOf(line).title(this.#sizes);
    process.stderr.write(`done: ${name}\n`);
    return { name, unit: "ms", cells };
  }

  /** The rounds of one contender, after one to warm up where there is more than one. */
  async cell(line: LineName | "many", contender: Contender, rounds: number): Promise<Cell> {
    let cell: Cell | undefined;
    for (let round = line === "many" ? 1 : 0; round <= rounds; round += 1) {
      cell = await this.#next(cell, contender, line, round);
    }
    return cell ?? { kind: "none" };
  }

  async residentMiB({ name }: Contender): Promise<number> {
    return (await this.#running.get(name)?.residentMiB()) ?? Number.NaN;
  }

  async close(): Promise<void> {
    for (const running of this.#running.values()) await running.stop();
  }

  /** What is known after one more round. */
  async #next(
    before: Cell | undefined,
    contender: Contender,
    line: LineName | "many",
    round: number,
  ): Promise<Cell> {
    if (before?.kind === "failed" || before?.kind === "wrong") return before;
    const known = before?.kind === "figure" ? before.values : [];
    if ((known[0] ?? 0) > slowMs) return { kind: "figure", values: known };
    try {
      const project = line in manyProjects ? "bench-many" : `bench-${line.toLowerCase()}`;
      const timing = await this.#time(contender, { line, project, round, sizes: this.#sizes });
      if (timing.wrong !== undefined) return { kind: "wrong", what: timing.wrong };
      // The warm-up counts only where no other run follows, and until one does.
      const values = round <= 1 ? [timing.ms] : [...known, timing.ms];
      return { kind: "figure", values };
    } catch (error) {
      await this.#running.get(contender.name)?.stop();
      this.#running.delete(contender.name);
      return { kind: "failed", what: error instanceof Error ? error.message : String(error) };
    }
  }

  async #time(contender: Contender, job: Job): Promise<Timing> {
    const running = this.#running.get(contender.name) ?? (await this.#start(contender));
    this.#running.set(contender.name, running);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no end within ${this.#limitMs / 1000} s`));
      }, this.#limitMs);
    });
    const time = running.time(job);
    // It fails once more when its process is stopped.
    time.catch(() => {});
    try {
      return await Promise.race([time, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #start(contender: Contender): Promise<Running> {
    return await contender.start(await mkdtemp(join(this.#folder, "race-")));
  }
}

/** The lines over the same documents, which `many` writes. */
const manyProjects: Readonly<Record<string, true>> = { many: true, equality: true, range: true };
