/** Comments, quoted texts, words, single signs. The rest of a dollar quote and of a block comment is looked for by itself. */
const token =
  /--[^\n]*|\/\*|[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\s+|[^]/uy;

/** One statement and the comments before it. */
export interface SplitStatement {
  /** Without the semicolon, and without what stands before it. */
  readonly sql: string;
  readonly comment: string;
}

/**
 * Cuts a text of SQL into its statements. Knows quotes, dollar quotes, nested comments, parentheses (rules have several statements in
 * them) and bodies of `BEGIN ATOMIC … END`. For texts under `standard_conforming_strings`, as every dump sets it.
 */
export function splitStatements(text: string): SplitStatement[] {
  const statements: SplitStatement[] = [];
  let current = new StatementState();
  let comment = "";
  for (let at = 0; at < text.length;) {
    const next = tokenAt(text, at);
    at += next.length;
    if (current.isEmpty && /^(?:--|\/\*|\s)/u.test(next)) comment += next;
    else if (next === ";" && current.isComplete) {
      statements.push({ sql: current.sql.trim(), comment });
      current = new StatementState();
      comment = "";
    } else current.add(next);
  }
  if (current.sql.trim() !== "") statements.push({ sql: current.sql.trim(), comment });
  return statements.filter(({ sql }) => sql !== "");
}

class StatementState {
  sql = "";
  #parentheses = 0;
  #blocks = 0;
  /** The first words, in upper case: as many as tell a routine. */
  #words = "";
  #last = "";

  get isEmpty(): boolean {
    return this.sql === "";
  }

  /** A semicolon would end it. */
  get isComplete(): boolean {
    return this.#parentheses === 0 && this.#blocks === 0;
  }

  add(next: string): void {
    this.sql += next;
    if (next === "(") this.#parentheses += 1;
    else if (next === ")") this.#parentheses -= 1;
    if (!/^[A-Za-z_]+$/u.test(next)) return;
    const word = next.toUpperCase();
    if (this.#words.length < 40) this.#words += `${word} `;
    if (/^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) /u.test(this.#words)) this.#count(word);
    this.#last = word;
  }

  #count(word: string): void {
    if (this.#blocks === 0) this.#blocks = this.#last === "BEGIN" && word === "ATOMIC" ? 1 : 0;
    else if (word === "CASE") this.#blocks += 1;
    else if (word === "END") this.#blocks -= 1;
  }
}

function tokenAt(text: string, at: number): string {
  token.lastIndex = at;
  const [found = text.charAt(at)] = token.exec(text) ?? [];
  if (found === "/*") return blockComment(text, at);
  if (!/^\$.*\$$/u.test(found)) return found;
  const end = text.indexOf(found, at + found.length);
  return end < 0 ? text.slice(at) : text.slice(at, end + found.length);
}

function blockComment(text: string, at: number): string {
  const marks = /\/\*|\*\//gu;
  marks.lastIndex = at;
  let depth = 0;
  for (let mark = marks.exec(text); mark; mark = marks.exec(text)) {
    depth += mark[0] === "/*" ? 1 : -1;
    if (depth === 0) return text.slice(at, marks.lastIndex);
  }
  return text.slice(at);
}
