import type { Bound, ColumnDomain } from "./column-domain.ts";
import { maxCapacity, type ColumnMaker } from "./column-maker.ts";
import { usualNumbers } from "./meaning.ts";

/** The integers that a type holds. */
const integerBits = { int16: 16, int32: 32, int64: 64 } as const;

/** A maker of smallint, integer and bigint. */
export function integerMaker(
  kind: keyof typeof integerBits,
  domain: ColumnDomain,
): ColumnMaker {
  const half = 2n ** BigInt(integerBits[kind] - 1);
  const range = unitRange(domain, { scale: 0, low: -half, high: half - 1n });
  const make = kind === "int64" ? (units: bigint): bigint => units : Number;
  return unitMaker(domain, { ...range, scale: 0, make });
} // prettier-ignore

/** So many digits a `numeric` without a precision gets before its point. */
const usualDigits = 12;

/** A maker of numeric. */
export function decimalMaker(domain: ColumnDomain): ColumnMaker {
  const { type } = domain;
  const facts: { readonly precision?: number; readonly scale?: number } =
    type.kind === "enum" ? {} : type;
  const digits = [...domain.lows, ...domain.highs].map(({ text }) => fractionDigits(text));
  const scale = facts.precision === undefined ? Math.max(2, ...digits) : (facts.scale ?? 0);
  const most = 10n ** BigInt(facts.precision ?? usualDigits + scale) - 1n;
  const range = unitRange(domain, { scale, low: -most, high: most });
  const make = (units: bigint): string => decimalText(units, scale);
  const plain = unitMaker(domain, { ...range, scale, make });
  const free = facts.precision === undefined;
  return {
    ...plain,
    edge: (edge, context) => {
      if (edge === "special" && domain.highs.length === 0) return "NaN";
      // What no number of another type could hold.
      if (free && edge === "longest" && domain.highs.length === 0) return `1${"0".repeat(120)}.${"9".repeat(60)}`;
      if (free && edge === "smallest" && domain.lows.length === 0) return `-1${"0".repeat(120)}.${"9".repeat(60)}`;
      return plain.edge(edge, context);
    },
  };
} // prettier-ignore

interface UnitRange {
  readonly low: bigint;
  readonly high: bigint;
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** The bounds of a domain in units of 10^-scale, both included. */
function unitRange(
  { lows, highs }: ColumnDomain,
  given: UnitRange & { readonly scale: number },
): UnitRange {
  const low = (bound: Bound): bigint => unitsOf(bound, given.scale, "up") ?? given.low;
  const high = (bound: Bound): bigint => unitsOf(bound, given.scale, "down") ?? given.high;
  return {
    low: lows.map(low).reduce(larger, given.low),
    high: highs.map(high).reduce(smaller, given.high),
  };
}

/** The first unit inside of a bound; undefined when it is no number. */
function unitsOf({ text, exclusive }: Bound, scale: number, to: "up" | "down"): bigint | undefined {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text.trim());
  if (match === null || `${match[2]}${match[3]}` === "") return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const magnitude = BigInt(`${whole}${fraction}`);
  const shift = scale + Number(exponent) - fraction.length;
  const signed = sign === "-" ? -magnitude : magnitude;
  if (shift >= 0) {
    const exact = signed * 10n ** BigInt(shift);
    return exclusive ? exact + (to === "up" ? 1n : -1n) : exact;
  }
  const divisor = 10n ** BigInt(-shift);
  const floor = signed / divisor - (signed % divisor < 0n ? 1n : 0n);
  const isExact = floor * divisor === signed;
  if (isExact) return exclusive ? floor + (to === "up" ? 1n : -1n) : floor;
  return to === "up" ? floor + 1n : floor;
}

function fractionDigits(text: string): number {
  const [, fraction = "", exponent = "0"] = /^[+-]?\d*\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  return Math.min(Math.max(fraction.length - Number(exponent), 0), 100);
} // prettier-ignore

/** `1234` with scale 2 is `12.34`, with scale -2 `123400`. */
function decimalText(units: bigint, scale: number): string {
  if (scale <= 0) return `${units}${units === 0n ? "" : "0".repeat(-scale)}`;
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  return `${units < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

interface Units extends UnitRange {
  readonly scale: number;
  readonly make: (units: bigint) => unknown;
}

function unitMaker(domain: ColumnDomain, { low, high, scale, make }: Units): ColumnMaker {
  const numbers = new UnitNumbers(domain, { low, high, scale });
  const usual = usualUnits(domain, { low, high, scale });
  return {
    capacity: numbers.capacity,
    nth: (index) => make(numbers.nth(index)),
    ...numbers.ascending(scale),
    sample: ({ random }) => make(numbers.allowed(random.bigint(usual.low, usual.high))),
    edge: (edge) => {
      if (edge === "longest") return make(numbers.allowed(high));
      return edge === "smallest" ? make(numbers.allowed(low)) : undefined;
    },
  };
}

/** Numbers the units of a range: up from 1, then down from 0; those that a check excludes are left out. */
class UnitNumbers {
  readonly capacity: number;
  readonly #low: bigint;
  readonly #high: bigint;
  readonly #start: bigint;
  readonly #excluded: ReadonlySet<bigint>;
  /** What stands for an excluded unit: one of those that would come last. */
  readonly #instead: ReadonlyMap<bigint, bigint>;

  constructor(domain: ColumnDomain, { low, high, scale }: UnitRange & { readonly scale: number }) {
    this.#low = low;
    this.#high = high;
    this.#start = low > 1n ? low : high < 1n ? low : 1n;
    const excluded = [...domain.noneOf]
      .flatMap((text) => unitsOf({ text, exclusive: false }, scale, "up") ?? [])
      .filter((units) => units >= low && units <= high);
    this.#excluded = new Set(excluded);
    const all = high < low ? 0n : high - low + 1n;
    const count = all - BigInt(this.#excluded.size);
    this.capacity = count > BigInt(maxCapacity) ? maxCapacity : Number(count);
    const last = Array.from(this.#excluded, (_, more) => this.#unitAt(count + BigInt(more))).filter(
      (units) => !this.#excluded.has(units),
    );
    const early = [...this.#excluded].filter((units) => this.#placeOf(units) < count);
    this.#instead = new Map(early.map((units, index) => [units, last[index] ?? units]));
  }

  nth(index: number): bigint {
    const units = this.#unitAt(BigInt(index));
    return this.#instead.get(units) ?? units;
  }

  /** Where they count up, unless something is left out. */
  ascending(scale: number): Pick<ColumnMaker, "ascending"> {
    if (this.#excluded.size > 0 || this.capacity === 0) return {};
    const length = this.#high - this.#start + 1n;
    return {
      ascending: {
        length: length > BigInt(maxCapacity) ? maxCapacity : Number(length),
        after: (text) => {
          const units = unitsOf({ text, exclusive: false }, scale, "down") ?? this.#high;
          const index = units - this.#start + 1n;
          return index > 0n ? Number(index) : 0;
        },
      },
    };
  }

  /** The unit itself, or one beside it that is not excluded. */
  allowed(units: bigint): bigint {
    let found = units;
    while (this.#excluded.has(found) && found < this.#high) found += 1n;
    while (this.#excluded.has(found) && found > this.#low) found -= 1n;
    return found;
  }

  #unitAt(place: bigint): bigint {
    const up = this.#start + place;
    return up <= this.#high ? up : this.#high - place;
  }

  #placeOf(units: bigint): bigint {
    return units >= this.#start ? units - this.#start : this.#high - units;
  }
}

/** What one would expect in a column of this name, as far as it is allowed. */
function usualUnits(
  domain: ColumnDomain,
  { low, high, scale }: UnitRange & { readonly scale: number },
): UnitRange {
  const [least, most] = usualNumbers(domain.name);
  const factor = 10 ** Math.max(scale, 0);
  const wanted = scale < 0 ? [0n, 1000n] : [BigInt(Math.round(least * factor)), BigInt(Math.round(most * factor))]; // prettier-ignore
  const [from = low, to = high] = wanted;
  const lowest = from > low ? from : low;
  const highest = to < high ? to : high;
  if (lowest <= highest) return { low: lowest, high: highest };
  const width = 1000n * BigInt(factor);
  return to < low
    ? { low, high: low + width < high ? low + width : high }
    : { low: high - width > low ? high - width : low, high };
}

/** A maker of real and double precision. */
export function floatMaker(kind: "float32" | "float64", domain: ColumnDomain): ColumnMaker {
  const largest = kind === "float32" ? 3.402_823_4e38 : Number.MAX_VALUE;
  const low = Math.max(-largest, ...domain.lows.map((bound) => floatInside(bound, 1, kind)));
  const high = Math.min(largest, ...domain.highs.map((bound) => floatInside(bound, -1, kind)));
  const exact = kind === "float32" ? 2 ** 24 : 2 ** 53 - 1;
  const first = Math.ceil(Math.max(low, Math.min(1, high)));
  // Whole numbers where there is room for them, else equal steps.
  const whole = Math.min(high, exact) - first > 2 ** 20;
  const steps = low === high ? 1 : 2 ** 20;
  const [least, most] = usualNumbers(domain.name);
  const [from, to] = least <= high && most >= low ? [Math.max(least, low), Math.min(most, high)] : [low, high]; // prettier-ignore
  const single = (value: number): number =>
    kind === "float32" ? Math.min(Math.max(Math.fround(value), low), high) : value;
  return {
    capacity: whole ? Math.floor(Math.min(high, exact) - first) + 1 : steps,
    nth: (index) => (whole ? first + index : single(low + ((high - low) * index) / steps)),
    sample: ({ random }) => single(Math.min(Math.max(rounded(from + (to - from) * random.next()), from), to)),
    edge: (edge) => {
      if (edge === "longest") return high;
      if (edge === "smallest") return domain.lows.length === 0 ? -Infinity : low;
      if (edge === "special") return domain.highs.length === 0 ? Number.NaN : undefined;
      return undefined;
    },
  };
} // prettier-ignore

const rounded = (value: number): number =>
  Math.abs(value) > 1e12 || Math.abs(value) < 0.1 ? value : Math.round(value * 100) / 100;

function floatInside({ text, exclusive }: Bound, step: 1 | -1, kind: "float32" | "float64"): number {
  const value = Number(text);
  if (Number.isNaN(value)) return step === 1 ? -Infinity : Infinity;
  const size = kind === "float32" ? 1e-6 : 1e-14;
  const beside = value === 0 ? step * 1e-30 : value + step * Math.abs(value) * size;
  if (exclusive) return beside;
  // A bound that the type does not hold exactly may be on the wrong side once it is rounded.
  return kind === "float32" && Math.fround(value) !== value ? beside : value;
} // prettier-ignore
