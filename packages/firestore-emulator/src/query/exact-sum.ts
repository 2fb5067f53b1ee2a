/** Every double is a whole number of these; the smallest that is not 0. */
const smallestExponent = -1074;
const exactBits = 64;

const view = new DataView(new ArrayBuffer(8));

/**
 * The sum of many numbers without any rounding on the way, so that it does not matter in which order they come. Only the
 * result is rounded, once.
 */
export class ExactSum {
  /** In units of the smallest double. */
  #doubles = 0n;
  #integers = 0n;
  /** Infinities and NaN, which have no exact sum. */
  #special = 0;
  #hasDouble = false;

  add(value: number | bigint): void {
    if (typeof value === "bigint") {
      this.#integers += value;
      return;
    }
    this.#hasDouble = true;
    if (Number.isFinite(value)) this.#doubles += unitsOf(value);
    else this.#special += value;
  }

  /** Whether all numbers were integers. */
  get isInteger(): boolean {
    return !this.#hasDouble;
  }

  /** The sum of the integers. */
  get integer(): bigint {
    return this.#integers;
  }

  /** The sum of all, as the nearest double. */
  get double(): number {
    if (this.#special !== 0) return this.#special;
    const units = this.#doubles + (this.#integers << BigInt(-smallestExponent));
    return doubleOf(units);
  }
}

/** A finite double as a number of the smallest ones. */
function unitsOf(value: number): bigint {
  view.setFloat64(0, value);
  const high = view.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(view.getUint32(4));
  const size = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return high >>> 31 === 1 ? -size : size;
}

function doubleOf(units: bigint): number {
  if (units < 0n) return -doubleOf(-units);
  const bits = units.toString(16).length * 4;
  if (bits <= exactBits) return Number(units) * 2 ** smallestExponent;
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
