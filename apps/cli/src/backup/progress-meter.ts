import type { BackupProgress } from "@ctb-data/backup";

type StoreName = Extract<BackupProgress, { readonly kind: "count" }>["store"];

/** How far a piece of work is, as people and programs are told. */
export interface MeterReading {
  /** What it is about: `locking`, `rows`, `documents`, `commit`, … */
  readonly step: string;
  readonly detail?: string;
  /** Done so far, by store: rows of `postgres`, documents of `firestore`, parts of `storage`. */
  readonly items: Readonly<Partial<Record<StoreName, number>>>;
  /** All that is expected; only what is known. Estimates. */
  readonly totalItems: Readonly<Partial<Record<StoreName, number>>>;
  readonly bytes: number;
  /** Undefined when it is not known of every store that is at work. */
  readonly totalBytes?: number;
  /** Of the last ten seconds. */
  readonly bytesPerSecond: number;
  readonly itemsPerSecond: number;
  /** Undefined while nobody can know. */
  readonly secondsLeft?: number;
}

/** Counts what the events of a piece of work tell. */
export interface ProgressMeter {
  readonly add: (event: BackupProgress) => void;
  readonly read: () => MeterReading;
}

interface StoreCount {
  items: number;
  bytes: number;
  totalItems: number | undefined;
  totalBytes: number | undefined;
}

interface Sample {
  readonly ms: number;
  readonly bytes: number;
  readonly items: number;
}

const windowMs = 10_000;
const sampleMs = 250;

/** A meter that reads its clock, in milliseconds, from `now`. */
export function progressMeter(now: () => number = () => performance.now()): ProgressMeter {
  const counts = new Map<StoreName, StoreCount>();
  let step: { readonly step: string; readonly detail?: string } = { step: "" };
  let samples: readonly Sample[] = [{ ms: now(), bytes: 0, items: 0 }];
  const countOfStore = (store: StoreName): StoreCount => {
    const count = counts.get(store) ?? {
      items: 0,
      bytes: 0,
      totalItems: undefined,
      totalBytes: undefined,
    };
    counts.set(store, count);
    return count;
  };
  const sample = (): Sample => ({ ms: now(), ...sumOf(counts.values()) });
  return {
    add: (event) => {
      if (event.kind === "step") {
        // How fast something else went says nothing about what begins now.
        if (event.step !== step.step) {
          samples = [sample()];
        }
        step = {
          step: event.step,
          ...(event.detail === undefined ? {} : { detail: event.detail }),
        };
        return;
      }
      const count = countOfStore(event.store);
      if (event.kind === "total") {
        count.totalItems = event.items;
        count.totalBytes = event.bytes;
        return;
      }
      count.items += event.items;
      count.bytes += event.bytes;
      const latest = samples.at(-1);
      if (latest === undefined || now() - latest.ms >= sampleMs) {
        samples = [...samples.filter(({ ms }) => now() - ms <= windowMs), sample()];
      }
    },
    read: () => ({ ...step, ...readingOf(counts, rateOf(samples[0], sample())) }),
  };
}

interface Rate {
  readonly bytesPerSecond: number;
  readonly itemsPerSecond: number;
}

function rateOf(first: Sample | undefined, last: Sample): Rate {
  const seconds = (last.ms - (first?.ms ?? last.ms)) / 1000;
  const per = (amount: number): number => (seconds > 0 ? Math.max(0, amount) / seconds : 0);
  return {
    bytesPerSecond: per(last.bytes - (first?.bytes ?? 0)),
    itemsPerSecond: per(last.items - (first?.items ?? 0)),
  };
}

function readingOf(
  counts: ReadonlyMap<StoreName, StoreCount>,
  rate: Rate,
): Omit<MeterReading, "step" | "detail"> {
  const { bytes, items } = sumOf(counts.values());
  const totalBytes = totalOf([...counts.values()].map((count) => count.totalBytes));
  const totalItems = totalOf([...counts.values()].map((count) => count.totalItems));
  // Rows differ in size, so bytes tell the time better.
  const secondsLeft =
    remaining(totalBytes, bytes, rate.bytesPerSecond) ??
    remaining(totalItems, items, rate.itemsPerSecond);
  return {
    items: pick(counts, (count) => count.items),
    totalItems: pick(counts, (count) => count.totalItems),
    bytes,
    ...(totalBytes === undefined ? {} : { totalBytes }),
    bytesPerSecond: Math.round(rate.bytesPerSecond),
    itemsPerSecond: Math.round(rate.itemsPerSecond),
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
  };
}

function remaining(total: number | undefined, done: number, perSecond: number): number | undefined {
  // A total is an estimate: what is more than it says nothing about the end.
  return total === undefined || total <= done || perSecond <= 0
    ? undefined
    : Math.ceil((total - done) / perSecond);
}

function totalOf(totals: readonly (number | undefined)[]): number | undefined {
  return totals.length === 0
    ? undefined
    : totals.reduce((sum, total) =>
        sum === undefined || total === undefined ? undefined : sum + total,
      );
}

function pick(
  counts: ReadonlyMap<StoreName, StoreCount>,
  of: (count: StoreCount) => number | undefined,
): Partial<Record<StoreName, number>> {
  const picked: Partial<Record<StoreName, number>> = {};
  for (const [store, count] of counts) {
    const value = of(count);
    if (value !== undefined) picked[store] = value;
  }
  return picked;
}

function sumOf(counts: Iterable<StoreCount>): { readonly bytes: number; readonly items: number } {
  let bytes = 0;
  let items = 0;
  for (const count of counts) {
    bytes += count.bytes;
    items += count.items;
  }
  return { bytes, items };
}
