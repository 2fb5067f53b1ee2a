/** One contender of a comparison: what is timed, and what is done before and after each timed run. */
export interface Contender {
  readonly name: string;
  /** Work that is not timed, before each run. */
  readonly prepare?: () => Promise<void>;
  readonly run: () => Promise<unknown>;
  /** Throws unless the run did what it should, after each run, not timed: who does nothing is fastest. */
  readonly verify?: () => Promise<void>;
}

/** The times of one contender, in milliseconds. */
export interface Figure {
  readonly name: string;
  readonly runs: number;
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** The median of this one's time over the baseline's, round by round: noise of the machine cancels out. */
  readonly ratio: number;
}

/**
 * Times the contenders in turn (A B C, A B C, …) after one warm-up round, so that a machine that slows down slows
 * them all. Ratios are against `baseline`, by default the first one.
 */
export async function compare(
  contenders: readonly Contender[],
  options: { readonly rounds: number; readonly baseline?: string; readonly warmUp?: boolean },
): Promise<readonly Figure[]> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = options.warmUp === false ? 0 : -1; round < options.rounds; round += 1) {
    for (const contender of contenders) {
      const ms = await timeOf(contender);
      if (round >= 0) {
        times.get(contender.name)?.push(ms);
      }
    }
  }
  const baseline = times.get(options.baseline ?? contenders[0]?.name ?? "") ?? [];
  return contenders.map(({ name }) => figureOf(name, times.get(name) ?? [], baseline));
}

async function timeOf(contender: Contender): Promise<number> {
  await contender.prepare?.();
  const start = performance.now();
  await contender.run();
  const ms = performance.now() - start;
  await contender.verify?.();
  return ms;
}

function figureOf(name: string, times: readonly number[], baseline: readonly number[]): Figure {
  return {
    name,
    runs: times.length,
    medianMs: medianOf(times),
    minMs: Math.min(...times),
    maxMs: Math.max(...times),
    ratio: medianOf(times.map((ms, round) => ms / (baseline[round] ?? Number.NaN))),
  };
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  const high = sorted[upper] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : (high + (sorted[upper - 1] ?? Number.NaN)) / 2;
}
