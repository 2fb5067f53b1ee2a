import { modelOf } from "@ctb-data/models";
import type { ColumnFormat } from "@ctb-data/registry";
import type { ColumnDomain } from "./column-domain.ts";
import { listMaker, maxCapacity, type ColumnMaker, type MakingContext } from "./column-maker.ts";
import { formatTexts, type FormatTexts } from "./format-texts.ts";
import { nastyTexts } from "./json-maker.ts";
import { usualFormat, usualText } from "./meaning.ts";
import { patternMaker } from "./pattern-maker.ts";
import { cutText, lengthOf, padText, shortWord, shortWords } from "./text-shape.ts";

/** Texts shorter than this have no room for words and a number behind them. */
const shortLength = 8;

/** A maker of text, varchar and char. */
export function textMaker(domain: ColumnDomain): ColumnMaker {
  const isValid = validatorOf(domain);
  if (domain.oneOf !== undefined) return listMaker(domain.oneOf.filter(isValid));
  const examples = domain.column.examples.filter(
    (example): example is string => typeof example === "string" && isValid(example),
  );
  const plain = domain.patterns.length > 0 ? patternMaker(domain, isValid) : freeMaker(domain, isValid);
  if (examples.length === 0) return plain;
  return {
    ...plain,
    sample: (context) => (context.random.chance(0.5) ? context.random.pick(examples) : plain.sample(context)),
  };
} // prettier-ignore

/** Whether a text is one that the model takes, and the checks that are understood. */
function validatorOf(domain: ColumnDomain): (text: string) => boolean {
  const { column, name, minLength, maxLength, noneOf, letterCase } = domain;
  const { encryption: _encryption, ...plain } = column;
  const type = { ...column.type, dimensions: 0 };
  const { shape } = modelOf({ name, columns: new Map([[name, { ...plain, type, nullable: false }]]) });
  const patterns = domain.patterns.map((pattern) => new RegExp(pattern, "u"));
  return (text) => {
    const length = lengthOf(text);
    if (length < minLength || length > maxLength || noneOf.has(text)) return false;
    if (letterCase !== undefined && inCase(text, letterCase) !== text) return false;
    return patterns.every((pattern) => pattern.test(text)) && shape[name]?.safeParse(text).success === true;
  };
} // prettier-ignore

function inCase(text: string, to: ColumnDomain["letterCase"]): string {
  return to === undefined ? text : to === "lower" ? text.toLowerCase() : text.toUpperCase();
}

/** Texts without a pattern. */
function freeMaker(domain: ColumnDomain, isValid: (text: string) => boolean): ColumnMaker {
  const format: ColumnFormat | undefined = domain.column.format ?? usualFormat(domain.name);
  const formatted = format === undefined ? undefined : formatTexts[format];
  const texts = new FreeTexts(domain, isValid, formatted);
  const edges = edgeCandidates(domain);
  const numbered = texts.numberIn === undefined ? {} : { numberIn: texts.numberIn };
  return {
    capacity: texts.capacity,
    nth: (index, context) => texts.nth(index, context),
    ...numbered,
    sample: (context) => texts.sample(context),
    edge: (edge) => edges[edge]?.().find(isValid),
  };
}

class FreeTexts {
  readonly capacity: number;
  readonly numberIn: string | undefined;
  readonly #domain: ColumnDomain;
  readonly #isValid: (text: string) => boolean;
  readonly #formatted: FormatTexts | undefined;
  readonly #isShort: boolean;

  constructor(
    domain: ColumnDomain,
    isValid: (text: string) => boolean,
    formatted: FormatTexts | undefined,
  ) {
    this.#domain = domain;
    this.#isValid = isValid;
    const { maxLength, minLength, column } = domain;
    const fits = formatted?.smallest.some((text) => isValid(inCase(text, domain.letterCase)));
    this.#formatted = fits === true ? formatted : undefined;
    this.#isShort = maxLength < shortLength && this.#formatted === undefined;
    this.capacity = this.#isShort
      ? shortWords(minLength, maxLength)
      : Math.min(this.#formatted?.capacity ?? 10 ** Math.min(maxLength, 15), maxCapacity);
    if (fits !== true && column.format !== undefined) this.capacity = 0;
    if (!this.#isShort) this.numberIn = this.#formatted ? this.#formatted.numberIn : String.raw`(\d+)$`; // prettier-ignore
  }

  nth(index: number, context: MakingContext): string | undefined {
    const { minLength, maxLength, letterCase } = this.#domain;
    if (this.#isShort) return inCase(shortWord(index, minLength, maxLength), letterCase);
    if (this.#formatted) {
      const texts = this.#formatted.nth(index + 1, context.faker);
      return texts.map((text) => inCase(text, letterCase)).find(this.#isValid);
    }
    const number = String(index + 1);
    const room = Math.max(maxLength - number.length - 1, 0);
    const stem = cutText(usualText(this.#domain.name)(context.faker), Math.min(room, 200)).trimEnd();
    // Digits that are filled up in front are the same number; with letters before them they end there.
    const filled = padText(stem, minLength - number.length - 1, context.random);
    const text = filled === "" ? number.padStart(minLength, "0") : `${filled} ${number}`;
    return [inCase(text, letterCase)].find(this.#isValid);
  } // prettier-ignore

  sample(context: MakingContext): string | undefined {
    const { minLength, maxLength, letterCase, name, column } = this.#domain;
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const text =
        column.format !== undefined && this.#formatted
          ? this.#formatted.sample(context.faker)
          : usualText(name)(context.faker);
      const short = maxLength < 4 && lengthOf(text) > maxLength && column.format === undefined;
      const shaped = short ? letters(context, maxLength) : cutText(text, maxLength).trim();
      const filled = inCase(padText(shaped, minLength, context.random), letterCase);
      const fitting = [inCase(text, letterCase), filled, cutText(filled, maxLength)];
      const found = fitting.find(this.#isValid);
      if (found !== undefined) return found;
    }
    return this.nth(context.random.int(0, Math.min(this.capacity, 10_000) - 1), context);
  }
}

function letters({ random }: MakingContext, count: number): string {
  return Array.from({ length: count }, () => String.fromCodePoint(random.int(65, 90))).join("");
}

/** How long the longest text is where nothing bounds it, and where only a large number does. */
const longestFree = 10_000;
const longestBounded = 100_000;

type EdgeTexts = Readonly<Record<string, () => readonly string[]>>;

/** A text again and again, until it has so many code points. */
function repeat(text: string, length: number): string {
  const points = Array.from(text);
  return Array.from({ length }, (_, index) => points[index % points.length] ?? "").join("");
}

/** What to try for each edge, the best first. */
function edgeCandidates({ minLength, maxLength, maxIndexBytes, letterCase }: ColumnDomain): EdgeTexts {
  const bound = maxLength === Infinity ? longestFree : Math.min(maxLength, longestBounded);
  const wide = Math.min(bound, maxIndexBytes === undefined ? bound : Math.floor(maxIndexBytes / 4));
  const narrow = Math.min(bound, maxIndexBytes ?? bound);
  const nasty = nastyTexts.join(" ");
  return {
    longest: () => [
      repeat("𝔏𝔬𝔫𝔤🌲", wide),
      repeat(letterCase === "upper" ? "LONG" : "long", narrow),
      `${repeat("a", Math.min(narrow, 60))}@${repeat("b", 60)}.example.com`,
      `https://example.com/${repeat("c", Math.max(Math.min(narrow, 2000) - 20, 0))}`,
      `+${repeat("9", 15)}`,
    ],
    smallest: () => [repeat("a", minLength), repeat("A", minLength), "a@b.co", "http://a", "a"],
    unicode: () =>
      letterCase === undefined
        ? [cutText(repeat(nasty, Math.max(lengthOf(nasty), minLength)), wide), repeat("é🙂ע", Math.max(minLength, Math.min(wide, 3))), "https://例え.テスト/ü?q=%20"]
        : [],
    special: () => [cutText(String.raw`\N`, maxLength), cutText("NULL", maxLength), cutText(" ", maxLength)],
  };
} // prettier-ignore
