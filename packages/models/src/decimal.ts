import { ValueProblem } from "./value-problem.ts";

/** The digits of a decimal number: `-12.50` is sign `-`, whole `12`, fraction `50`. */
interface Digits {
  readonly sign: "" | "-";
  /** Without leading zeros; empty for 0. */
  readonly whole: string;
  readonly fraction: string;
}

/** PostgreSQL's own limits of an unconstrained `numeric`. */
const maxWhole = 131_072;
const maxFraction = 16_383;

const number = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?\s*$/;

/** The digits of a text such as `-12.50` or `1.5e3`. @throws {ValueProblem} */
function digitsOf(text: string): Digits {
  const match = number.exec(text);
  const [, sign, head = "", tail = "", exponentText = "0"] = match ?? [];
  if (match === null || head + tail === "") {
    throw new ValueProblem("wrong_format", "is not a decimal number such as 12.50");
  }
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > maxWhole + maxFraction) throw tooLong();
  const point = head.length + exponent;
  const digits = "0".repeat(Math.max(-point, 0)) + head + tail;
  const at = Math.max(point, 0);
  const whole = digits.slice(0, at).padEnd(at, "0").replace(/^0+/, "");
  const fraction = digits.slice(at);
  if (whole.length > maxWhole || fraction.length > maxFraction) throw tooLong();
  const isZero = whole === "" && /^0*$/.test(fraction);
  return { sign: sign === "-" && !isZero ? "-" : "", whole, fraction };
}

function tooLong(): ValueProblem {
  return new ValueProblem("out_of_range", "has more digits than a numeric of PostgreSQL can have");
}

function format({ sign, whole, fraction }: Digits): string {
  return `${sign}${whole === "" ? "0" : whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** What `numeric`, `numeric(p)` or `numeric(p,s)` says. */
export interface DecimalType {
  readonly precision?: number;
  readonly scale?: number;
}

/**
 * The text that PostgreSQL prints for a decimal in a column of that type. Never rounds: a digit that does not fit is a
 * problem, a zero that does not fit is dropped.
 *
 * @throws {ValueProblem}
 */
export function normalizeDecimal(text: string, type: DecimalType = {}): string {
  const special = specialDecimals[text.trim().toLowerCase()];
  if (special !== undefined) {
    if (special !== "NaN" && type.precision !== undefined) {
      throw new ValueProblem(
        "out_of_range",
        "is infinite, which a numeric with a precision cannot be",
      );
    }
    return special;
  }
  const digits = digitsOf(text);
  if (type.precision === undefined) return format(digits);
  return format(fitDigits(digits, type.precision, type.scale ?? 0));
}

const specialDecimals: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  nan: "NaN",
  infinity: "Infinity",
  "+infinity": "Infinity",
  inf: "Infinity",
  "-infinity": "-Infinity",
  "-inf": "-Infinity",
});

function fitDigits(digits: Digits, precision: number, scale: number): Digits {
  const kept = Math.max(scale, 0);
  const dropped = digits.fraction.slice(kept) + (scale < 0 ? digits.whole.slice(scale) : "");
  if (/[1-9]/.test(dropped)) {
    throw new ValueProblem(
      "out_of_range",
      scale < 0
        ? `is not a multiple of 1${"0".repeat(-scale)}`
        : `has more than ${kept} digits behind the point, which PostgreSQL would round`,
    );
  }
  const fraction = digits.fraction.slice(0, kept).padEnd(kept, "0");
  const significant = (digits.whole + fraction).replace(/^0+/, "").length;
  const most = precision - scale;
  if (digits.whole.length > Math.max(most, 0) || significant > precision + Math.max(-scale, 0)) {
    throw new ValueProblem(
      "out_of_range",
      most > 0
        ? `has more than ${most} digits before the point`
        : `is not smaller than 0.${"0".repeat(-most)}1`,
    );
  }
  return { sign: digits.sign, whole: digits.whole, fraction };
}

/** The text of a number if that says it exactly. @throws {ValueProblem} for an integer beyond 2^53, which may be a rounded one */
export function decimalOfNumber(value: number): string {
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new ValueProblem(
      "out_of_range",
      "is an integer beyond 2^53 in a number, which may have been rounded",
      { hint: "Give it as a text or as a bigint." },
    );
  }
  return String(value);
}

/** Negative, 0 or positive as `a` is less than, equal to or more than `b`; NaN is more than everything, as in PostgreSQL. */
export function compareDecimals(a: string, b: string): number {
  const [left, right] = [Number(a), Number(b)];
  if (Number.isNaN(left) || Number.isNaN(right)) {
    return (Number.isNaN(left) ? 1 : 0) - (Number.isNaN(right) ? 1 : 0);
  }
  if (/Inf/.test(a) || /Inf/.test(b)) return left === right ? 0 : left < right ? -1 : 1;
  const [x, y] = [digitsOf(a), digitsOf(b)];
  const places = Math.max(x.fraction.length, y.fraction.length);
  const difference = scaled(x, places) - scaled(y, places);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

function scaled(digits: Digits, places: number): bigint {
  return BigInt(`${digits.sign}${digits.whole}${digits.fraction.padEnd(places, "0")}` || "0");
}
