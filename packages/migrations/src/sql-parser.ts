import type { Node, ParseResult, ScanToken } from "libpg-query";
import { checksumOfList } from "./checksum.ts";
import { MigrationError } from "./migration-error.ts";

/** One statement as the grammar sees it. */
export interface SqlStatement {
  /** From its first token to its last, without the semicolon. */
  readonly sql: string;
  /** Counts from 1. */
  readonly line: number;
  readonly node: Node;
}

/** PostgreSQL's own grammar, compiled to WebAssembly: about 15 ms to load, so it is loaded when a file must be parsed. */
export interface SqlParser {
  /** @throws {MigrationError} SYNTAX_ERROR, PSQL_COMMAND or COPY_DATA. */
  parse(text: string, file: string): readonly SqlStatement[];
  /** The checksum of the tokens without comments and white space; undefined for a text that has no tokens. */
  tokenChecksum(text: string): string | undefined;
}

let loading: Promise<SqlParser> | undefined;

/** Loads the grammar once per process. */
export async function loadSqlParser(): Promise<SqlParser> {
  loading ??= load();
  return await loading;
}

async function load(): Promise<SqlParser> {
  const { loadModule, parseSync, scanSync, hasSqlDetails } = await import("libpg-query");
  await loadModule();
  const parse = (text: string): ParseResult => (text === "" ? { stmts: [] } : parseSync(text));
  return {
    parse(text, file) {
      try {
        return splitStatements(text, parse(text));
      } catch (error) {
        if (!hasSqlDetails(error)) throw unparsable(error, file);
        const at = { file, text, offset: offsetOf(text, error.sqlDetails?.cursorPosition ?? 0) };
        throw explain(error, at, (prefix) => endsInCopy(parse, prefix));
      }
    },
    tokenChecksum(text) {
      try {
        return checksumOfList(
          scanSync(text)
            .tokens.filter(isNoComment)
            .map((token) => token.text),
        );
      } catch {
        return undefined;
      }
    },
  };
}

function isNoComment(token: ScanToken): boolean {
  return token.tokenName !== "SQL_COMMENT" && token.tokenName !== "C_COMMENT";
}

/** The grammar counts UTF-8 bytes, JavaScript UTF-16 units: texts with anything but ASCII are cut as bytes. */
function splitStatements(text: string, result: ParseResult): readonly SqlStatement[] {
  const bytes = Buffer.from(text);
  const isAscii = bytes.length === text.length;
  const cut = (start: number, end: number): string =>
    isAscii ? text.slice(start, end) : bytes.toString("utf8", start, end);
  let line = 1;
  let counted = 0;
  return (result.stmts ?? []).flatMap(({ stmt, stmt_location: start = 0, stmt_len: length }) => {
    if (!stmt) return [];
    const before = cut(counted, start);
    for (let at = before.indexOf("\n"); at !== -1; at = before.indexOf("\n", at + 1)) line += 1;
    counted = start;
    const sql = cut(start, length ? start + length : bytes.length).trimEnd();
    return [{ sql, line, node: stmt }];
  });
}

/** Errors of the grammar count characters. */
function offsetOf(text: string, characters: number): number {
  let offset = 0;
  for (let left = characters; left > 0 && offset < text.length; left -= 1) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}

interface ErrorPlace {
  readonly file: string;
  readonly text: string;
  readonly offset: number;
}

function explain(
  error: Error,
  { file, text, offset }: ErrorPlace,
  isCopy: (prefix: string) => boolean,
): MigrationError {
  const line = lineOf(text, offset);
  const copy = copyLineBefore(text, offset, isCopy);
  if (copy !== undefined) return copyData(file, copy, error);
  const command = /^\\\S*/.exec(text.slice(offset, offset + 40))?.[0];
  if (command !== undefined) return psqlCommand({ file, line, command }, error);
  const character = text.codePointAt(offset) ?? 0;
  const strange =
    character > 0x7f ? ` (U+${character.toString(16).toUpperCase().padStart(4, "0")})` : "";
  return new MigrationError("SYNTAX_ERROR", `${file}:${line}: ${error.message}${strange}.`, {
    file,
    line,
    cause: error,
    hint:
      character === 0x3a
        ? "The runner does not know psql's variables (:name): write the value."
        : "Nothing was run. Correct the file and run the command again.",
  });
}

function psqlCommand(
  {
    file,
    line,
    command,
  }: { readonly file: string; readonly line: number; readonly command: string },
  cause: Error,
): MigrationError {
  const restrict = /^\\(un)?restrict/.test(command);
  return new MigrationError(
    "PSQL_COMMAND",
    `${file}:${line}: ${command} is a command of psql, not SQL: only psql can run it.`,
    {
      file,
      line,
      cause,
      hint: restrict
        ? "pg_dump writes \\restrict and \\unrestrict for psql: delete both lines."
        : "Write it as SQL (\\i: paste the file in; \\copy: INSERT statements), or run this file with psql.",
    },
  );
}

/** The error for COPY that would need psql at the other end. */
export function copyData(file: string, line: number, cause?: unknown): MigrationError {
  return new MigrationError(
    "COPY_DATA",
    `${file}:${line}: COPY from stdin or to stdout sends its data beside the SQL, which a migration cannot.`,
    {
      file,
      line,
      cause,
      hint: "Write the rows as INSERT statements (pg_dump --inserts), or load them after migrating.",
    },
  );
}

/**
 * The line of a `COPY … FROM stdin;` whose data the error stands in. Statement by statement: one expression for all of it
 * would begin anew at every "copy" of a long text.
 */
function copyLineBefore(
  text: string,
  offset: number,
  isCopy: (prefix: string) => boolean,
): number | undefined {
  for (let end = text.lastIndexOf(";", offset - 1); end > 0;) {
    const start = text.lastIndexOf(";", end - 1) + 1;
    const copy = copyIn(text.slice(start, end));
    if (copy !== undefined) {
      const isOver = /^\\\.$/m.test(text.slice(end + 1, offset));
      return isOver || !isCopy(text.slice(0, end + 1)) ? undefined : lineOf(text, start + copy);
    }
    end = start - 1;
  }
  return undefined;
}

/** Where `COPY … FROM stdin` begins in a statement. */
function copyIn(statement: string): number | undefined {
  const copy = statement.search(/\bcopy\b/i);
  if (copy === -1) return undefined;
  return /\bfrom\s+stdin\b/i.test(statement.slice(copy)) ? copy : undefined;
}

function endsInCopy(parse: (text: string) => ParseResult, prefix: string): boolean {
  try {
    const last = parse(prefix).stmts?.at(-1)?.stmt;
    return last !== undefined && "CopyStmt" in last;
  } catch {
    return false;
  }
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1))
    line += 1;
  return line;
}

function unparsable(cause: unknown, file: string): MigrationError {
  return new MigrationError(
    "SYNTAX_ERROR",
    `${file}: the grammar gave up: nested too deeply, or too large.`,
    {
      file,
      cause,
      hint: "Split the file, or the one statement that is nested thousands of levels deep.",
    },
  );
}
