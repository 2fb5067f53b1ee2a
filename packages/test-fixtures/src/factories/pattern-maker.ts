import type { ColumnDomain } from "./column-domain.ts";
import { listMaker, maxCapacity, type ColumnMaker, type MakingContext } from "./column-maker.ts";
import { RegexTexts } from "./regex-text.ts";
import { lengthOf } from "./text-shape.ts";

/** Patterns of so few texts are written out, so that it is known how many there are. */
const fewTexts = 20_000n;
/** So many numbers in a row that make no new text are the end. */
const maxMisses = 20_000;

/** A maker of texts that match a pattern; what it makes was checked with the pattern itself. */
export function patternMaker(
  domain: ColumnDomain,
  isValid: (text: string) => boolean,
): ColumnMaker {
  const texts = new RegexTexts(domain.patterns[0] ?? "");
  if (texts.size <= fewTexts) {
    const all = Array.from({ length: Number(texts.size) }, (_, index) => texts.nth(BigInt(index)));
    const valid = [...new Set(all.filter(isValid))];
    // Repetitions that are counted only so far may miss the ones that are long enough.
    if (valid.length > 0) return { ...listMaker(valid), edge: edgeOf(domain, texts, isValid) };
  }
  const numbered = new NumberedTexts(texts, isValid);
  return {
    capacity: texts.size > BigInt(maxCapacity) ? maxCapacity : Number(texts.size),
    nth: (index, context) => numbered.at(index, () => drawn(domain, texts, { isValid, context })),
    sample: (context) => drawn(domain, texts, { isValid, context }),
    edge: edgeOf(domain, texts, isValid),
  };
}

/** The valid texts of a pattern in the order of their numbers, each once. */
class NumberedTexts {
  readonly #texts: RegexTexts;
  readonly #isValid: (text: string) => boolean;
  readonly #found: string[] = [];
  readonly #seen = new Set<string>();
  #next = 0n;

  constructor(texts: RegexTexts, isValid: (text: string) => boolean) {
    this.#texts = texts;
    this.#isValid = isValid;
  }

  /** `more` draws texts where counting finds none, because only long ones are valid. */
  at(index: number, more: () => string | undefined): string | undefined {
    for (let misses = 0; this.#found.length <= index && misses < maxMisses; misses += 1) {
      const isCounted = this.#next < this.#texts.size && (misses < 2000 || this.#found.length > 0);
      const text = isCounted ? this.#texts.nth(this.#next) : more();
      if (isCounted) this.#next += 1n;
      if (text === undefined || this.#seen.has(text) || !this.#isValid(text)) continue;
      this.#seen.add(text);
      this.#found.push(text);
      misses = 0;
    }
    return this.#found[index];
  }
}

interface Drawing {
  readonly isValid: (text: string) => boolean;
  readonly context: MakingContext;
  readonly unicode?: boolean;
}

/** A valid text by chance; undefined when none was found. */
function drawn(
  { minLength, maxLength }: ColumnDomain,
  texts: RegexTexts,
  { isValid, context: { random }, unicode = false }: Drawing,
): string | undefined {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    // Most are short enough and long enough at once; if not, more repetitions or fewer.
    const step = attempt % 4;
    const most = attempt < 40 ? 8 : step === 0 ? 1 : Math.min(maxLength, minLength + 8 * step);
    const least = attempt < 40 || step < 2 ? 0 : Math.ceil(minLength / (step - 1));
    const text = texts.draw({ random, most, least, unicode });
    if (isValid(text)) return text;
  }
  return undefined;
}

function edgeOf(
  domain: ColumnDomain,
  texts: RegexTexts,
  isValid: (text: string) => boolean,
): ColumnMaker["edge"] {
  return (edge, context) => {
    if (edge === "unicode") return drawn(domain, texts, { isValid, context, unicode: true });
    if (edge === "special") return undefined;
    const most = edge === "longest" ? Math.min(domain.maxLength, 500) : 0;
    let best: string | undefined;
    for (let attempt = 0; attempt < 40; attempt += 1) {
      const least = edge === "longest" ? Math.floor(most / (1 + (attempt % 8))) : 0;
      const text = texts.draw({ random: context.random, most: Math.max(least, edge === "longest" ? 8 : 0), least }); // prettier-ignore
      const isBetter =
        best === undefined || (edge === "longest") === lengthOf(text) > lengthOf(best);
      if (isBetter && isValid(text)) best = text;
    }
    return best;
  };
}
