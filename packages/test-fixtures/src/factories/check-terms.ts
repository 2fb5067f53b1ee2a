import { mayBeColumn, readSql, type SqlToken } from "@ctb-data/registry";

export type Comparison = "<" | "<=" | ">" | ">=";

/** One thing that a check asks of a row. Constants are PostgreSQL's texts, without quotes. */
export type CheckTerm =
  | { readonly kind: "bound"; readonly column: string; readonly is: Comparison; readonly than: string }
  | { readonly kind: "length"; readonly column: string; readonly is: Comparison; readonly than: number }
  | { readonly kind: "one-of"; readonly column: string; readonly values: readonly string[] }
  | { readonly kind: "none-of"; readonly column: string; readonly values: readonly string[] }
  | { readonly kind: "null"; readonly column: string; readonly isNull: boolean }
  | { readonly kind: "pattern"; readonly column: string; readonly pattern: string }
  | { readonly kind: "case"; readonly column: string; readonly to: "lower" | "upper" }
  /** One column's value is less than another's. */
  | { readonly kind: "order"; readonly less: string; readonly more: string; readonly strict: boolean }; // prettier-ignore

/** What a check asks, as far as it is understood. */
export interface UnderstoodCheck {
  /** All of them hold where the check does; null in a column satisfies each but `null`. */
  readonly terms: readonly CheckTerm[];
  /** Whether they are all that the check asks. */
  readonly complete: boolean;
}

const nothing: UnderstoodCheck = { terms: [], complete: false };

/**
 * Reads the simple forms of a check: comparisons of a column (or its length) with constants and with other columns, IN,
 * BETWEEN, IS NULL, a pattern, joined by AND; of an OR the first side that is understood, which is enough to satisfy it.
 */
export function readCheck(
  expression: string,
  columns: { readonly has: (name: string) => boolean },
): UnderstoodCheck {
  const read = readSql(expression);
  return "tokens" in read ? readTokens(read.tokens, columns) : nothing;
}

type Columns = Parameters<typeof readCheck>[1];

function readTokens(given: readonly SqlToken[], columns: Columns): UnderstoodCheck {
  const tokens = withoutBrackets(given);
  const sides = split(tokens, "or");
  if (sides.length > 1) {
    return sides.map((side) => readTokens(side, columns)).find(({ complete }) => complete) ?? nothing;
  } // prettier-ignore
  const parts = split(tokens, "and");
  if (parts.length > 1) {
    const read = parts.map((part) => readTokens(part, columns));
    return {
      terms: read.flatMap(({ terms }) => terms),
      complete: read.every(({ complete }) => complete),
    };
  }
  try {
    return { terms: new LeafReader(tokens, columns).read(), complete: true };
  } catch (error) {
    if (error instanceof NotUnderstoodError) return nothing;
    throw error;
  }
}

/** Without brackets around all of it. */
function withoutBrackets(tokens: readonly SqlToken[]): readonly SqlToken[] {
  if (tokens[0]?.text !== "(" || tokens.at(-1)?.text !== ")") return tokens;
  let depth = 0;
  for (const [index, { text }] of tokens.entries()) {
    if (text === "(") depth += 1;
    if (text === ")") depth -= 1;
    if (depth === 0 && index < tokens.length - 1) return tokens;
  }
  return withoutBrackets(tokens.slice(1, -1));
}

/** Cuts at a word outside of brackets; the AND of a BETWEEN is not one. */
function split(tokens: readonly SqlToken[], word: "and" | "or"): readonly (readonly SqlToken[])[] {
  const parts: SqlToken[][] = [[]];
  let depth = 0;
  let between = false;
  for (const token of tokens) {
    if (token.text === "(" || token.text === "[") depth += 1;
    if (token.text === ")" || token.text === "]") depth -= 1;
    const isWord = depth === 0 && token.kind === "word";
    if (isWord && token.name === "between") between = true;
    if (isWord && token.name === word && !(between && word === "and")) parts.push([]);
    else parts.at(-1)?.push(token);
    if (isWord && token.name === "and") between = false;
  }
  return parts;
}

class NotUnderstoodError extends Error {}

type Operand =
  | { readonly kind: "column"; readonly name: string }
  | { readonly kind: "length"; readonly name: string }
  | { readonly kind: "case"; readonly name: string; readonly to: "lower" | "upper" }
  | { readonly kind: "constant"; readonly text: string };

const mirrored = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;
const lengthNames = new Set(["length", "char_length", "character_length"]);

function isComparison(text: string): text is Comparison {
  return Object.hasOwn(mirrored, text);
}

/** Reads one condition without AND and OR. */
class LeafReader {
  readonly #tokens: readonly SqlToken[];
  readonly #columns: Columns;
  #at = 0;

  constructor(tokens: readonly SqlToken[], columns: Columns) {
    this.#tokens = tokens;
    this.#columns = columns;
  }

  /** @throws {NotUnderstoodError} */
  read(): readonly CheckTerm[] {
    const left = this.#operand();
    const terms = this.#rest(left);
    if (this.#at < this.#tokens.length) throw new NotUnderstoodError();
    return terms;
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "word" || token.name !== word) return false;
    this.#at += 1;
    return true;
  }

  #takeSymbol(text: string): boolean {
    if (this.#tokens[this.#at]?.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #need(found: boolean): void {
    if (!found) throw new NotUnderstoodError();
  }

  #operator(): string {
    let operator = "";
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token?.kind !== "symbol" || !"<>=!~*".includes(token.text)) return operator;
      operator += token.text;
      this.#at += 1;
    }
  }

  #rest(left: Operand): readonly CheckTerm[] {
    if (this.#takeWord("is")) {
      const isNull = !this.#takeWord("not");
      this.#need(this.#takeWord("null"));
      return [{ kind: "null", column: columnOf(left), isNull }];
    }
    const not = this.#takeWord("not");
    if (this.#takeWord("in")) {
      const values = this.#list("(", ")");
      return [{ kind: not ? "none-of" : "one-of", column: columnOf(left), values }];
    }
    this.#need(!not);
    if (this.#takeWord("between")) {
      const low = this.#operand();
      this.#need(this.#takeWord("and"));
      return [...compared(left, ">=", low), ...compared(left, "<=", this.#operand())];
    }
    const operator = this.#operator();
    if (operator === "=" && this.#takeWord("any")) {
      return [{ kind: "one-of", column: columnOf(left), values: this.#anyOf() }];
    }
    return compared(left, operator, this.#operand());
  }

  /** `(ARRAY['a', 'b'])`, with or without casts. */
  #anyOf(): readonly string[] {
    this.#need(this.#takeSymbol("("));
    const inner = this.#takeSymbol("(");
    this.#need(this.#takeWord("array"));
    const values = this.#list("[", "]");
    this.#casts();
    if (inner) this.#need(this.#takeSymbol(")"));
    this.#casts();
    this.#need(this.#takeSymbol(")"));
    return values;
  }

  #list(open: string, close: string): readonly string[] {
    const values: string[] = [];
    this.#need(this.#takeSymbol(open));
    do {
      const operand = this.#operand();
      if (operand.kind !== "constant") throw new NotUnderstoodError();
      values.push(operand.text);
    } while (this.#takeSymbol(","));
    this.#need(this.#takeSymbol(close));
    return values;
  }

  #operand(): Operand {
    const operand = this.#bareOperand();
    this.#casts();
    return operand;
  }

  #bareOperand(): Operand {
    if (this.#takeSymbol("(")) {
      const inner = this.#operand();
      this.#need(this.#takeSymbol(")"));
      return inner;
    }
    const sign = this.#takeSymbol("-") ? "-" : "";
    const token = this.#tokens[this.#at];
    if (token?.kind === "number") {
      this.#at += 1;
      return { kind: "constant", text: sign + token.text };
    }
    this.#need(sign === "" && token !== undefined);
    if (token?.kind === "string") return this.#string(token);
    if (this.#takeWord("true")) return { kind: "constant", text: "t" };
    if (this.#takeWord("false")) return { kind: "constant", text: "f" };
    return this.#named();
  }

  #string(token: SqlToken): Operand {
    const dollar = /^\$[^$]*\$/.exec(token.text)?.[0];
    this.#at += 1;
    if (dollar !== undefined) {
      return { kind: "constant", text: token.text.slice(dollar.length, -dollar.length) };
    }
    if (!/^'|^[nN]'|^[eE]'[^\\]*$/.test(token.text)) throw new NotUnderstoodError();
    return { kind: "constant", text: token.text.slice(token.text.indexOf("'") + 1, -1).replaceAll("''", "'") };
  } // prettier-ignore

  #named(): Operand {
    const token = this.#tokens[this.#at];
    const next = this.#tokens[this.#at + 1];
    if (token === undefined) throw new NotUnderstoodError();
    if (next?.kind === "string" && /^(?:date|time|timestamp|timestamptz|interval)$/.test(token.name)) {
      this.#at += 1;
      return this.#string(next);
    } // prettier-ignore
    if (next?.text === "(") return this.#call(token.name);
    if (!mayBeColumn(this.#tokens, this.#at) || !this.#columns.has(token.name))
      throw new NotUnderstoodError();
    this.#at += 1;
    return { kind: "column", name: token.name };
  }

  #call(name: string): Operand {
    this.#at += 2;
    const inner = this.#operand();
    this.#need(this.#takeSymbol(")"));
    if (inner.kind !== "column") throw new NotUnderstoodError();
    if (lengthNames.has(name)) return { kind: "length", name: inner.name };
    if (name === "lower" || name === "upper") return { kind: "case", name: inner.name, to: name };
    throw new NotUnderstoodError();
  }

  #casts(): void {
    while (this.#tokens[this.#at]?.text === ":" && this.#tokens[this.#at + 1]?.text === ":") {
      this.#at += 2;
      while (["word", "quoted-name"].includes(this.#tokens[this.#at]?.kind ?? "")) {
        const name = this.#tokens[this.#at]?.name ?? "";
        if (/^(?:and|or|is|in|not|between)$/.test(name)) break;
        this.#at += 1;
      }
      if (this.#takeSymbol("(")) while (!this.#takeSymbol(")")) this.#at += 1;
      while (this.#takeSymbol("[")) this.#need(this.#takeSymbol("]"));
    }
  }
}

function columnOf(operand: Operand): string {
  if (operand.kind !== "column") throw new NotUnderstoodError();
  return operand.name;
}

function compared(left: Operand, operator: string, right: Operand): readonly CheckTerm[] {
  if (left.kind === "constant" && right.kind !== "constant") {
    return compared(right, isComparison(operator) ? mirrored[operator] : operator, left);
  }
  if (left.kind === "case" || (right.kind === "case" && left.kind === "column")) {
    const [name, other] = left.kind === "case" ? [left, right] : [right, left];
    if (operator !== "=" || name.kind !== "case" || columnOf(other) !== name.name)
      throw new NotUnderstoodError();
    return [{ kind: "case", column: name.name, to: name.to }];
  }
  if (left.kind === "length") return lengthTerms(left.name, operator, right);
  const column = columnOf(left);
  if (right.kind === "column") return orderTerms(column, operator, right.name);
  if (right.kind !== "constant") throw new NotUnderstoodError();
  if (isComparison(operator)) return [{ kind: "bound", column, is: operator, than: right.text }];
  if (operator === "=") return [{ kind: "one-of", column, values: [right.text] }];
  if (operator === "<>" || operator === "!=")
    return [{ kind: "none-of", column, values: [right.text] }];
  if (operator === "~") return [{ kind: "pattern", column, pattern: right.text }];
  throw new NotUnderstoodError();
}

function orderTerms(left: string, operator: string, right: string): readonly CheckTerm[] {
  if (operator.startsWith("<") && isComparison(operator))
    return [{ kind: "order", less: left, more: right, strict: operator === "<" }];
  if (isComparison(operator))
    return [{ kind: "order", less: right, more: left, strict: operator === ">" }];
  throw new NotUnderstoodError();
}

function lengthTerms(column: string, operator: string, right: Operand): readonly CheckTerm[] {
  const than = right.kind === "constant" ? Number(right.text) : Number.NaN;
  if (!Number.isFinite(than)) throw new NotUnderstoodError();
  const term = (is: Comparison): CheckTerm => ({ kind: "length", column, is, than });
  if (isComparison(operator)) return [term(operator)];
  if (operator === "=") return [term(">="), term("<=")];
  if (operator === "<>" && than === 0) return [term(">")];
  throw new NotUnderstoodError();
}
