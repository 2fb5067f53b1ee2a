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

const brackets = /["[\]{}]/g;

function valueEnd(text: string, from: number): number {
  const first = text[from];
  if (first === '"') return stringEnd(text, from);
  if (first !== "{" && first !== "[") return scalarEnd(text, from);
  let depth = 0;
  for (let at = from; at < text.length;) {
    brackets.lastIndex = at;
    at = brackets.exec(text)?.index ?? text.length;
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
  for (let at = from + 1; ; at += 1) {
    const end = text.indexOf('"', at);
    if (end === -1) return text.length;
    let slashes = end;
    while (text.charCodeAt(slashes - 1) === 0x5c) slashes -= 1;
    if ((end - slashes) % 2 === 0) return end + 1;
    at = end;
  }
}

/** Behind a number, true, false or null. */
function scalarEnd(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    // A comma, a closing bracket or space.
    if (unit === 0x2c || unit === 0x5d || unit === 0x7d || unit <= 0x20) break;
  }
  return at;
}

function spaceEnd(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) <= 0x20) at += 1;
  return at;
}
