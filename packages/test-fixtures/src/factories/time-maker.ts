import type { Bound, ColumnDomain } from "./column-domain.ts";
import { maxCapacity, type ColumnMaker, type MakingContext } from "./column-maker.ts";
import { usualDays } from "./meaning.ts";

const msPerDay = 86_400_000;
/** The first and the last moment that are written with four digits of a year. */
const firstMs = Date.parse("0001-01-01T00:00:00Z");
const lastMs = Date.UTC(9999, 11, 31, 23, 59, 59);

/** A maker of date, timestamp and timestamptz. */
export function dateMaker(
  kind: "date" | "timestamp" | "timestamptz",
  domain: ColumnDomain,
): ColumnMaker {
  const unit = kind === "date" ? msPerDay : 1000;
  const range = new MomentRange(domain, unit);
  const print = (ms: number, micros = 0): string => momentText(kind, ms, fitDigits(domain, micros));
  const edges = kind === "date" ? dateEdges : momentEdges(kind, domain);
  const excluded = domain.noneOf;
  return {
    capacity: Math.max(range.count, 0),
    nth: (index) => print(range.nth(index)),
    ascending: { length: range.ascending, after: (text) => range.after(text) },
    sample: (context) => {
      const ms = range.usual(context);
      const micros = kind === "date" ? 0 : context.random.int(0, 999_999);
      const text = print(ms, ms < range.high ? micros : 0);
      return excluded.has(text) ? print(range.high) : text;
    },
    edge: (edge) => {
      if (edge === "longest") return domain.highs.length === 0 ? edges.last : print(range.high);
      if (edge === "smallest") return domain.lows.length === 0 ? "-infinity" : print(range.low);
      if (edge === "special") return domain.highs.length === 0 ? "infinity" : undefined;
      return domain.lows.length === 0 ? edges.beforeChrist : undefined;
    },
  };
}

/** The last that PostgreSQL holds, and one before Christ. */
const dateEdges = { last: "5874897-12-31", beforeChrist: "0044-03-15 BC" } as const;

function momentEdges(
  kind: "timestamp" | "timestamptz",
  domain: ColumnDomain,
): { readonly last: string; readonly beforeChrist: string } {
  const zone = kind === "timestamptz" ? "Z" : "";
  const digits = fractionText(fitDigits(domain, 999_999));
  return {
    last: `294276-12-31T23:59:59${digits}${zone}`,
    beforeChrist: `0044-03-15T12:00:00${zone} BC`,
  };
}

/** Whole units of time between two bounds. */
class MomentRange {
  readonly low: number;
  readonly high: number;
  readonly #unit: number;
  readonly #name: string;
  readonly #isBounded: boolean;

  constructor(domain: ColumnDomain, unit: number) {
    this.#unit = unit;
    this.#name = domain.name;
    this.low = Math.max(firstMs, ...domain.lows.flatMap((bound) => inside(bound, unit, 1)));
    this.high = Math.min(lastMs, ...domain.highs.flatMap((bound) => inside(bound, unit, -1)));
    this.#isBounded = domain.lows.length + domain.highs.length > 0;
  }

  /** Where counting starts: 2000-01-01, or what is nearest to it. */
  get #start(): number {
    const start = Math.min(Math.max(Date.UTC(2000, 0, 1), this.low), this.high);
    // A range that ends soon is counted from its beginning.
    return this.#isBounded ? this.low : start;
  }

  get count(): number {
    return Math.min(Math.floor((this.high - this.low) / this.#unit) + 1, maxCapacity);
  }

  nth(index: number): number {
    const start = this.#start;
    const up = start + index * this.#unit;
    if (up <= this.high) return up;
    const used = Math.floor((this.high - start) / this.#unit) + 1;
    return start - (index - used + 1) * this.#unit;
  }

  /** For how many numbers {@link MomentRange.nth} counts up. */
  get ascending(): number {
    return Math.floor((this.high - this.#start) / this.#unit) + 1;
  }

  /** The first number whose moment is later than the one that is given. */
  after(text: string): number {
    if (text.endsWith(" BC") || text === "-infinity") return 0;
    const ms = Date.parse(`${text.replace(" ", "T").replace(/(?:\.\d+)?(?:Z|\+00)?$/, "")}Z`);
    // Beyond what a Date reads there is nothing later.
    const moment = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : "") || ms;
    if (Number.isNaN(moment)) return this.ascending;
    return Math.max(Math.floor((moment - this.#start) / this.#unit) + 1, 0);
  }

  usual({ random, now }: MakingContext): number {
    const [from, to] = usualDays(this.#name);
    const today = Math.floor(now / msPerDay) * msPerDay;
    const low = Math.max(this.low, today + from * msPerDay);
    const high = Math.min(this.high, today + to * msPerDay);
    if (low <= high) return this.#floor(random.int(low, high), low);
    // Nothing of what one expects is allowed: a year beside the nearest bound.
    const year = 365 * msPerDay;
    const far = this.low > today + to * msPerDay;
    const ends = far
      ? [this.low, Math.min(this.low + year, this.high)]
      : [Math.max(this.high - year, this.low), this.high];
    const [first = this.low, last = this.high] = ends;
    return this.#floor(random.int(first, last), first);
  }

  #floor(ms: number, least: number): number {
    return Math.max(Math.floor(ms / this.#unit) * this.#unit, least);
  }
}

/** The first whole unit inside of a bound; nothing for one that is not understood. */
function inside({ text, exclusive }: Bound, unit: number, step: 1 | -1): readonly number[] {
  const match =
    /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(
      text.trim(),
    );
  if (match === null) return [];
  const [, year, month, day, hour = "00", minute = "00", second = "00"] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(ms)) return [];
  // A zone that is not ours, or a fraction: a day more inside is inside in any case.
  const zone = match[7] !== undefined && match[7] !== "Z" ? step * msPerDay : 0;
  const units = ms / unit;
  const whole = (step === 1 ? Math.ceil(units) : Math.floor(units)) * unit;
  const isAtBound = whole === ms && (exclusive || /\.\d/.test(text));
  return [whole + zone + (isAtBound ? step * unit : 0)];
}

function momentText(kind: "date" | "timestamp" | "timestamptz", ms: number, micros: number): string {
  const iso = new Date(ms).toISOString();
  if (kind === "date") return iso.slice(0, 10);
  return `${iso.slice(0, 19)}${fractionText(micros)}${kind === "timestamptz" ? "Z" : ""}`;
} // prettier-ignore

/** Without the digits of a second's fraction that the type does not keep. */
function fitDigits({ type }: ColumnDomain, micros: number): number {
  const precision = type.kind === "enum" ? undefined : type.precision;
  const unit = 10 ** (6 - (precision ?? 6));
  return Math.floor(micros / unit) * unit;
}

function fractionText(micros: number): string {
  return micros === 0 ? "" : `.${String(micros).padStart(6, "0").replace(/0+$/, "")}`;
}

/** A maker of time. */
export function timeMaker(domain: ColumnDomain): ColumnMaker {
  const low = Math.max(0, ...domain.lows.map((bound) => secondOfDay(bound, 1) ?? 0));
  const high = Math.min(86_399, ...domain.highs.map((bound) => secondOfDay(bound, -1) ?? 86_399));
  const print = (second: number, micros = 0): string => `${clockText(second)}${fractionText(fitDigits(domain, micros))}`;
  const perSecond = 10 ** (domain.type.kind === "enum" ? 6 : (domain.type.precision ?? 6));
  const seconds = Math.max(high - low + 1, 0);
  return {
    capacity: seconds * perSecond,
    nth: (index) =>
      print(low + (index % seconds), Math.floor(index / seconds) * (1_000_000 / perSecond)),
    sample: ({ random }) => print(random.int(low, high), high < 86_399 ? 0 : random.int(0, 999_999)),
    edge: (edge) => {
      // PostgreSQL's day has an end of its own.
      if (edge === "longest") return domain.highs.length === 0 ? "24:00:00" : print(high);
      return edge === "smallest" ? print(low) : edge === "special" && domain.highs.length === 0 ? print(86_399, 999_999) : undefined;
    },
  };
} // prettier-ignore

function secondOfDay({ text, exclusive }: Bound, step: 1 | -1): number | undefined {
  const match = /^(\d\d):(\d\d)(?::(\d\d))?(\.\d+)?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, hour, minute, second = "0", fraction] = match;
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second);
  return seconds + (exclusive || (fraction !== undefined && step === 1) ? step : 0);
}

function clockText(seconds: number): string {
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** A maker of interval. */
export function intervalMaker(): ColumnMaker {
  return {
    // Seconds are told apart from seconds; a day and 24 hours are not, where an index compares them.
    capacity: 2 ** 40,
    nth: clockOf,
    sample: ({ random }) => `${random.int(1, 30)} days ${clockText(random.int(0, 86_399))}`,
    edge: (edge) => {
      // The very last ones stand for infinity since PostgreSQL 17.
      if (edge === "longest") return "178956969 years 11 mons 2147483646 days 2562047787:59:59.999999";
      if (edge === "smallest") return "-178956969 years -11 mons -2147483646 days -2562047787:59:59.999999";
      return edge === "special" ? "1 year -3 days +00:00:00.000001" : undefined;
    },
  };
} // prettier-ignore

function clockOf(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  return `${String(hours).padStart(2, "0")}${clockText(seconds % 3600).slice(2)}`;
}
