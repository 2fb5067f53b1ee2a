/** One token of an SQL expression. */
export interface SqlToken {
  readonly kind: "word" | "quoted-name" | "string" | "number" | "symbol";
  /** As it is written. */
  readonly text: string;
  /** Of a word or a quoted name: the name that it means. */
  readonly name: string;
  readonly start: number;
}

/** The tokens of an expression, or what is wrong with it. */
export type ReadSql = { readonly tokens: readonly SqlToken[] } | { readonly fault: string };

const patterns = [
  ["space", /\s+/y],
  ["comment", /--|\/\*/y],
  ["string", /(?:[eE]'(?:[^'\\]|\\[^]|'')*'|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*')/y],
  ["dollar", /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy],
  ["quoted-name", /(?:[uU]&)?"(?:[^"]|"")+"/y],
  ["word", /[\p{L}_][\p{L}\p{N}_$]*/uy],
  ["number", /\.?\d[\w.]*/y],
  ["symbol", /[^]/y],
] as const;

const maxLength = 10_000;

/**
 * Cuts an SQL expression into tokens. It is no parser: it finds what would break the statement that the expression is
 * put into (a quote or bracket that does not end, a comment, a semicolon), and the names in it.
 */
export function readSql(text: string): ReadSql {
  if (text.length > maxLength) return { fault: `it is longer than ${maxLength} characters` };
  const tokens: SqlToken[] = [];
  for (let start = 0; start < text.length;) {
    const [kind, written] = match(text, start);
    const end = start + written.length;
    if (kind === "comment") return { fault: "it has a comment" };
    if (kind === "dollar") {
      const close = text.indexOf(written, end);
      if (close === -1) return { fault: `the text that begins with ${written} does not end` };
      const closed = close + written.length;
      tokens.push({ kind: "string", text: text.slice(start, closed), name: "", start });
      start = closed;
      continue;
    }
    if (written === "'" || written === '"') return { fault: `the quote ${written} does not end` };
    if (written === ";") return { fault: "it has a semicolon" };
    if (kind !== "space") tokens.push({ kind, text: written, name: nameOf(kind, written), start });
    start = end;
  }
  const fault = bracketFault(tokens);
  return fault === undefined ? { tokens } : { fault };
}

function match(text: string, start: number): readonly [(typeof patterns)[number][0], string] {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = start;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) return [kind, found];
  }
  return ["symbol", text.charAt(start)];
}

function nameOf(kind: string, text: string): string {
  if (kind === "word") return text.toLowerCase();
  if (kind === "quoted-name") return text.slice(text.indexOf('"') + 1, -1).replaceAll('""', '"');
  return "";
}

const closing = new Map([
  [")", "("],
  ["]", "["],
]);

function bracketFault(tokens: readonly SqlToken[]): string | undefined {
  const open: string[] = [];
  for (const { kind, text } of tokens) {
    if (kind !== "symbol") continue;
    if (text === "(" || text === "[") open.push(text);
    const opening = closing.get(text);
    if (opening !== undefined && open.pop() !== opening)
      return `the bracket ${text} closes nothing`;
  }
  return open.length === 0 ? undefined : `the bracket ${open.at(-1)} is not closed`;
}

/** Whether the token at `index` may be the name of a column: not a function, a type behind `::`, or a name's first part. */
export function mayBeColumn(tokens: readonly SqlToken[], index: number): boolean {
  const token = tokens[index];
  if (token?.kind !== "word" && token?.kind !== "quoted-name") return false;
  const next = tokens[index + 1]?.text;
  if (next === "(" || next === ".") return false;
  // `date '2026-01-31'` is a value of a type.
  if (tokens[index + 1]?.kind === "string") return false;
  const isCast = tokens[index - 1]?.text === ":" && tokens[index - 2]?.text === ":";
  return !isCast && tokens[index - 1]?.name !== "as";
}

/** The columns that an expression mentions, in the order in which it does, each once. */
export function columnsIn(
  tokens: readonly SqlToken[],
  columns: { has: (name: string) => boolean },
): readonly string[] {
  const found = tokens.filter(
    (token, index) => mayBeColumn(tokens, index) && columns.has(token.name),
  );
  return [...new Set(found.map((token) => token.name))];
}
