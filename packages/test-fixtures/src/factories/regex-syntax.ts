/** A part of a regular expression, as far as texts are made from it. */
export type RegexNode =
  | { readonly kind: "sequence"; readonly items: readonly RegexNode[] }
  | { readonly kind: "choice"; readonly items: readonly RegexNode[] }
  | {
      readonly kind: "repeat";
      readonly item: RegexNode;
      readonly min: number;
      readonly max: number;
    }
  /** One character of a set, which its own source describes. */
  | { readonly kind: "characters"; readonly source: string }
  | { readonly kind: "group"; readonly item: RegexNode; readonly number: number }
  | { readonly kind: "back-reference"; readonly number: number }
  | { readonly kind: "start" }
  | { readonly kind: "end" };

/**
 * The syntax tree of an ECMAScript regular expression with the flag `u`, of which it is known that it is one. What only
 * looks (lookaheads, word boundaries) is left out: whoever makes a text checks it with the expression itself.
 */
export function parseRegex(source: string): RegexNode {
  return new RegexParser(source).parse();
}

class RegexParser {
  readonly #source: string;
  readonly #names: readonly string[];
  #at = 0;
  #groups = 0;

  constructor(source: string) {
    this.#source = source;
    // The number of a named group is its place among all groups that capture.
    const opened = source
      .replaceAll(/\\[^]|\[(?:\\[^]|[^\]\\])*\]/gu, "__")
      .matchAll(/\((?!\?)|\(\?<(?![=!])(?<name>[^>]*)>/gu);
    this.#names = Array.from(opened, (match) => match.groups?.["name"] ?? "");
  }

  parse(): RegexNode {
    return this.#choice();
  }

  #choice(): RegexNode {
    const items = [this.#sequence()];
    while (this.#take("|")) items.push(this.#sequence());
    const [only] = items;
    return only !== undefined && items.length === 1 ? only : { kind: "choice", items };
  }

  #sequence(): RegexNode {
    const items: RegexNode[] = [];
    while (this.#at < this.#source.length && !"|)".includes(this.#peek())) {
      const item = this.#atom();
      if (item !== undefined) items.push(this.#repeated(item));
    }
    return { kind: "sequence", items };
  }

  #peek(): string {
    return this.#source.charAt(this.#at);
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /** What a pattern that is tried here matches; undefined when it does not. */
  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }

  #atom(): RegexNode | undefined {
    if (this.#take("^")) return { kind: "start" };
    if (this.#take("$")) return { kind: "end" };
    if (this.#take("(")) return this.#group();
    if (this.#peek() === "\\") return this.#escape();
    const source = this.#match(/\[(?:\\[^]|[^\]\\])*\]|[^]/uy)?.[0] ?? "";
    return { kind: "characters", source: /^[/\]}{]$/.test(source) ? `\\${source}` : source };
  }

  #group(): RegexNode | undefined {
    const head = this.#match(/\?(?:<?[=!]|<[^>]*>|[a-z-]*:)/uy)?.[0];
    const isLook = head !== undefined && /^\?<?[=!]$/.test(head);
    const captures = head === undefined || (head.startsWith("?<") && !isLook);
    if (captures) this.#groups += 1;
    const number = this.#groups;
    const item = this.#choice();
    this.#take(")");
    if (isLook) {
      // A lookahead has no text of its own; one that is repeated is as nothing, too.
      this.#match(/[*+?]|\{\d+(?:,\d*)?\}/uy);
      return undefined;
    }
    return captures ? { kind: "group", item, number } : item;
  }

  #escape(): RegexNode | undefined {
    if (this.#match(/\\[bB]/uy) !== undefined) return undefined;
    const numbered = this.#match(/\\([1-9]\d*)/uy)?.[1];
    if (numbered !== undefined) return { kind: "back-reference", number: Number(numbered) };
    const named = this.#match(/\\k<([^>]*)>/uy)?.[1];
    if (named !== undefined)
      return { kind: "back-reference", number: this.#names.indexOf(named) + 1 };
    const escape =
      /\\(?:u\{[\da-f]+\}|u[\da-f]{4}(?:\\u[\da-f]{4})?|x[\da-f]{2}|c[a-z]|[pP]\{[^}]*\}|[^])/iuy;
    return { kind: "characters", source: this.#match(escape)?.[0] ?? "" };
  }

  #repeated(item: RegexNode): RegexNode {
    const [min, max] = this.#quantifier() ?? [1, 1];
    if (min === 1 && max === 1) return item;
    this.#take("?");
    return { kind: "repeat", item, min, max };
  }

  #quantifier(): readonly [number, number] | undefined {
    if (this.#take("*")) return [0, Infinity];
    if (this.#take("+")) return [1, Infinity];
    if (this.#take("?")) return [0, 1];
    const found = this.#match(/\{(\d+)(,(\d*))?\}/uy);
    if (found === undefined) return undefined;
    const [, min = "0", comma, max = ""] = found;
    if (comma === undefined) return [Number(min), Number(min)];
    return [Number(min), max === "" ? Infinity : Number(max)];
  }
}
