/** A 32-bit hash of a text (FNV-1a, then mixed so that texts that differ in one letter have nothing in common). */
export function hashOf(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01_00_01_93);
  }
  return mix(hash);
}

/** Spreads the bits of a 32-bit number: a bijection (the finalizer of MurmurHash3). */
export function mix(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85_eb_ca_6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2_b2_ae_35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/**
 * Random numbers that depend on nothing but where they were started. It is faker's randomizer, too: a start costs
 * nothing, while that of faker's own Mersenne Twister is dearer than the value that is drawn.
 */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 1;

  /** Begins again, at the place that the numbers say. */
  seed(seed: number | readonly number[]): void {
    const parts = typeof seed === "number" ? [seed] : seed;
    let state = 0x9e_37_79_b9;
    for (const part of parts) {
      state = mix(state ^ mix(part >>> 0));
      state = mix(state + Math.floor(part / 2 ** 32) + 1);
    }
    this.#a = state;
    this.#b = mix(state + 1);
    this.#c = mix(state + 2);
    this.#d = 1;
    for (let round = 0; round < 4; round += 1) this.bits();
  }

  /** 32 bits, by Chris Doty-Humphrey's sfc32. */
  bits(): number {
    const sum = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** From 0 to less than 1. */
  next(): number {
    return (this.bits() * 2 ** 21 + (this.bits() >>> 11)) / 2 ** 53;
  }

  /** A whole number between two, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** A whole number between two, both included. */
  bigint(low: bigint, high: bigint): bigint {
    const span = high - low + 1n;
    let drawn = 0n;
    for (let size = span; size > 0n; size >>= 32n) drawn = (drawn << 32n) | BigInt(this.bits());
    return low + (drawn % span);
  }

  /** One of a list. @throws {RangeError} when the list is empty */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.int(0, items.length - 1)];
    if (item === undefined) throw new RangeError("There is nothing to pick from.");
    return item;
  }

  /** True this often: 0 never, 1 always. */
  chance(share: number): boolean {
    return this.next() < share;
  }
}
