/** What is counted: rows of `postgres`, documents of `firestore`, parts of `storage`, records of a `file`. */
type StoreName = "postgres" | "firestore" | "storage" | "file";

/** What long work tells of itself, as the packages' own events have it. Without `bytes` only things are counted. */
export type WorkProgress =
  | {
      readonly kind: "step";
      readonly step: string;
      readonly detail?: string | undefined;
      /** What was counted before belongs to work that is done, and is forgotten. */
      readonly isFresh?: boolean | undefined;
    }
  | {
      readonly kind: "count";
      readonly store: StoreName;
      /** The table, collection or part that it comes from. */
      readonly name?: string | undefined;
      readonly items: number;
      readonly bytes?: number | undefined;
    }
  | {
      readonly kind: "total";
      readonly store: StoreName;
      /** Estimates; undefined when nothing is known. */
      readonly items: number | undefined;
      readonly bytes?: number | undefined;
    };

/** How far a piece of work is, as people and programs are told. */
export interface MeterReading {
  /** What it is about: `locking`, `rows`, `documents`, `commit`, … */
  readonly step: string;
  readonly detail?: string;
  /** Done so far, by store: rows of `postgres`, documents of `firestore`, parts of `storage`, records of a `file`. */
  readonly items: Readonly<Partial<Record<StoreName, number>>>;
  /** All that is expected; only what is known. Estimates. */
  readonly totalItems: Readonly<Partial<Record<StoreName, number>>>;
  readonly bytes: number;
  /** Undefined when it is not known of every store that is at work. */
  readonly totalBytes?: number;
  /** Of the last ten seconds. */
  readonly bytesPerSecond: number;
  readonly itemsPerSecond: number;
  /** From 0 to 1, of what has a total. */
  readonly share?: number;
  /** For what has a total; undefined while nobody can know. */
  readonly secondsLeft?: number;
}

/** Counts what the events of a piece of work tell. */
export interface ProgressMeter {
  readonly add: (event: WorkProgress) => void;
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
  readonly done: ReadonlyMap<StoreName, Pick<StoreCount, "items" | "bytes">>;
}

const windowMs = 10_000;
const sampleMs = 250;

/** A meter that reads its clock, in milliseconds, from `now`. */
export function progressMeter(now: () => number = () => performance.now()): ProgressMeter {
  const counts = new Map<StoreName, StoreCount>();
  let step: { readonly step: string; readonly detail?: string } = { step: "" };
  let samples: readonly Sample[] = [{ ms: now(), done: new Map() }];
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
  const sample = (): Sample => ({
    ms: now(),
    done: new Map([...counts].map(([store, { items, bytes }]) => [store, { items, bytes }])),
  });
  return {
    add: (event) => {
      if (event.kind === "step") {
        if (event.isFresh === true) counts.clear();
        // How fast something else went says nothing about what begins now.
        if (event.isFresh === true || event.step !== step.step) {
          samples = [sample()];
        }
        step = {
          step: event.step,
          ...(event.detail === undefined ? {} : { detail: event.detail }),
        };
        return;
      }
      forgetOthers(counts, event.store);
      const count = countOfStore(event.store);
      if (event.kind === "total") {
        if (isReached(count)) {
          // The same store is gone through once more, for another reason.
          Object.assign(count, { items: 0, bytes: 0 });
          samples = [sample()];
        }
        count.totalItems = event.items;
        count.totalBytes = event.bytes;
        return;
      }
      count.items += event.items;
      count.bytes += event.bytes ?? 0;
      const latest = samples.at(-1);
      if (latest === undefined || now() - latest.ms >= sampleMs) {
        samples = [...samples.filter(({ ms }) => now() - ms <= windowMs), sample()];
      }
    },
    read: () => ({ ...step, ...readingOf(counts, rateSince(samples[0], sample())) }),
  };
}

/** Parts of a storage and records of a file are read before or after rows and documents, which are read at the same time. */
function forgetOthers(counts: Map<StoreName, StoreCount>, now: StoreName): void {
  for (const store of counts.keys()) {
    if (groupOf(store) !== groupOf(now)) {
      counts.delete(store);
    }
  }
}

function groupOf(store: StoreName): "storage" | "file" | "stores" {
  return store === "storage" || store === "file" ? store : "stores";
}

function isReached({ items, bytes, totalItems, totalBytes }: StoreCount): boolean {
  return (
    (totalItems !== undefined && items >= totalItems) ||
    (totalBytes !== undefined && bytes >= totalBytes)
  );
}

/** How much of something stores do in a second. */
type RateOf = (what: "items" | "bytes", stores: readonly StoreName[]) => number;

function rateSince(first: Sample | undefined, last: Sample): RateOf {
  const seconds = (last.ms - (first?.ms ?? last.ms)) / 1000;
  return (what, stores) => {
    const done = stores.reduce(
      (sum, store) =>
        sum + (last.done.get(store)?.[what] ?? 0) - (first?.done.get(store)?.[what] ?? 0),
      0,
    );
    return seconds > 0 ? Math.max(0, done) / seconds : 0;
  };
}

function readingOf(
  counts: ReadonlyMap<StoreName, StoreCount>,
  rateOf: RateOf,
): Omit<MeterReading, "step" | "detail"> {
  const stores = [...counts.keys()];
  const { known, share, secondsLeft } = outlookOf(counts, rateOf);
  const isAllKnown = known.length === stores.length && known.length > 0;
  const totalBytes = isAllKnown
    ? totalOf([...counts.values()].map((count) => count.totalBytes))
    : undefined;
  return {
    items: pick(counts, (count) => count.items),
    totalItems: pick(counts, (count) => count.totalItems),
    bytes: sumOf([...counts.values()].map(({ bytes }) => bytes)),
    ...(totalBytes === undefined ? {} : { totalBytes }),
    bytesPerSecond: Math.round(rateOf("bytes", stores)),
    itemsPerSecond: Math.round(rateOf("items", stores)),
    ...(share === undefined ? {} : { share }),
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
  };
}

interface Outlook {
  readonly known: readonly StoreName[];
  readonly share?: number;
  readonly secondsLeft?: number | undefined;
}

/** By the stores whose total is known: by bytes where it can be, for rows differ in size. */
function outlookOf(counts: ReadonlyMap<StoreName, StoreCount>, rateOf: RateOf): Outlook {
  for (const [what, totalName] of [
    ["bytes", "totalBytes"],
    ["items", "totalItems"],
  ] as const) {
    const known = [...counts].filter(([, count]) => (count[totalName] ?? 0) > 0);
    if (known.length > 0) {
      const stores = known.map(([store]) => store);
      const total = sumOf(known.map(([, count]) => count[totalName] ?? 0));
      const done = sumOf(known.map(([, count]) => count[what]));
      return {
        known: stores,
        share: Math.min(1, done / total),
        secondsLeft: remaining(total, done, rateOf(what, stores)),
      };
    }
  }
  return { known: [] };
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

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
