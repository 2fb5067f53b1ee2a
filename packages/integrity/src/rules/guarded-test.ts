import { createContext, Script } from "node:vm";

/** What a guarded test says: what is wrong, nothing, or that it took too long to tell. */
export type Guarded = { readonly problem: string | undefined } | "too long";

/** What the values of a column may cost. */
export interface Budget {
  /** How long one value may take, in milliseconds. */
  readonly valueMs: number;
  /** How long all values together that took too long may take; then none of them is tried any more. */
  readonly columnMs: number;
}

export const usualBudget: Budget = { valueMs: 250, columnMs: 10_000 };
/** How many steps a regular expression may take without being watched: some milliseconds. */
const fewSteps = 500_000;

/**
 * Wraps the test of a pattern so that no value can keep it for ever. A pattern whose time grows with the length of the value
 * only a little runs as it is; one that may take exponential time, or a value too long for it, is watched, which costs about
 * 0.1 ms, and stopped. When the budget of the column is used up, values that would have to be watched are no longer tried.
 */
export function guardedTest(
  pattern: string,
  test: (text: string) => string | undefined,
  budget: Budget = usualBudget,
): (text: string) => Guarded {
  const power = powerOf(pattern);
  let watch: ((text: string) => Guarded) | undefined;
  return (text) => {
    if (power !== undefined && stepsOf(text.length, power) <= fewSteps)
      return { problem: test(text) };
    watch ??= watchedTest(test, budget);
    return watch(text);
  };
}

/** In how many ways a text can be divided among that many repetitions. */
function stepsOf(length: number, power: number): number {
  let steps = 1;
  for (let part = 1; part <= power; part += 1) steps *= (length + part) / part;
  return steps;
}

function watchedTest(
  test: (text: string) => string | undefined,
  { valueMs, columnMs }: Budget,
): (text: string) => Guarded {
  let current = "";
  let problem: string | undefined;
  const run = (): void => {
    problem = test(current);
  };
  const context = createContext({ run });
  const script = new Script("run()");
  let lostMs = 0;
  return (text) => {
    if (lostMs >= columnMs) return "too long";
    current = text;
    try {
      script.runInContext(context, { timeout: valueMs });
      return { problem };
    } catch (error) {
      if (!isTimeout(error)) throw error;
      lostMs += valueMs;
      return "too long";
    }
  };
}

/** It may be of the realm of the context, so that it is no `Error` here. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT"
  );
}

/**
 * The power of a value's length with which the time of a regular expression that tries everything grows at the most: one for the
 * place where it begins unless that is said, and one for each repetition without an end. Undefined where it may be exponential: a repeated group
 * with a choice or a repetition in it, or a back reference.
 */
export function powerOf(pattern: string): number | undefined {
  const plain = pattern
    .replaceAll(/\\(?:[pPu]\{[^}]*\}|k<[^>]*>|[1-9]\d*|[^])/g, (escape) =>
      /^\\[1-9k]/.test(escape) ? "\u0001" : "a",
    )
    .replaceAll(/\[[^\]]*\]/g, "a");
  if (plain.includes("\u0001")) return undefined;
  const repeats = /[*+]|\{\d+,\d*\}|\{[2-9]\d*\}|\{1\d+\}/;
  for (const group of repeatedGroups(plain)) {
    if (repeats.test(group) || /[|?]/.test(group.replaceAll(/\(\?[:=!<]/g, ""))) return undefined;
  }
  const endless = plain.match(/[*+]|\{\d+,\d*\}/g) ?? [];
  const begins = plain.startsWith("^") && !plain.includes("|") ? 0 : 1;
  return begins + endless.length;
}

/** What is inside of each group that is repeated. */
function repeatedGroups(pattern: string): readonly string[] {
  const groups: string[] = [];
  const open: number[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    if (pattern[at] === "(") open.push(at + 1);
    if (pattern[at] !== ")") continue;
    const start = open.pop() ?? 0;
    if (/^(?:[*+]|\{)/.test(pattern.slice(at + 1, at + 2))) groups.push(pattern.slice(start, at));
  }
  return groups;
}
