const slots = 8192;
const maxEntries = slots / 2;
const maxKeyBytes = 64;
/** After so many questions a memory that rarely knows the answer is given up. */
const trialQuestions = 20_000;

/** Remembers what came of a few bytes, found without a string being made. It holds at most 4,096 keys of at most 64 bytes. */
export class ByteMemo<Value> {
  readonly #hashes = new Int32Array(slots);
  readonly #keys: (Uint8Array | undefined)[] = Array.from({ length: slots });
  readonly #values: (Value | undefined)[] = Array.from({ length: slots });
  #entries = 0;
  #questions = 0;
  #hits = 0;
  #isUseful = true;
  /** Where the last question ended, for {@link ByteMemo.put}. */
  #slot = -1;
  #hash = 0;

  get(bytes: Uint8Array, from: number, to: number): Value | undefined {
    this.#slot = -1;
    if (!this.#isUseful || to - from > maxKeyBytes) return undefined;
    this.#questions += 1;
    if (this.#questions === trialQuestions) this.#judge();
    const hash = hashOf(bytes, from, to);
    for (let slot = hash & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const key = this.#keys[slot];
      if (key === undefined) {
        this.#slot = slot;
        this.#hash = hash;
        return undefined;
      }
      if (this.#hashes[slot] !== hash || !isSame(key, { bytes, from, to })) continue;
      this.#hits += 1;
      return this.#values[slot];
    }
  }

  /** For the bytes that were asked for last. */
  put(bytes: Uint8Array, from: number, to: number, value: Value): void {
    if (this.#slot === -1 || this.#entries === maxEntries) return;
    this.#keys[this.#slot] = Uint8Array.from(bytes.subarray(from, to));
    this.#values[this.#slot] = value;
    this.#hashes[this.#slot] = this.#hash;
    this.#slot = -1;
    this.#entries += 1;
  }

  #judge(): void {
    this.#isUseful = this.#hits * 2 > this.#questions;
    this.#questions = 0;
    this.#hits = 0;
    if (this.#isUseful) return;
    this.#keys.length = 0;
    this.#values.length = 0;
  }
}

/** FNV-1a, 32 bits. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}

function isSame(
  key: Uint8Array,
  { bytes, from, to }: { readonly bytes: Uint8Array; readonly from: number; readonly to: number },
): boolean {
  if (key.length !== to - from) return false;
  for (let at = 0; at < key.length; at += 1) if (key[at] !== bytes[from + at]) return false;
  return true;
}
