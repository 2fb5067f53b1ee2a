import type { ColumnDomain } from "./column-domain.ts";
import { listMaker, maxCapacity, type ColumnMaker, type MakingContext } from "./column-maker.ts";
import { RegexTexts } from "./regex-text.ts";
import { lengthOf } from "./text-shape.ts";

/** Patterns of so few texts are written out, so that it is known how many there are. */
const fewTexts = 20_000n;
/** Of so many numbers one makes a valid text, where not every one does. */
const wideStep = 4096n;

/** A maker of texts that match a pattern; what it makes was checked with the pattern itself. */
export function patternMaker(
  domain: ColumnDomain,
  isValid: (text: string) => boolean,
): ColumnMaker {
  const texts = new RegexTexts(domain.patterns[0] ?? "");
  const edge = edgeOf(domain, texts, isValid);
  const step = stepOf(texts, isValid);
  if (texts.size <= fewTexts || (step > 1n && texts.size <= fewTexts * 20n)) {
    const all = Array.from({ length: Number(texts.size) }, (_, index) => texts.nth(BigInt(index)));
    const valid = [...new Set(all.filter(isValid))];
    // Repetitions that are counted only so far may miss the ones that are long enough.
    if (valid.length > 0) return { ...listMaker(valid), edge };
  }
  const size = texts.size / step;
  return {
    capacity: size > BigInt(maxCapacity) ? maxCapacity : Math.max(Number(size), 1),
    nth: (index, context) =>
      firstValid(texts, isValid, { from: BigInt(index) * step, step }) ??
      drawn(domain, texts, { isValid, context }),
    sample: (context) => drawn(domain, texts, { isValid, context }),
    edge,
  };
}

/** How many numbers each text has to itself: one if all that are tried make valid ones. */
function stepOf(texts: RegexTexts, isValid: (text: string) => boolean): bigint {
  const tries = 256n;
  const apart = texts.size / tries > 0n ? texts.size / tries : 1n;
  for (let at = 0n; at < tries && at < texts.size; at += 1n) {
    if (!isValid(texts.nth(at)) || !isValid(texts.nth((at * apart) % texts.size))) return wideStep;
  }
  return 1n;
}

/** The text of the first number from one on that makes a valid one. */
function firstValid(
  texts: RegexTexts,
  isValid: (text: string) => boolean,
  { from, step }: { readonly from: bigint; readonly step: bigint },
): string | undefined {
  for (let at = from; at < from + step && at < texts.size; at += 1n) {
    const text = texts.nth(at);
    if (isValid(text)) return text;
  }
  return undefined;
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
