import { ValueProblem } from "./value-problem.ts";

/** An array of PostgreSQL: its elements are values, nulls or (all of them) arrays. */
type Nested<Value> = readonly (Value | null | Nested<Value>)[];

/** What PostgreSQL has at most (MAXDIM). */
const mostDimensions = 6;

/**
 * Reads PostgreSQL's text of an array of any dimension, also one that a person has written: space around elements is none of theirs, and
 * NULL may be in any case, as for `array_in`.
 *
 * @throws {ValueProblem} for a text that is none, and for bounds other than 1 (`[2:3]={…}`), which a
 * JavaScript array does not have
 */
export function parseArray<Value>(text: string, decode: (text: string) => Value): Nested<Value> {
  if (text === "{}") return [];
  if (text.startsWith("[")) {
    throw new ValueProblem(
      "wrong_format",
      "is an array with bounds of its own, such as [2:3]={1,2}, which JavaScript arrays do not have",
      { hint: "Store it with bounds that start at 1." },
    );
  }
  const reader = new ArrayReader(text, decode);
  return reader.readAll();
}

class ArrayReader<Value> {
  readonly #text: string;
  readonly #decode: (text: string) => Value;
  #at = 0;
  #depth = 0;

  constructor(text: string, decode: (text: string) => Value) {
    this.#text = text;
    this.#decode = decode;
  }

  readAll(): Nested<Value> {
    const array = this.#readArray();
    if (this.#at !== this.#text.length) throw this.#malformed();
    return array;
  }

  #malformed(): ValueProblem {
    return new ValueProblem(
      "wrong_format",
      "is not an array as PostgreSQL prints it, such as {1,2}",
    );
  }

  #readArray(): Nested<Value> {
    const items: (Value | null | Nested<Value>)[] = [];
    if (this.#text[this.#at] !== "{") throw this.#malformed();
    this.#depth += 1;
    if (this.#depth > mostDimensions) throw tooManyDimensions();
    let ofArrays: boolean | undefined;
    do {
      this.#at += 1;
      this.#skipSpace();
      const isArray = this.#text[this.#at] === "{";
      ofArrays ??= isArray;
      if (isArray !== ofArrays) throw this.#malformed();
      items.push(this.#readItem());
      this.#skipSpace();
    } while (this.#text[this.#at] === ",");
    if (this.#text[this.#at] !== "}") throw this.#malformed();
    this.#at += 1;
    this.#depth -= 1;
    return items;
  }

  #skipSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }

  #readItem(): Value | null | Nested<Value> {
    const start = this.#text[this.#at];
    if (start === "{") return this.#readArray();
    if (start === '"') return this.#decode(this.#readQuoted());
    const from = this.#at;
    while (this.#at < this.#text.length && !',}"{\\'.includes(this.#text[this.#at] ?? ""))
      this.#at += 1;
    let end = this.#at;
    while (end > from && isSpace(this.#text.charCodeAt(end - 1))) end -= 1;
    const word = this.#text.slice(from, end);
    if (word === "") throw this.#malformed();
    return /^null$/i.test(word) ? null : this.#decode(word);
  }

  #readQuoted(): string {
    const text = this.#text;
    let result = "";
    let from = this.#at + 1;
    for (let at = from; at < text.length; at += 1) {
      const unit = text[at];
      if (unit === "\\") {
        result += text.slice(from, at);
        at += 1;
        from = at;
      } else if (unit === '"') {
        this.#at = at + 1;
        return result + text.slice(from, at);
      }
    }
    throw this.#malformed();
  }
}

/** Of PostgreSQL's `array_isspace`: TAB to CR, and the space. */
const isSpace = (unit: number): boolean => unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);

function tooManyDimensions(): ValueProblem {
  return new ValueProblem("wrong_format", "is an array of more than 6 dimensions");
}

/** What `array_out` of PostgreSQL puts quotes around. */
const needsQuotes = /^$|^null$|["\\{},\t\n\v\f\r ]/i;

const quotedCharacters = /["\\]/g;

function quoted(text: string): string {
  if (!needsQuotes.test(text)) return text;
  return `"${text.replaceAll(quotedCharacters, String.raw`\$&`)}"`;
}

/**
 * Prints an array as PostgreSQL does. `isArray` says which elements are arrays of the array, not values of it.
 *
 * @throws {ValueProblem} for elements of different lengths and for an empty array inside of another
 */
export function formatArray(
  array: readonly unknown[],
  encode: (value: unknown) => string,
  isArray: (value: unknown, depth: number) => value is readonly unknown[],
): string {
  // Nearly all arrays are flat: for those there is no shape to check.
  if (array.some((item) => isArray(item, 1))) checkShape(array, isArray, 1);
  const format = (items: readonly unknown[], depth: number): string => {
    const texts = items.map((item) => {
      if (isArray(item, depth)) return format(item, depth + 1);
      return item === null ? "NULL" : quoted(encode(item));
    });
    return `{${texts.join(",")}}`;
  };
  return format(array, 1);
}

/** The length of each dimension; all parts of an array of PostgreSQL have the same. */
export function checkShape(
  array: readonly unknown[],
  isArray: (value: unknown, depth: number) => value is readonly unknown[],
  depth: number,
): readonly number[] {
  const shapes = array.map((item) =>
    isArray(item, depth) ? checkShape(item, isArray, depth + 1) : [],
  );
  const [first = []] = shapes;
  if (!shapes.every((shape) => shape.join() === first.join())) {
    throw new ValueProblem(
      "wrong_format",
      "is an array whose parts have different lengths, which PostgreSQL does not have",
    );
  }
  if (first.includes(0)) {
    throw new ValueProblem(
      "wrong_format",
      "is an array with empty arrays inside, which PostgreSQL does not have",
    );
  }
  if (depth + first.length > mostDimensions) throw tooManyDimensions();
  return [array.length, ...first];
}
