/**
 * A pattern of the registry (ECMAScript, flag `u`) as a regular expression of PostgreSQL that matches exactly the same texts.
 * Undefined for what the two do not have in common, or PostgreSQL might find too complex: look-arounds, back references,
 * `\p{…}`, `\b`, characters beyond ASCII, large repetitions. PostgreSQL's has no exponential cases without back references.
 */
export function patternSql(pattern: string): string | undefined {
  try {
    const { text, size } = new PatternReader(pattern).readAll();
    return size <= maxSize ? text : undefined;
  } catch (error) {
    if (error instanceof NotInCommon) return undefined;
    throw error;
  }
}

/** How many states PostgreSQL has to make at the most; it refuses what is "too complex". */
const maxSize = 2000;
/** PostgreSQL's largest number in `{n,m}`. */
const maxRepeat = 255;

class NotInCommon extends Error {}

interface Piece {
  readonly text: string;
  /** About how many states it has. */
  readonly size: number;
}

const spaces = String.raw`\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff`;

/** What stands for a class of characters inside of brackets. */
const classes: Readonly<Record<string, string>> = { d: "0-9", w: "A-Za-z0-9_", s: spaces };

const lineEnds = String.raw`\n\r\u2028\u2029`;

class PatternReader {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  readAll(): Piece {
    const piece = this.#readAlternatives();
    if (this.#at < this.#pattern.length) throw new NotInCommon();
    return piece;
  }

  #take(text: string): boolean {
    if (!this.#pattern.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #next(): string {
    const next = this.#pattern[this.#at];
    if (next === undefined) throw new NotInCommon();
    this.#at += 1;
    return next;
  }

  #readAlternatives(): Piece {
    const pieces: Piece[] = [];
    do {
      pieces.push(this.#readSequence());
    } while (this.#take("|"));
    return {
      text: pieces.map(({ text }) => text).join("|"),
      size: pieces.reduce((sum, { size }) => sum + size, 0),
    };
  }

  #readSequence(): Piece {
    let text = "";
    let size = 0;
    while (this.#at < this.#pattern.length && !"|)".includes(this.#pattern[this.#at] ?? "")) {
      const piece = this.#readItem();
      text += piece.text;
      size += piece.size;
    }
    if (text === "") throw new NotInCommon();
    return { text, size };
  }

  #readItem(): Piece {
    if (this.#take("^")) return { text: "^", size: 1 };
    if (this.#take("$")) return { text: "$", size: 1 };
    const atom = this.#readAtom();
    const [least, most, text] = this.#readRepeat();
    // Whether it takes as much or as little as it can is no matter: it matches, or it does not.
    if (text !== "") this.#take("?");
    const times = most === Infinity ? least + 1 : most;
    if (times > maxRepeat) throw new NotInCommon();
    return { text: atom.text + text, size: atom.size * Math.max(times, 1) };
  }

  #readRepeat(): readonly [least: number, most: number, text: string] {
    if (this.#take("*")) return [0, Infinity, "*"];
    if (this.#take("+")) return [1, Infinity, "+"];
    if (this.#take("?")) return [0, 1, "?"];
    const match = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#pattern.slice(this.#at, this.#at + 20));
    if (match === null) return [1, 1, ""];
    this.#at += match[0].length;
    const [, least = "", comma, most = ""] = match;
    const end = comma === undefined ? least : most;
    return [Number(least), end === "" ? Infinity : Number(end), match[0]];
  }

  #readAtom(): Piece {
    if (this.#take("(?:") || this.#takeGroup()) {
      const inside = this.#readAlternatives();
      if (!this.#take(")")) throw new NotInCommon();
      return { text: `(?:${inside.text})`, size: inside.size };
    }
    if (this.#take("[")) return { text: this.#readSet(), size: 1 };
    if (this.#take(".")) return { text: `[^${lineEnds}]`, size: 1 };
    if (this.#take("\\")) return { text: this.#readEscape(), size: 1 };
    const next = this.#next();
    if ("*+?{}]()".includes(next)) throw new NotInCommon();
    return { text: literal(next), size: 1 };
  }

  #takeGroup(): boolean {
    const named = /^\(\?<[A-Za-z_]\w*>/.exec(this.#pattern.slice(this.#at, this.#at + 100));
    if (named !== null) return this.#take(named[0]);
    return !this.#pattern.startsWith("(?", this.#at) && this.#take("(");
  }

  #readEscape(): string {
    const next = this.#next();
    const inside = classes[next.toLowerCase()];
    if (inside === undefined) return literal(this.#escaped(next));
    return next === next.toLowerCase() ? `[${inside}]` : `[^${inside}]`;
  }

  /** The character that a backslash and `next` stand for. */
  #escaped(next: string): string {
    const control = { t: "\t", n: "\n", v: "\v", f: "\f", r: "\r" }[next];
    if (control !== undefined) return control;
    if (!/[\^$\\.*+?()[\]{}|/-]/.test(next)) throw new NotInCommon();
    return next;
  }

  #readSet(): string {
    const negated = this.#take("^");
    let inside = "";
    while (!this.#take("]")) inside += this.#readMember();
    if (inside === "") throw new NotInCommon();
    return `[${negated ? "^" : ""}${inside}]`;
  }

  #readMember(): string {
    const first = this.#readMemberAtom();
    if (this.#pattern[this.#at] !== "-" || this.#pattern[this.#at + 1] === "]") {
      return first.length === 1 ? literal(first) : first;
    }
    this.#at += 1;
    const last = this.#readMemberAtom();
    // A class in a range is an error in ECMAScript.
    if (first.length !== 1 || last.length !== 1) throw new NotInCommon();
    let members = "";
    for (let code = first.charCodeAt(0); code <= last.charCodeAt(0); code += 1)
      members += literal(String.fromCharCode(code));
    return members;
  }

  /** One character, or what stands for a class. */
  #readMemberAtom(): string {
    const next = this.#next();
    if (next !== "\\") return next;
    const escape = this.#next();
    return classes[escape] ?? this.#escaped(escape);
  }
}

/** A character that stands for itself, as PostgreSQL spells it inside of brackets and outside. */
function literal(character: string): string {
  if (/^[\dA-Za-z]$/.test(character)) return character;
  const code = character.charCodeAt(0);
  // NUL is in no text of PostgreSQL; what is beyond ASCII depends on the database's encoding.
  if (code === 0 || code > 0x7e || character.length !== 1) throw new NotInCommon();
  if (code < 0x20) return String.raw`\u${code.toString(16).padStart(4, "0")}`;
  return character === " " || character === "_" ? character : `\\${character}`;
}
