/** White space as ECMAScript knows it. */
const space = String.raw`\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`;

/** The general categories that RE2 has by these names. */
const category = /^(?:L[ulmot]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cfo]?)$/;

/**
 * The RE2 pattern that matches a whole text where the ECMAScript one (flag `u`, not anchored) is found in it.
 * Undefined for what RE2 does not have, such as a look-ahead or a backreference.
 */
export function re2Pattern(pattern: string): string | undefined {
  const translation = new Translation(pattern);
  const text = translation.run();
  if (text === undefined) return undefined;
  return !translation.hasAlternatives && text.startsWith("^") && /(?<!\\)(?:\\\\)*\$$/.test(text)
    ? text.slice(1, -1)
    : `(?s).*(?:${text}).*`;
}

class Translation {
  /** Outside of all groups. */
  hasAlternatives = false;
  readonly #pattern: string;
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  run(): string | undefined {
    let text = "";
    while (this.#at < this.#pattern.length) {
      const part = this.#next();
      if (part === undefined) return undefined;
      text += part;
    }
    return text;
  }

  /** What a sticky expression finds here, and goes on behind it. */
  #take(expression: RegExp): RegExpExecArray | undefined {
    const sticky = new RegExp(expression.source, "suy");
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#pattern) ?? undefined;
    if (found !== undefined) this.#at = sticky.lastIndex;
    return found;
  }

  #next(): string | undefined {
    const [character = ""] = this.#take(/./) ?? [];
    switch (character) {
      case "\\":
        return this.#escape(false);
      case "[":
        return this.#class();
      case "(":
        return this.#group();
      case ")":
        this.#depth -= 1;
        return ")";
      case "|":
        if (this.#depth === 0) this.hasAlternatives = true;
        return "|";
      case ".":
        return String.raw`[^\n\r\x{2028}\x{2029}]`;
      case "{": {
        const [times = "", ...bounds] = this.#take(/(\d+)(?:,(\d*))?\}/) ?? [];
        // RE2 repeats a thousand times at most.
        return bounds.some((bound) => Number(bound ?? 0) > 1000) ? undefined : `{${times}`;
      }
      default:
        return character;
    }
  }

  #group(): string | undefined {
    this.#depth += 1;
    if (this.#take(/\?:/) !== undefined || this.#take(/\?<(?![=!])[^>]*>/) !== undefined)
      return "(?:";
    return this.#pattern[this.#at] === "?" ? undefined : "(";
  }

  #class(): string | undefined {
    if (this.#take(/\^\]/) !== undefined) return "(?s:.)";
    let text = this.#take(/\^/) === undefined ? "[" : "[^";
    const start = text;
    for (;;) {
      const [character] = this.#take(/./) ?? [];
      if (character === undefined) return undefined;
      // A class of nothing never matches, and RE2 has none.
      if (character === "]") return text === start ? undefined : `${text}]`;
      const part = character === "\\" ? this.#escape(true) : character === "[" ? "\\[" : character;
      if (part === undefined) return undefined;
      text += part;
    }
  }

  #escape(inClass: boolean): string | undefined {
    const hexadecimal = this.#codePoint();
    if (hexadecimal !== undefined)
      return /^d[89a-f]..$/i.test(hexadecimal) ? undefined : `\\x{${hexadecimal}}`;
    const property = this.#take(/([pP])\{(?:(?:gc|General_Category|sc|Script)=)?(\w+)\}/);
    if (property !== undefined) return propertyOf(property);
    const [character = ""] = this.#take(/./) ?? [];
    if (character === "s") return inClass ? space : `[${space}]`;
    if (character === "S") return inClass ? undefined : `[^${space}]`;
    if (character === "b" && inClass) return String.raw`\x08`;
    if (/[dDwWbBnrtfv]/.test(character)) return `\\${character}`;
    if (character === "0") return String.raw`\x00`;
    if (character === "-" || /[^\w\s]/.test(character)) return `\\${character}`;
    return undefined;
  }

  /** Of `\x41`, `\u0041`, `\u{41}`, a pair of surrogates and `\cA`. */
  #codePoint(): string | undefined {
    const pair = this.#take(/u([dD][89abAB]\w\w)\\u([dD][c-fC-F]\w\w)/);
    if (pair !== undefined) {
      const [high = 0, low = 0] = pair.slice(1).map((unit) => Number.parseInt(unit, 16));
      return String.fromCharCode(high, low).codePointAt(0)?.toString(16);
    }
    const plain = this.#take(/x([\dA-Fa-f]{2})|u([\dA-Fa-f]{4})|u\{([\dA-Fa-f]+)\}/);
    if (plain !== undefined) return plain[1] ?? plain[2] ?? plain[3];
    const control = this.#take(/c([A-Za-z])/)?.[1];
    return control === undefined ? undefined : (control.charCodeAt(0) % 32).toString(16);
  }
}

function propertyOf([whole = "", letter = "p", name = ""]: readonly string[]): string | undefined {
  const isScript = /\{(?:sc|Script)=/.test(whole);
  return isScript || category.test(name) ? `\\${letter}{${name}}` : undefined;
}
