import type { Random } from "./random.ts";
import { parseRegex, type RegexNode } from "./regex-syntax.ts";

/** How texts are drawn from a regular expression. */
export interface RegexDraw {
  readonly random: Random;
  /** How often something is repeated more than it must be. Default 8. */
  readonly most?: number;
  /** How often at least, where the expression allows it. Default 0. */
  readonly least?: number;
  /** Rather take characters beyond ASCII, where the expression has them. */
  readonly unicode?: boolean;
}

/** How often an unbounded quantifier repeats beyond its minimum when texts are counted. */
const countedMore = 8;
const largest = 2n ** 60n;

/**
 * The texts that match a regular expression, as far as that can be told without matching: what only looks (lookaheads,
 * word boundaries) is not minded, so a text is to be checked with the expression itself.
 */
export class RegexTexts {
  readonly #tree: RegexNode;
  readonly #sizes = new Map<RegexNode, bigint>();

  /** @throws {SyntaxError} when it is no regular expression of the flag `u` */
  constructor(pattern: string) {
    // For its error.
    void new RegExp(pattern, "u").source;
    this.#tree = parseRegex(pattern);
  }

  /** How many texts {@link RegexTexts.nth} has, counted by the choices that make them: two of them may be the same text. */
  get size(): bigint {
    return this.#sizeOf(this.#tree);
  }

  /** The text that a number from 0 stands for: other numbers are other choices. */
  nth(index: bigint): string {
    const groups = new Map<number, string>();
    return this.#unrank(this.#tree, index, groups);
  }

  /** A text by chance. */
  draw(options: RegexDraw): string {
    return this.#draw(this.#tree, options, new Map());
  }

  #sizeOf(node: RegexNode): bigint {
    const known = this.#sizes.get(node);
    if (known !== undefined) return known;
    const size = this.#count(node);
    const kept = size > largest ? largest : size;
    this.#sizes.set(node, kept);
    return kept;
  }

  #count(node: RegexNode): bigint {
    switch (node.kind) {
      case "sequence":
        return node.items.reduce((size, item) => capped(size * this.#sizeOf(item)), 1n);
      case "choice":
        return node.items.reduce((size, item) => size + this.#sizeOf(item), 0n);
      case "repeat":
        return this.#repeatSizes(node).reduce((sum, size) => sum + size, 0n);
      case "characters":
        return BigInt(charactersOf(node.source).ascii.length);
      case "group":
        return this.#sizeOf(node.item);
      case "back-reference":
      case "start":
      case "end":
      default:
        return 1n;
    }
  }

  /** How many texts there are for each number of repetitions. */
  #repeatSizes(node: Extract<RegexNode, { kind: "repeat" }>): readonly bigint[] {
    const one = this.#sizeOf(node.item);
    const last = Math.min(node.max, node.min + countedMore);
    return Array.from({ length: last - node.min + 1 }, (_, more) => power(one, node.min + more));
  }

  #unrank(node: RegexNode, index: bigint, groups: Map<number, string>): string {
    switch (node.kind) {
      case "sequence":
        return this.#unrankAll(node.items, index, groups);
      case "choice": {
        let rest = index;
        for (const item of node.items) {
          const size = this.#sizeOf(item);
          if (rest < size) return this.#unrank(item, rest, groups);
          rest -= size;
        }
        return "";
      }
      case "repeat": {
        let rest = index;
        for (const [more, size] of this.#repeatSizes(node).entries()) {
          if (rest < size) {
            const items = Array.from({ length: node.min + more }, () => node.item);
            return this.#unrankAll(items, rest, groups);
          }
          rest -= size;
        }
        return "";
      }
      case "characters": {
        const { ascii } = charactersOf(node.source);
        return ascii[Number(index % BigInt(Math.max(ascii.length, 1)))] ?? "";
      }
      case "group": {
        const text = this.#unrank(node.item, index, groups);
        groups.set(node.number, text);
        return text;
      }
      case "back-reference":
        return groups.get(node.number) ?? "";
      case "start":
      case "end":
      default:
        return "";
    }
  }

  /** The last part changes fastest, as digits do. */
  #unrankAll(items: readonly RegexNode[], index: bigint, groups: Map<number, string>): string {
    const digits: bigint[] = [];
    let rest = index;
    for (const item of items.toReversed()) {
      const size = this.#sizeOf(item);
      digits.push(size === 0n ? 0n : rest % size);
      rest = size === 0n ? 0n : rest / size;
    }
    digits.reverse();
    return items.map((item, at) => this.#unrank(item, digits[at] ?? 0n, groups)).join("");
  }

  #draw(node: RegexNode, options: RegexDraw, groups: Map<number, string>): string {
    const { random, most = 8, least = 0 } = options;
    switch (node.kind) {
      case "sequence":
        return node.items.map((item) => this.#draw(item, options, groups)).join("");
      case "choice":
        return this.#draw(random.pick(node.items), options, groups);
      case "repeat": {
        const high = Math.min(node.max, Math.max(node.min + most, least));
        const times = random.int(Math.min(Math.max(node.min, least), high), high);
        return Array.from({ length: times }, () => this.#draw(node.item, options, groups)).join("");
      }
      case "characters": {
        const { ascii, others } = charactersOf(node.source);
        const pool = options.unicode === true && others.length > 0 ? others : ascii;
        return pool.length === 0 ? "" : random.pick(pool);
      }
      case "group": {
        const text = this.#draw(node.item, options, groups);
        groups.set(node.number, text);
        return text;
      }
      case "back-reference":
        return groups.get(node.number) ?? "";
      case "start":
      case "end":
      default:
        return "";
    }
  }
}

function capped(size: bigint): bigint {
  return size > largest ? largest : size;
}

function power(base: bigint, exponent: number): bigint {
  let result = 1n;
  for (let step = 0; step < exponent && result > 0n && result < largest; step += 1) {
    if (base === 1n) return 1n;
    result = capped(result * base);
  }
  return result;
}

interface Characters {
  /** The printable ones of ASCII; where there are none, whatever there is. */
  readonly ascii: readonly string[];
  readonly others: readonly string[];
}

const known = new Map<string, Characters>();

const codePoints = (low: number, high: number): readonly string[] =>
  Array.from({ length: high - low + 1 }, (_, index) => String.fromCodePoint(low + index));

const printable = codePoints(0x20, 0x7e);
/** Letters, digits and signs of many scripts, and beyond the first 65,536 characters. */
const foreign = [
  [0xa1, 0x17f], [0x391, 0x3ff], [0x410, 0x44f], [0x5d0, 0x5ea], [0x627, 0x64a], [0x905, 0x939],
  [0x4e00, 0x4e40], [0x1_f600, 0x1_f640], [0x1_d400, 0x1_d420],
].flatMap(([low = 0, high = 0]) => codePoints(low, high)); // prettier-ignore

/** The characters that a class, an escape or a character matches. Which they are the expression itself says. */
function charactersOf(source: string): Characters {
  const before = known.get(source);
  if (before !== undefined) return before;
  const expression = new RegExp(`^(?:${source})$`, "u");
  const matching = (list: readonly string[]): readonly string[] =>
    list.filter((character) => expression.test(character));
  const ascii = matching(printable);
  const others = matching(foreign);
  const found = {
    ascii: ascii.length > 0 ? ascii : others.length > 0 ? others : searched(expression),
    others,
  };
  known.set(source, found);
  return found;
}

/** The first characters of all that match, of those that PostgreSQL can hold. */
function searched(expression: RegExp): readonly string[] {
  const found: string[] = [];
  for (let point = 1; point <= 0x10_ff_ff && found.length < 256; point += 1) {
    if (point >= 0xd8_00 && point <= 0xdf_ff) continue;
    const character = String.fromCodePoint(point);
    if (expression.test(character)) found.push(character);
  }
  return found;
}
