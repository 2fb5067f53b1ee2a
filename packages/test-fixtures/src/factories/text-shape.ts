import { maxCapacity } from "./column-maker.ts";
import type { Random } from "./random.ts";

/** The number of code points, which is what PostgreSQL counts. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/** The first code points of a text. */
export function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  return Array.from(text).slice(0, Math.max(length, 0)).join("");
}

const syllables = ["lo", "rem", "ip", "sum", "do", "lor", "sit", "a", "met", "te", "ni", "ra"];

/** A text with syllables behind it, until it has so many code points. */
export function padText(text: string, length: number, random: Random): string {
  let padded = text;
  for (let missing = length - lengthOf(text); missing > 0; missing = length - lengthOf(padded)) {
    const piece = missing > 3 && padded !== "" && random.chance(0.3) ? ` ${random.pick(syllables)}` : random.pick(syllables);
    padded += cutText(piece, missing);
  }
  return padded;
} // prettier-ignore

const small = "abcdefghijklmnopqrstuvwxyz0123456789";
/** Beyond those, the characters of CJK: no case, no other spelling. */
const firstWide = 0x4e_00;
const wideCount = 20_000;

/** How many words {@link shortWord} knows between two lengths. */
export function shortWords(minLength: number, maxLength: number): number {
  let count = 0;
  for (let length = Math.max(minLength, 1); length <= maxLength; length += 1)
    count += small.length ** length + wideCount ** length;
  return Math.min(count, maxCapacity);
}

/** The words of small letters and digits between two lengths, then those of another script. Each number has its own. */
export function shortWord(index: number, minLength: number, maxLength: number): string {
  let rest = index;
  for (const [size, character] of [
    [small.length, (digit: number) => small.charAt(digit)],
    [wideCount, (digit: number) => String.fromCodePoint(firstWide + digit)],
  ] as const) {
    for (let length = Math.max(minLength, 1); length <= maxLength; length += 1) {
      if (rest < size ** length) return wordOf(rest, { size, length, character });
      rest -= size ** length;
    }
  }
  return "";
}

function wordOf(
  number: number,
  { size, length, character }: { readonly size: number; readonly length: number; readonly character: (digit: number) => string },
): string {
  let rest = number;
  let word = "";
  for (let at = 0; at < length; at += 1) {
    word = character(rest % size) + word;
    rest = Math.floor(rest / size);
  }
  return word;
} // prettier-ignore
