// RFC 7693. OpenSSL gives BLAKE2b with 64 bytes only, and minisign's checksum has 32: another hash, not a shorter one.
const initial = [
  0x6a09e667f3bcc908n,
  0xbb67ae8584caa73bn,
  0x3c6ef372fe94f82bn,
  0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n,
  0x9b05688c2b3e6c1fn,
  0x1f83d9abfb41bd6bn,
  0x5be0cd19137e2179n,
] as const;

const schedule = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
] as const;

const mixed = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

const blockBytes = 128;

function rotate(value: bigint, bits: bigint): bigint {
  return BigInt.asUintN(64, (value >> bits) | (value << (64n - bits)));
}

function mix(
  state: BigUint64Array,
  places: readonly [number, number, number, number],
  words: readonly [bigint, bigint],
): void {
  const [ia, ib, ic, id] = places;
  let [a, b, c, d] = [state[ia] ?? 0n, state[ib] ?? 0n, state[ic] ?? 0n, state[id] ?? 0n];
  for (const [word, first, second] of [
    [words[0], 32n, 24n],
    [words[1], 16n, 63n],
  ] as const) {
    a = BigInt.asUintN(64, a + b + word);
    d = rotate(d ^ a, first);
    c = BigInt.asUintN(64, c + d);
    b = rotate(b ^ c, second);
  }
  state[ia] = a;
  state[ib] = b;
  state[ic] = c;
  state[id] = d;
}

function compress(
  hash: BigUint64Array,
  block: Buffer,
  end: { readonly count: bigint; readonly isLast: boolean },
): void {
  const state = BigUint64Array.from([...hash, ...initial]);
  state[12] = (state[12] ?? 0n) ^ end.count;
  if (end.isLast) state[14] = BigInt.asUintN(64, ~(state[14] ?? 0n));
  for (let round = 0; round < 12; round += 1) {
    const order = schedule[round % 10] ?? schedule[0];
    const word = (at: number): bigint => block.readBigUInt64LE(8 * (order[at] ?? 0));
    for (const [at, places] of mixed.entries())
      mix(state, places, [word(2 * at), word(2 * at + 1)]);
  }
  for (let at = 0; at < 8; at += 1) {
    hash[at] = (hash[at] ?? 0n) ^ (state[at] ?? 0n) ^ (state[at + 8] ?? 0n);
  }
}

/** BLAKE2b without a key, of 1 to 64 bytes. Slow: for what is short. */
export function blake2b(message: Uint8Array, outputBytes: number): Buffer {
  const hash = BigUint64Array.from(initial);
  hash[0] = (hash[0] ?? 0n) ^ 0x01010000n ^ BigInt(outputBytes);
  const blocks = Math.max(1, Math.ceil(message.length / blockBytes));
  for (let at = 0; at < blocks; at += 1) {
    const block = Buffer.alloc(blockBytes);
    block.set(message.subarray(at * blockBytes, (at + 1) * blockBytes));
    const isLast = at === blocks - 1;
    const count = BigInt(isLast ? message.length : (at + 1) * blockBytes);
    compress(hash, block, { count, isLast });
  }
  const out = Buffer.alloc(64);
  for (const [at, word] of hash.entries()) out.writeBigUInt64LE(word, 8 * at);
  return out.subarray(0, outputBytes);
}
