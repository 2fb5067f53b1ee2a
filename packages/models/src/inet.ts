import { ValueProblem } from "./value-problem.ts";

/** PostgreSQL's text of an `inet`: the shortest spelling of the address, its prefix length unless that is all of it. @throws {ValueProblem} */
export function normalizeInet(text: string): string {
  const [address = "", bits, ...rest] = text.split("/");
  const words = address.includes(":") ? wordsOf(address) : undefined;
  const octets = words === undefined ? octetsOf(address) : undefined;
  const most = words === undefined ? 32 : 128;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (rest.length > 0 || !(prefix <= most)) throw notAnAddress();
  const shown = words === undefined ? (octets ?? []).join(".") : formatWords(words);
  return prefix === most ? shown : `${shown}/${prefix}`;
}

function notAnAddress(): ValueProblem {
  return new ValueProblem(
    "wrong_format",
    "is not an address such as 192.168.1.0/24 or 2001:db8::1",
  );
}

function octetsOf(text: string): readonly number[] {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) {
    throw notAnAddress();
  }
  return parts.map(Number);
}

function wordsOf(text: string): readonly number[] {
  const halves = text.split("::");
  const [head = [], tail] = halves.map((half) =>
    half === "" ? [] : half.split(":").flatMap(wordOf),
  );
  if (halves.length > 2) throw notAnAddress();
  const gap = tail === undefined ? 0 : 8 - head.length - tail.length;
  const words = [...head, ...Array.from({ length: Math.max(gap, 0) }, () => 0), ...(tail ?? [])];
  if (words.length !== 8 || (tail !== undefined && gap < 1)) throw notAnAddress();
  return words;
}

function wordOf(part: string, index: number, parts: readonly string[]): readonly number[] {
  if (part.includes(".") && index === parts.length - 1) {
    const [a = 0, b = 0, c = 0, d = 0] = octetsOf(part);
    return [a * 256 + b, c * 256 + d];
  }
  if (!/^[\da-f]{1,4}$/i.test(part)) throw notAnAddress();
  return [Number.parseInt(part, 16)];
}

/** As `inet_net_ntop_ipv6_bits` of PostgreSQL (from ISC) does: the first longest run of zeros is `::`. */
function formatWords(words: readonly number[]): string {
  const run = longestZeros(words);
  const embedded =
    run.start === 0 && (run.length === 6 || (run.length === 5 && words[5] === 0xff_ff));
  const last = embedded ? 6 : 8;
  let text = "";
  for (let index = 0; index < last; index += 1) {
    if (index >= run.start && index < run.start + run.length) {
      if (index === run.start) text += ":";
    } else {
      text += `${index === 0 ? "" : ":"}${(words[index] ?? 0).toString(16)}`;
    }
  }
  if (embedded) {
    const [high = 0, low = 0] = words.slice(6);
    return `${text}:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  return run.length > 0 && run.start + run.length === 8 ? `${text}:` : text;
}

function longestZeros(words: readonly number[]): {
  readonly start: number;
  readonly length: number;
} {
  let best = { start: -1, length: 0 };
  let start = 0;
  for (let index = 0; index <= words.length; index += 1) {
    if (words[index] === 0) continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = index + 1;
  }
  return best.length >= 2 ? best : { start: -1, length: 0 };
}
