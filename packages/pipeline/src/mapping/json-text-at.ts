/**
 * The text of what is at the end of a path into a text of JSON, as it stands there with all its digits; undefined when the path leads
 * nowhere. A name leads into an object (the last member of that name counts, as in jsonb), a position into an array.
 *
 * @param text JSON, as PostgreSQL has it: it is not checked.
 */
export function jsonTextAt(text: string, path: readonly (string | number)[]): string | undefined {
  let at = spaceEnd(text, 0);
  for (const step of path) {
    const next = typeof step === "number" ? itemAt(text, at, step) : memberAt(text, at, step);
    if (next === undefined) return undefined;
    at = next;
  }
  return text.slice(at, valueEnd(text, at));
}

/** Where an item of the array at a place begins. */
function itemAt(text: string, from: number, index: number): number | undefined {
  if (text[from] !== "[") return undefined;
  let at = spaceEnd(text, from + 1);
  for (let left = index; at < text.length && text[at] !== "]"; left -= 1) {
    if (left === 0) return at;
    at = behindComma(text, valueEnd(text, at));
  }
  return undefined;
}

/** Where the value of a member of the object at a place begins. */
function memberAt(text: string, from: number, name: string): number | undefined {
  if (text[from] !== "{") return undefined;
  let found: number | undefined;
  let at = spaceEnd(text, from + 1);
  while (at < text.length && text[at] !== "}") {
    const keyEnd = stringEnd(text, at);
    const value = spaceEnd(text, spaceEnd(text, keyEnd) + 1);
    if (isName(text.slice(at, keyEnd), name)) found = value;
    at = behindComma(text, valueEnd(text, value));
  }
  return found;
}

function isName(quoted: string, name: string): boolean {
  return quoted.includes("\\") ? JSON.parse(quoted) === name : quoted.slice(1, -1) === name;
}

function behindComma(text: string, from: number): number {
  const at = spaceEnd(text, from);
  return text[at] === "," ? spaceEnd(text, at + 1) : at;
}

const ends = /[,\]}\s]/g;
const brackets = /["[\]{}]/g;
const noSpace = /\S/g;
const stringEnds = /["\\]/g;

function valueEnd(text: string, from: number): number {
  const first = text[from];
  if (first === '"') return stringEnd(text, from);
  if (first !== "{" && first !== "[") return find(ends, text, from);
  let depth = 0;
  for (let at = from; at < text.length;) {
    at = find(brackets, text, at);
    if (text[at] === '"') {
      at = stringEnd(text, at);
      continue;
    }
    depth += text[at] === "{" || text[at] === "[" ? 1 : -1;
    at += 1;
    if (depth === 0) return at;
  }
  return text.length;
}

/** Behind the closing quote. */
function stringEnd(text: string, from: number): number {
  let at = find(stringEnds, text, from + 1);
  while (text[at] === "\\") at = find(stringEnds, text, at + 2);
  return at + 1;
}

function spaceEnd(text: string, from: number): number {
  return find(noSpace, text, from);
}

/** Where a pattern is found next, or the end. */
function find(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
}
