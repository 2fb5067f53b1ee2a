import { hash } from "node:crypto";

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const fieldsName = "fields";
const nothing = Buffer.from("{}");

/** What a field of a document is, by its name. */
export type FieldPart =
  | "content"
  /** The pipeline's. */
  | "mark"
  /** Nobody's but the application's. */
  | "own";

/** A document's fields as JSON, in the bytes that its raw line has for them. Good until the next document is divided. */
export interface DividedFields {
  readonly content: Buffer;
  /** Undefined when there are none. */
  readonly marks: Buffer | undefined;
}

/** Divides the fields of raw lines, without parsing them. */
export class FieldDivider {
  readonly #partOf: (name: string) => FieldPart;
  /** By the first byte of a name: whether it may be no content. */
  readonly #doubtful = new Uint8Array(256);
  readonly #content = new ObjectBytes();
  readonly #marks = new ObjectBytes();

  /** @param firstLetters of the names that may be no content, in ASCII. */
  constructor(partOf: (name: string) => FieldPart, firstLetters: Iterable<string>) {
    this.#partOf = partOf;
    this.#doubtful[backslash] = 1;
    for (const letter of firstLetters) this.#doubtful[letter.charCodeAt(0)] = 1;
  }

  /** @param line without white space between its parts. */
  divide(line: Buffer): DividedFields {
    const start = fieldsStart(line);
    if (start < 0) return { content: nothing, marks: undefined };
    const content = this.#content.clear();
    const marks = this.#marks.clear();
    let at = start + 1;
    // Where the content began that is not copied yet.
    let from = at;
    let isWhole = true;
    while (line[at] === quote) {
      const nameEnd = stringEnd(line, at);
      const end = valueEnd(line, nameEnd + 1);
      const next = line[end] === comma ? end + 1 : end;
      const part = this.#partAt(line, at, nameEnd);
      if (part !== "content") {
        isWhole = false;
        content.add(line, from, at);
        if (part === "mark") marks.add(line, at, next);
        from = next;
      }
      at = next;
    }
    if (isWhole) return { content: line.subarray(start, at + 1), marks: undefined };
    content.add(line, from, at);
    return { content: content.finish(), marks: marks.isEmpty ? undefined : marks.finish() };
  }

  #partAt(line: Buffer, start: number, end: number): FieldPart {
    if (this.#doubtful[line[start + 1] ?? 0] === 0) return "content";
    return this.#partOf(nameOf(line, start, end));
  }
}

/** The SHA-256 of fields as JSON: equal for equal fields, whose raw lines are equal. */
export function contentHashOf(content: Buffer): string {
  return hash("sha256", content, "hex");
}

/** The bytes of an object of JSON that is put together from members, each with the comma behind it. */
class ObjectBytes {
  #bytes: Buffer = Buffer.alloc(4096, "{");
  #length = 1;

  clear(): this {
    this.#length = 1;
    return this;
  }

  get isEmpty(): boolean {
    return this.#length === 1;
  }

  add(source: Buffer, start: number, end: number): void {
    const needed = this.#length + end - start + 1;
    if (needed > this.#bytes.length) {
      const grown = Buffer.alloc(needed * 2);
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    source.copy(this.#bytes, this.#length, start, end);
    this.#length += end - start;
  }

  /** What was left out at the end leaves a comma. */
  finish(): Buffer {
    if (this.#bytes[this.#length - 1] === comma) this.#length -= 1;
    this.#bytes[this.#length] = closeBrace;
    return this.#bytes.subarray(0, this.#length + 1);
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
