import { medianOf } from "../measure.ts";
import type { Details } from "../report.ts";
import type { Usage } from "./measured-process.ts";

/** One run of a contender, seen from outside. */
export interface RunCosts extends Omit<Usage, "stdout"> {
  /** What the server used meanwhile. */
  readonly serverCpuSeconds: number;
  /** What was written. */
  readonly outputMb: number;
}

/** Remembers what the runs of each contender cost beside their time. */
export class UsageLog {
  readonly #runs = new Map<string, RunCosts[]>();

  add(name: string, costs: RunCosts): void {
    this.#runs.set(name, [...(this.#runs.get(name) ?? []), costs]);
  }

  /** The most that any run of this one held, MiB. */
  peakMiB(name: string): number {
    return Math.max(...(this.#runs.get(name) ?? []).map(({ peakMiB }) => peakMiB));
  }

  /** Medians, but for memory: there the worst run counts. */
  details(withOutput: boolean): Details {
    const rows = [...this.#runs].map(([name, runs]): readonly [string, readonly number[]] => {
      const middle = (of: (costs: RunCosts) => number): number => medianOf(runs.map(of));
      const output = withOutput ? [middle(({ outputMb }) => outputMb)] : [];
      return [
        name,
        [
          middle(({ cpuSeconds }) => cpuSeconds),
          middle(({ serverCpuSeconds }) => serverCpuSeconds),
          this.peakMiB(name),
          ...output,
        ],
      ];
    });
    return {
      columns: ["client CPU s", "server CPU s", "peak MiB", ...(withOutput ? ["output MB"] : [])],
      rows: Object.fromEntries(rows),
    };
  }
}
