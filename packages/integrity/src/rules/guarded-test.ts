import { createContext, Script } from "node:vm";

/** What a guarded test says: what is wrong, nothing, or that it took too long to tell. */
export type Guarded = { readonly problem: string | undefined } | "too long";

/** How long one value may take, in milliseconds. */
export const valueBudgetMs = 250;
/** How long all values of a column together that took too long may take; then none of them is tried any more. */
export const columnBudgetMs = 10_000;
/** How many steps a regular expression may surely take without being watched: some 50 ms. */
const fewSteps = 5_000_000;

/**
 * Wraps the test of a pattern so that no value can keep it for ever. A pattern whose time grows with the length of the value
 * only a little runs as it is; one that may take exponential time, or a value too long for it, is watched and stopped after
 * {@link valueBudgetMs}. When that has happened for {@link columnBudgetMs} in all, watched values are no longer tried.
 */
export function guardedTest(
  pattern: string,
  test: (text: string) => string | undefined,
): (text: string) => Guarded {
  const power = powerOf(pattern);
  let watch: ((text: string) => Guarded) | undefined;
  return (text) => {
    if (power !== undefined && (text.length + 1) ** power <= fewSteps)
      return { problem: test(text) };
    watch ??= watchedTest(test);
    return watch(text);
  };
}

function watchedTest(test: (text: string) => string | undefined): (text: string) => Guarded {
  let current = "";
  let problem: string | undefined;
  const run = (): void => {
    problem = test(current);
  };
  const context = createContext({ run });
  const script = new Script("run()");
  let lostMs = 0;
  return (text) => {
    if (lostMs >= columnBudgetMs) return "too long";
    current = text;
    try {
      script.runInContext(context, { timeout: valueBudgetMs });
      return { problem };
    } catch (error) {
      if (!isTimeout(error)) throw error;
      lostMs += valueBudgetMs;
      return "too long";
    }
  };
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}

/**
 * The power of a value's length with which the time of a regular expression that tries everything grows at the most: one for the
 * place where it begins, and one for each repetition without an end. Undefined where it may be exponential: a repeated group
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
  return 1 + endless.length;
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
