import { hash } from "node:crypto";

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const fieldsName = "fields";

/**
 * The SHA-256 of a document's fields as a raw line has them, without some: of the bytes `{"a":…,"b":…}`, which are equal for equal
 * fields. Nothing is parsed for it.
 */
export class ContentHasher {
  readonly #isLeftOut: (name: string) => boolean;
  /** By the first byte of a name: whether it may be left out. */
  readonly #doubtful = new Uint8Array(256);
  #scratch: Buffer = Buffer.alloc(4096);

  /**
   * @param isLeftOut of the names of fields.
   * @param firstLetters of the names that may be left out, in ASCII.
   */
  constructor(isLeftOut: (name: string) => boolean, firstLetters: Iterable<string>) {
    this.#isLeftOut = isLeftOut;
    this.#doubtful[backslash] = 1;
    for (const letter of firstLetters) this.#doubtful[letter.charCodeAt(0)] = 1;
  }

  /** @param line without white space between its parts. */
  hashOf(line: Buffer): string {
    const start = fieldsStart(line);
    return hash("sha256", start < 0 ? "{}" : this.#contentOf(line, start), "hex");
  }

  #contentOf(line: Buffer, start: number): Buffer {
    let at = start + 1;
    let length = 0;
    let isWhole = true;
    // Where the fields began that are not copied yet.
    let from = at;
    while (line[at] === quote) {
      const nameEnd = stringEnd(line, at);
      const end = valueEnd(line, nameEnd + 1);
      const isLast = line[end] !== comma;
      const isDoubtful = this.#doubtful[line[at + 1] ?? 0] === 1;
      if (isDoubtful && this.#isLeftOut(nameOf(line, at, nameEnd))) {
        isWhole = false;
        length = this.#append(line.subarray(from, at), length);
        from = isLast ? end : end + 1;
      }
      at = isLast ? end : end + 1;
    }
    if (isWhole) return line.subarray(start, at + 1);
    length = this.#append(line.subarray(from, at), length);
    return this.#braced(length);
  }

  /** Behind a place for the brace. */
  #append(part: Buffer, length: number): number {
    const needed = length + part.length + 2;
    if (needed > this.#scratch.length) {
      const grown = Buffer.alloc(needed * 2);
      this.#scratch.copy(grown);
      this.#scratch = grown;
    }
    this.#scratch.set(part, length + 1);
    return length + part.length;
  }

  #braced(length: number): Buffer {
    const content = this.#scratch;
    content[0] = openBrace;
    // What was left out at the end leaves a comma.
    const end = length > 0 && content[length] === comma ? length : length + 1;
    content[end] = closeBrace;
    return content.subarray(0, end + 1);
  }
}

/** Where the object of the fields begins; -1 when there is none. */
function fieldsStart(line: Buffer): number {
  let at = 1;
  while (line[at] === quote) {
    const nameEnd = stringEnd(line, at);
    if (nameOf(line, at, nameEnd) === fieldsName) return nameEnd + 1;
    at = valueEnd(line, nameEnd + 1) + 1;
  }
  return -1;
}

function nameOf(line: Buffer, start: number, end: number): string {
  const text = line.toString("latin1", start + 1, end - 1);
  return /^[\w ]*$/.test(text) ? text : String(JSON.parse(line.toString("utf8", start, end)));
}

/** Behind the text that begins here. */
function stringEnd(line: Buffer, start: number): number {
  let at = start + 1;
  for (; at < line.length && line[at] !== quote; at += 1) if (line[at] === backslash) at += 1;
  return at + 1;
}

/** Behind the value that begins here. */
function valueEnd(line: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  while (at < line.length) {
    const byte = line[at];
    if (byte === quote) {
      at = stringEnd(line, at);
      if (depth === 0) return at;
      continue;
    }
    if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBrace || byte === closeBracket) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return at;
}
