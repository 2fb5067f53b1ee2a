import type { SqlToken } from "./sql-expression.ts";

type Tokens = readonly SqlToken[];

/** A name, and whether a cast around it keeps it (a column's or function's) or not (a type's). */
interface Found {
  readonly name: string;
  readonly isStrong: boolean;
}

/**
 * The name that PostgreSQL gives to an index column that is an expression (its FigureIndexColname): that of the
 * outermost function or of the column that is cast, else `expr`.
 */
export function expressionName(tokens: Tokens): string {
  return find(tokens)?.name ?? "expr";
}

function find(all: Tokens): Found | undefined {
  const tokens = withoutBrackets(all);
  const [first, second] = tokens;
  if (first === undefined) return undefined;
  const levels = topLevel(tokens);
  const collate = levels.find((index) => isWord(tokens[index], "collate"));
  if (collate !== undefined) return find(tokens.slice(0, collate));
  if (isWord(first, "case") && isWord(tokens.at(-1), "end")) return findCase(tokens);
  const zone = levels.findLast(
    (index) => isWord(tokens[index], "at") && isWord(tokens[index + 1], "time"),
  );
  const operand = zone === undefined ? levels : levels.filter((index) => index < zone);
  if (operand.some((index) => isOperator(tokens, index))) return undefined;
  if (zone !== undefined) return { name: "timezone", isStrong: true };
  const casts = levels.filter((index) => isCast(tokens, index));
  const [cast, last = cast] = [casts[0], casts.at(-1)];
  // Of `a::b::c` what is cast counts, or else the last type.
  if (cast !== undefined && last !== undefined)
    return castName(find(tokens.slice(0, cast)), tokens.slice(last + 2));
  if (isWord(first, "array")) return { name: "array", isStrong: true };
  if (first.kind !== "word" && first.kind !== "quoted-name") return undefined;
  if (first.kind === "word" && constants.has(first.name)) return undefined;
  if (isWord(first, "cast") && second?.text === "(") return findCast(tokens);
  return pathName(tokens);
}

const constants = new Set(["null", "true", "false"]);

/** `schema.name`, `schema.name(…)` or `name[1]`. */
function pathName(tokens: Tokens): Found | undefined {
  let index = 0;
  while (tokens[index + 1]?.text === "." && tokens[index + 2] !== undefined) index += 2;
  const name = tokens[index]?.name;
  if (name === undefined || name === "") return undefined;
  const isAlone = index === tokens.length - 1 || tokens[index + 1]?.text === "[";
  const isCall =
    tokens[index + 1]?.text === "(" && endOfGroup(tokens, index + 1) === tokens.length - 1;
  if (!isAlone && !isCall) return undefined;
  return { name: isCall && name === "trim" ? trimName(tokens[index + 2]) : name, isStrong: true };
}

/** What the grammar makes of `trim(leading from …)` and its like. */
function trimName(side: SqlToken | undefined): string {
  if (isWord(side, "leading")) return "ltrim";
  return isWord(side, "trailing") ? "rtrim" : "btrim";
}

function findCast(tokens: Tokens): Found | undefined {
  const inner = tokens.slice(2, -1);
  const as = topLevel(inner).findLast((index) => isWord(inner[index], "as"));
  return as === undefined ? undefined : castName(find(inner.slice(0, as)), inner.slice(as + 1));
}

/** A CASE has the name of its ELSE. */
function findCase(tokens: Tokens): Found {
  let depth = 0;
  let start: number | undefined;
  for (const [index, token] of tokens.entries()) {
    if (isWord(token, "case") || token.text === "(") depth += 1;
    if (isWord(token, "end") || token.text === ")") depth -= 1;
    if (depth === 1 && isWord(token, "else")) start = index + 1;
  }
  const found = start === undefined ? undefined : find(tokens.slice(start, -1));
  return found?.isStrong === true ? found : { name: "case", isStrong: false };
}

/** PostgreSQL's own names of the types that the grammar spells otherwise. */
const typeNames = new Map([
  ["int", "int4"],
  ["integer", "int4"],
  ["smallint", "int2"],
  ["bigint", "int8"],
  ["real", "float4"],
  ["float", "float8"],
  ["double", "float8"],
  ["boolean", "bool"],
  ["decimal", "numeric"],
  ["dec", "numeric"],
  ["character", "bpchar"],
  ["char", "bpchar"],
]);

function castName(inner: Found | undefined, type: Tokens): Found | undefined {
  if (inner?.isStrong === true) return inner;
  let index = 0;
  while (type[index + 1]?.text === "." && type[index + 2] !== undefined) index += 2;
  const name = type[index]?.name;
  if (name === undefined || name === "") return undefined;
  const rest = new Set(type.slice(index + 1).map((token) => token.name));
  if (rest.has("varying")) return { name: "varchar", isStrong: false };
  if (rest.has("with")) return { name: `${name}tz`, isStrong: false };
  return { name: typeNames.get(name) ?? name, isStrong: false };
}

function isWord(token: SqlToken | undefined, word: string): boolean {
  return token?.kind === "word" && token.name === word;
}

const opening = new Set(["(", "["]);
const closing = new Set([")", "]"]);

/** The indexes of the tokens that are in no brackets and no CASE. */
function topLevel(tokens: Tokens): readonly number[] {
  const indexes: number[] = [];
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    const isOpening = opening.has(token.text) || isWord(token, "case");
    if (depth === 0 && !isOpening) indexes.push(index);
    if (isOpening) depth += 1;
    if (closing.has(token.text) || isWord(token, "end")) depth -= 1;
  }
  return indexes;
}

function isCast(tokens: Tokens, index: number): boolean {
  return tokens[index]?.text === ":" && tokens[index + 1]?.text === ":";
}

const operatorWords = new Set([
  "and",
  "or",
  "not",
  "is",
  "in",
  "like",
  "ilike",
  "similar",
  "between",
  "isnull",
  "notnull",
]);

/** Whether an operator stands here; a cast and a path are none. */
function isOperator(tokens: Tokens, index: number): boolean {
  const token = tokens[index];
  if (token?.kind === "word") return operatorWords.has(token.name);
  return token?.kind === "symbol" && !/^[.:,;]$/.test(token.text);
}

/** Without brackets around the whole. */
function withoutBrackets(tokens: Tokens): Tokens {
  let leading = 0;
  while (tokens[leading]?.text === "(") leading += 1;
  if (leading === 0) return tokens;
  // The pairs around the whole are as many as the depth never falls below between the first and the last brackets.
  let depth = 0;
  let least = leading;
  let trailing = 0;
  while (tokens[tokens.length - 1 - trailing]?.text === ")") trailing += 1;
  for (const { kind, text } of tokens.slice(0, tokens.length - trailing)) {
    if (kind !== "symbol") continue;
    if (text === "(") depth += 1;
    if (text === ")") depth -= 1;
    if (text === ")" && depth < least) least = depth;
  }
  const pairs = Math.min(least, trailing);
  return tokens.slice(pairs, tokens.length - pairs);
}

/** The index of the bracket that closes the one at `open`. */
function endOfGroup(tokens: Tokens, open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token?.kind !== "symbol") continue;
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    if (depth === 0) return index;
  }
  return -1;
}
