import { ValueProblem } from "./value-problem.ts";

/** The significant digits of a positive number, without trailing zeros, and the power of ten of the first one. */
interface Significant {
  readonly digits: string;
  readonly exponent: number;
}

/**
 * PostgreSQL's text of a number in a `double precision` (15) or `real` (6) column: the shortest digits that read back
 * as the same number, in scientific notation from `1e+15` (or `1e+06`) on and below `0.0001`.
 */
function formatFloat(value: number, positionalDigits: 6 | 15): string {
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  if (!Number.isFinite(value)) return String(value);
  const { digits, exponent } = significantOf(Math.abs(value), positionalDigits);
  const sign = value < 0 ? "-" : "";
  if (exponent < -4 || exponent >= positionalDigits) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${digits.slice(0, 1)}${fraction}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const fraction = digits.slice(exponent + 1);
  return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** PostgreSQL's text of a `double precision`. */
export function formatFloat64(value: number): string {
  // JavaScript prints these the same way, and they are nearly all.
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e15) return String(value);
  return formatFloat(value, 15);
}

/** PostgreSQL's text of a `real`, given as the number that its shortest text reads as in JavaScript. */
export function formatFloat32(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e6) return String(value);
  return formatFloat(value, 6);
}

/**
 * From 2^53 on JavaScript's shortest text of a double may lie halfway to the next one, which PostgreSQL does not use.
 * What is in a `real` came from a text of at most 9 digits.
 */
function significantOf(value: number, positionalDigits: 6 | 15): Significant {
  if (value >= 2 ** 53 && positionalDigits === 15) return shortestDigits(value, spacings64(value));
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  return { digits: mantissa.replace(".", ""), exponent: Number(exponent) };
}

/** The distances to the next smaller and the next larger number of the type. */
interface Spacings {
  readonly below: number;
  readonly above: number;
}

function spacings64(value: number): Spacings {
  const bits = new BigUint64Array(new Float64Array([value]).buffer);
  const neighbour = (step: bigint): number =>
    new Float64Array(new BigUint64Array([(bits[0] ?? 0n) + step]).buffer)[0] ?? 0;
  const below = value - neighbour(-1n);
  const next = neighbour(1n);
  return { below, above: Number.isFinite(next) ? next - value : below };
}

function spacings32(value: number): Spacings {
  const bits = new Uint32Array(new Float32Array([value]).buffer);
  const neighbour = (step: number): number =>
    new Float32Array(new Uint32Array([(bits[0] ?? 0) + step]).buffer)[0] ?? 0;
  const below = value - neighbour(-1);
  const next = neighbour(1);
  return { below, above: Number.isFinite(next) ? next - value : below };
}

/**
 * The shortest digits strictly inside of the half-way points around a positive number, the nearest of those, and of
 * two equally near the even one: what PostgreSQL's Ryu prints.
 */
function shortestDigits(value: number, { below, above }: Spacings): Significant {
  // Everything in units of 2^-k, so that the half-way points are integers.
  const k = Math.max(0, 1 - Math.log2(Math.min(below, above)));
  const unit = 2n ** BigInt(k);
  const exact = scaleUp(value, k);
  const low = exact - scaleUp(below, k) / 2n;
  const high = exact + scaleUp(above, k) / 2n;
  const exponent = Number(value.toExponential(20).split("e")[1]);
  for (let places = exponent; ; places -= 1) {
    // A candidate is n * 10^places; with negative places both sides are multiplied by 10^-places.
    const step = places >= 0 ? 10n ** BigInt(places) * unit : unit;
    const factor = places >= 0 ? 1n : 10n ** BigInt(-places);
    const n = nearest(exact * factor, step);
    for (const candidate of [n, n + 1n, n - 1n]) {
      const scaled = candidate * step;
      if (scaled > low * factor && scaled < high * factor) {
        const digits = String(candidate);
        return {
          digits: digits.replace(/0+$/, ""),
          exponent: places + digits.length - 1,
        };
      }
    }
  }
}

/** `value * 2^k` of a number that is an integer then. */
function scaleUp(value: number, k: number): bigint {
  let [rest, power] = [value, k];
  while (power > 1000) {
    rest *= 2 ** 1000;
    power -= 1000;
  }
  return Number.isInteger(rest) ? BigInt(rest) * 2n ** BigInt(power) : BigInt(rest * 2 ** power);
}

function nearest(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const twice = 2n * (dividend - quotient * divisor);
  if (twice === divisor) return quotient % 2n === 0n ? quotient : quotient + 1n;
  return twice > divisor ? quotient + 1n : quotient;
}

/**
 * What a `real` holds of a number, as the number that its shortest text reads as: 0.1 and not 0.10000000149011612.
 *
 * @throws {ValueProblem} for a number that is too large, or so small that it would become 0
 */
export function normalizeFloat32(value: number): number {
  const single = Math.fround(value);
  if (single === 0 || !Number.isFinite(single)) {
    if (single === 0 ? value !== 0 : Number.isFinite(value)) {
      throw new ValueProblem("out_of_range", "is out of the range of real (about 1e-45 to 3.4e38)");
    }
    return single;
  }
  const size = Math.abs(single);
  const { digits, exponent } = shortestDigits(size, spacings32(size));
  const shortest = Number(`${digits}e${exponent - digits.length + 1}`);
  return single < 0 ? -shortest : shortest;
}
