import type { ValueFormat } from "@ctb-data/registry";
import type { ByteSlice } from "./value-encoder.ts";

/**
 * Makes a value of its source's bytes, for the most usual of them: the slice is then the value. False for those that it does not know:
 * the slice is as it was, and the rule for texts says what comes of it. Whatever a rule of bytes makes, that of texts makes too.
 */
export type ByteRule = (slice: ByteSlice) => boolean;

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const minus = 0x2d;
const point = 0x2e;

/** One rule behind the other. What only some of them know, none does. */
export function chainBytes(rules: readonly ByteRule[]): ByteRule {
  const [only, ...more] = rules;
  if (only !== undefined && more.length === 0) return only;
  return (slice) => {
    const { bytes, from, to } = slice;
    for (const rule of rules) {
      if (rule(slice)) continue;
      slice.bytes = bytes;
      slice.from = from;
      slice.to = to;
      return false;
    }
    return true;
  };
}

/** A text of JSON without its quotes, where it has no escapes; a number or a boolean. */
export function jsonScalarBytes(slice: ByteSlice): boolean {
  const { bytes, from, to } = slice;
  const first = bytes[from] ?? 0;
  if (first !== 0x22) return first === minus || isDigit(first) || first === 0x66 || first === 0x74;
  for (let at = from + 1; at < to; at += 1) if (bytes[at] === 0x5c) return false;
  slice.from = from + 1;
  slice.to = to - 1;
  return true;
}

/** The value as it is, with at most so many characters. An empty one may be as good as none, which a rule of bytes does not know. */
export function plainBytes(length: number | undefined): ByteRule {
  if (length === undefined) return ({ from, to }) => from < to;
  // A character has at most four bytes, and at least one.
  return ({ bytes, from, to }) => {
    if (to - from <= length) return from < to;
    if (to - from > length * 4) return false;
    let count = 0;
    for (let at = from; at < to; at += 1) if (((bytes[at] ?? 0) & 0xc0) !== 0x80) count += 1;
    return count <= length;
  };
}

/** The byte rule of a format, as far as there is one. */
export function formatBytes(format: ValueFormat): ByteRule | undefined {
  switch (format.kind) {
    case "case":
      return caseBytes(format.to);
    case "pad":
      return padBytes(format);
    case "date":
      return dateBytes(format.pattern);
    case "number":
    default:
      return numberBytes(format);
  }
}

/** ASCII only: other letters may become longer ones. */
function caseBytes(to: "upper" | "lower"): ByteRule {
  const [first, last] = to === "upper" ? [0x61, 0x7a] : [0x41, 0x5a];
  let made = Buffer.allocUnsafeSlow(256);
  return (slice) => {
    const { bytes, from } = slice;
    const length = slice.to - from;
    if (length > made.length) made = Buffer.allocUnsafeSlow(length * 2);
    for (let at = 0; at < length; at += 1) {
      const byte = bytes[from + at] ?? 0;
      if (byte >= 0x80) return false;
      made[at] = byte >= first && byte <= last ? byte ^ 0x20 : byte;
    }
    slice.bytes = made;
    slice.from = 0;
    slice.to = length;
    return true;
  };
}

/** ASCII only: there a byte is a character. */
function padBytes({
  length,
  fill,
  side,
}: Extract<ValueFormat, { readonly kind: "pad" }>): ByteRule | undefined {
  const [filling = 0, ...more] = Buffer.from(fill);
  if (more.length > 0) return undefined;
  const made = Buffer.allocUnsafeSlow(length);
  return (slice) => {
    const { bytes, from, to } = slice;
    const room = length - (to - from);
    if (room < 0 || from === to) return false;
    let at = 0;
    if (side === "left") for (; at < room; at += 1) made[at] = filling;
    for (let index = from; index < to; index += 1) {
      const byte = bytes[index] ?? 0;
      if (byte >= 0x80) return false;
      made[at] = byte;
      at += 1;
    }
    for (; at < length; at += 1) made[at] = filling;
    slice.bytes = made;
    slice.from = 0;
    slice.to = length;
    return true;
  };
}

const tokens: readonly (readonly [token: string, from: number])[] = [
  ["YYYY", 0],
  ["MM", 5],
  ["DD", 8],
  ["HH", 11],
  ["mm", 14],
  ["ss", 17],
];

/** `2026-01-31`, alone or with a time of day behind it: digits are taken from their places. */
function dateBytes(pattern: string): ByteRule | undefined {
  const made = Buffer.from(pattern);
  const places: (readonly [to: number, from: number])[] = [];
  for (const [token, from] of tokens) {
    const to = made.indexOf(token);
    if (to !== -1)
      places.push(...Array.from(token, (_letter, index) => [to + index, from + index] as const));
  }
  if (/S/.test(pattern) || places.length === 0) return undefined;
  const hasClock = /HH|mm|ss/.test(pattern);
  const targets = Int32Array.from(places, ([to]) => to);
  const sources = Int32Array.from(places, ([, from]) => from);
  return (slice) => {
    const { bytes, from, to } = slice;
    const length = to - from;
    if (length < 10 || bytes[from + 4] !== minus || bytes[to - 1] === 0x43) return false;
    if (hasClock && length < 19) return false;
    for (let index = 0; index < targets.length; index += 1)
      made[targets[index] ?? 0] = bytes[from + (sources[index] ?? 0)] ?? 0;
    slice.bytes = made;
    slice.from = 0;
    slice.to = made.length;
    return true;
  };
}

/** Numbers such as `-12.5` whose digits need no more than zeros at either end. */
function numberBytes({
  digits = 1,
  decimals,
  decimalMark,
  groupMark,
}: Extract<ValueFormat, { readonly kind: "number" }>): ByteRule | undefined {
  if (groupMark !== "") return undefined;
  const mark = decimalMark.charCodeAt(0);
  const made = Buffer.allocUnsafeSlow(512 + digits + (decimals ?? 0));
  return (slice) => {
    const { bytes, from, to } = slice;
    // What is below zero may be a zero without its digits: that is for the rule of texts.
    if (to - from > 256 || !isDigit(bytes[from] ?? 0)) return false;
    let dot = from;
    while (dot < to && isDigit(bytes[dot] ?? 0)) dot += 1;
    const given = dot === to ? 0 : to - dot - 1;
    if (dot < to && (bytes[dot] !== point || given === 0)) return false;
    const wanted = decimals ?? given;
    if (given > wanted) return false;
    let at = 0;
    for (let zeros = digits - (dot - from); zeros > 0; zeros -= 1) made[at++] = 0x30;
    for (let index = from; index < dot; index += 1) made[at++] = bytes[index] ?? 0;
    if (wanted > 0 && decimalMark !== "") made[at++] = mark;
    for (let index = dot + 1; index < to; index += 1) {
      const byte = bytes[index] ?? 0;
      if (!isDigit(byte)) return false;
      made[at++] = byte;
    }
    for (let zeros = wanted - given; zeros > 0; zeros -= 1) made[at++] = 0x30;
    slice.bytes = made;
    slice.from = 0;
    slice.to = at;
    return true;
  };
}
