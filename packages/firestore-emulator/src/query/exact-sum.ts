/** The exponent of the smallest double, of which every double is a whole multiple. */
const smallestExponent = -1074;
const exponents = 2048;
/** As many as can be added to a total of 32-bit parts before it is no longer exact. */
const maxPending = 2 ** 20;
const exactBits = 64;

const view = new DataView(new ArrayBuffer(8));

/**
 * The sum of many numbers, in whatever order they come: integers are added without rounding, and so are doubles, and only then
 * are the two sums added, as doubles.
 */
export class ExactSum {
  #integers = 0n;
  /** What the doubles came to, in units of the smallest of them. */
  #doubles = 0n;
  /** The upper and lower bits of the doubles that are not in `#doubles` yet, one total for each exponent. */
  #pending: { readonly upper: Float64Array; readonly lower: Float64Array } | undefined;
  #pendingCount = 0;
  /** Infinities and NaN, which have no exact sum. */
  #special = 0;

  add(value: number | bigint): void {
    if (typeof value === "bigint") this.#integers += value;
    else this.#addDouble(value);
  }

  /** Whether all numbers were integers. */
  get isInteger(): boolean {
    return this.#pending === undefined;
  }

  /** The sum of the integers. */
  get integer(): bigint {
    return this.#integers;
  }

  /** The sum of all. */
  get double(): number {
    if (this.#special !== 0) return this.#special;
    this.#settle();
    return Number(this.#integers) + doubleOf(this.#doubles);
  }

  #addDouble(value: number): void {
    this.#pending ??= { upper: new Float64Array(exponents), lower: new Float64Array(exponents) };
    if (!Number.isFinite(value)) {
      this.#special += value;
      return;
    }
    view.setFloat64(0, Math.abs(value));
    const high = view.getUint32(0);
    const exponent = high >>> 20;
    const upper = (high & 0xf_ffff) + (exponent === 0 ? 0 : 0x10_0000);
    const sign = value < 0 ? -1 : 1;
    addTo(this.#pending.upper, exponent, sign * upper);
    addTo(this.#pending.lower, exponent, sign * view.getUint32(4));
    this.#pendingCount += 1;
    if (this.#pendingCount === maxPending) this.#settle();
  }

  #settle(): void {
    if (!this.#pending || this.#pendingCount === 0) return;
    const { upper, lower } = this.#pending;
    for (const [exponent, high] of upper.entries()) {
      const low = lower[exponent] ?? 0;
      if (high === 0 && low === 0) continue;
      const units = (BigInt(high) << 32n) + BigInt(low);
      this.#doubles += units << BigInt(Math.max(exponent - 1, 0));
    }
    upper.fill(0);
    lower.fill(0);
    this.#pendingCount = 0;
  }
}

function addTo(totals: Float64Array, index: number, value: number): void {
  totals[index] = (totals[index] ?? 0) + value;
}

/** The double nearest to a number of the smallest ones. */
function doubleOf(units: bigint): number {
  if (units < 0n) return -doubleOf(-units);
  const bits = units.toString(16).length * 4;
  if (bits <= exactBits) return scaled(Number(units), smallestExponent);
  const shift = bits - exactBits;
  const top = units >> BigInt(shift);
  // A last bit that stands for all that was cut off, so that a half is rounded as what it is.
  const sticky = top << BigInt(shift) === units ? top : top | 1n;
  return scaled(Number(sticky), shift + smallestExponent);
}

/** `value * 2 ** exponent`, where the power alone may be out of range. */
function scaled(value: number, exponent: number): number {
  const first = Math.max(-1000, Math.min(1000, exponent));
  return value * 2 ** first * 2 ** (exponent - first);
}
