const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

function polymod(values: readonly number[]): number {
  let checksum = 1;
  for (const value of values) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ value;
    for (const [bit, part] of generator.entries()) {
      if ((top >>> bit) & 1) checksum ^= part;
    }
  }
  return checksum >>> 0;
}

function expandPrefix(prefix: string): readonly number[] {
  const codes = Array.from(prefix, (letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >>> 5), 0, ...codes.map((code) => code & 31)];
}

/** From groups of `from` bits to groups of `to` bits; undefined when the padding is not zeros of less than a group. */
function regroup(
  values: Iterable<number>,
  { from, to, pad }: { readonly from: number; readonly to: number; readonly pad: boolean },
): readonly number[] | undefined {
  const groups: number[] = [];
  const mask = (1 << to) - 1;
  let held = 0;
  let bits = 0;
  for (const value of values) {
    held = ((held << from) | value) & 0xfff;
    bits += from;
    while (bits >= to) {
      bits -= to;
      groups.push((held >>> bits) & mask);
    }
  }
  if (pad) return bits === 0 ? groups : [...groups, (held << (to - bits)) & mask];
  return bits < from && ((held << (to - bits)) & mask) === 0 ? groups : undefined;
}

/** Bytes in Bech32 (BIP 173), lower case, without its limit of 90 characters, as age uses it. `prefix` is in lower case. */
export function encodeBech32(prefix: string, bytes: Uint8Array): string {
  const data = regroup(bytes, { from: 8, to: 5, pad: true }) ?? [];
  const checksum = polymod([...expandPrefix(prefix), ...data, 0, 0, 0, 0, 0, 0]) ^ 1;
  const check = [25, 20, 15, 10, 5, 0].map((shift) => (checksum >>> shift) & 31);
  return `${prefix}1${[...data, ...check].map((value) => alphabet.charAt(value)).join("")}`;
}

/** What a Bech32 text holds, its prefix as it was written; undefined when it is none, or its checksum is wrong. */
export function decodeBech32(
  text: string,
): { readonly prefix: string; readonly bytes: Uint8Array } | undefined {
  if (text !== text.toLowerCase() && text !== text.toUpperCase()) return undefined;
  if (!/^[\u0021-\u007E]+$/u.test(text)) return undefined;
  const lower = text.toLowerCase();
  const separator = lower.lastIndexOf("1");
  if (separator < 1 || separator + 7 > lower.length) return undefined;
  const values = Array.from(lower.slice(separator + 1), (letter) => alphabet.indexOf(letter));
  if (values.includes(-1)) return undefined;
  if (polymod([...expandPrefix(lower.slice(0, separator)), ...values]) !== 1) return undefined;
  const bytes = regroup(values.slice(0, -6), { from: 5, to: 8, pad: false });
  if (bytes === undefined) return undefined;
  return { prefix: text.slice(0, separator), bytes: Uint8Array.from(bytes) };
}
