import { Composer, LineCounter, Lexer, Parser, type CST, type Document } from "yaml";
import { buildTree } from "./build-yaml-tree.ts";
import { Problems, type YamlNode, type YamlSource } from "./yaml-node.ts";
import { joinPieces, piecesOf } from "./yaml-pieces.ts";

/** The largest file that is read, in bytes; a registry of 1,000 tables with 20 columns each has 1.5 million. */
export const maxFileBytes = 4 * 1024 * 1024;
/** How many tokens a file may have: the parser needs some 300 bytes of memory for each. */
const maxTokens = 2_000_000;
/** How deeply collections may be nested. */
const maxDepth = 64;
/** Behind the first few there is only what follows from them. */
const maxSyntaxErrors = 20;
/** The text of longer files is parsed in pieces. */
const pieceLength = 16 * 1024;

/** A file that was read; without `root` it has no content, or problems were reported. */
export interface YamlFile extends YamlSource {
  readonly root?: YamlNode;
}

/** Reads a YAML text into nodes that know where they are. Reports every problem; takes bounded time and memory. */
export function readYaml(file: string, text: string, problems: Problems): YamlFile {
  const lines = new LineCounter();
  const source: YamlSource = {
    file,
    sourceAt: (offset) => {
      if (lines.lineStarts.length === 0) addLines(lines, text);
      const { line, col } = lines.linePos(Math.min(Math.max(offset, 0), text.length));
      return { file, line, column: col };
    },
  };
  if (!isReadable(source, text, problems)) return source;
  const root = readInPieces(source, text) ?? readPiece({ source, text, base: 0 }, problems);
  return root === undefined ? source : { ...source, root };
}

function addLines(lines: LineCounter, text: string): void {
  for (let start = 0; ;) {
    lines.addNewLine(start);
    const newline = text.indexOf("\n", start);
    if (newline === -1) return;
    start = newline + 1;
  }
}

// YAML allows no others; in a terminal or in SQL they do harm.
// oxlint-disable-next-line no-control-regex
const controlCharacter = /[\0-\x08\x0B\x0C\x0E-\x1F\x7F\uFFFE\uFFFF]|\p{Cs}/u;

function isReadable(source: YamlSource, text: string, problems: Problems): boolean {
  const start = { in: source, offset: 0, path: "" };
  if (text.length > maxFileBytes) {
    problems.error(
      start,
      "too-large",
      `the file is larger than ${maxFileBytes} bytes`,
      "split it into several files of one folder",
    );
    return false;
  }
  const index = text.search(controlCharacter);
  if (index !== -1) {
    const code = (text.codePointAt(index) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    problems.error(
      { ...start, offset: index },
      "yaml-syntax",
      `the character U+${code} may not stand in YAML`,
      'write it as an escape in double quotes, as in "\\x07"',
    );
    return false;
  }
  return true;
}

/**
 * Reads a long text table by table. One document of a million characters keeps its half a million tokens alive until
 * the end, and collecting that garbage takes a third of the time. Whatever is unusual in a piece makes it
 * give up: the whole text, read at once, is what counts.
 */
function readInPieces(source: YamlSource, text: string): YamlNode | undefined {
  if (text.length <= 2 * pieceLength) return undefined;
  const pieces = piecesOf(text, pieceLength);
  if (pieces === undefined) return undefined;
  const unusual = new Problems();
  const read = (from: number, to: number) => {
    const root = readPiece({ source, text: text.slice(from, to), base: from }, unusual);
    return unusual.list.length > 0 ? undefined : { root };
  };
  return joinPieces(pieces, read);
}

interface Piece {
  readonly source: YamlSource;
  readonly text: string;
  /** Where the piece begins in the file. */
  readonly base: number;
}

/** The content of a text; undefined when there is none, or problems. */
function readPiece(piece: Piece, problems: Problems): YamlNode | undefined {
  const document = withoutStackTraces(() => compose(piece, problems));
  if (document === undefined) return undefined;
  const spot = (offset: number) => ({ in: piece.source, offset: offset + piece.base, path: "" });
  const faults = [...document.errors, ...document.warnings];
  for (const error of faults.slice(0, maxSyntaxErrors)) {
    problems.error(spot(error.pos[0]), "yaml-syntax", sentence(error.message));
  }
  if (document.directives.yaml.version !== "1.2") {
    problems.error(
      spot(0),
      "unsupported-yaml",
      `YAML ${document.directives.yaml.version} is not supported`,
      "leave the %YAML line out",
    );
  }
  if (faults.length > 0) return undefined;
  return buildTree(document.contents, { ...piece, maxDepth, problems });
}

/** In a hostile file each character may be an error, and a stack trace for each takes ten times as long as the rest. */
function withoutStackTraces<T>(run: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function compose(piece: Piece, problems: Problems): Document.Parsed | undefined {
  const composer = new Composer({
    keepSourceTokens: false,
    logLevel: "silent",
    resolveKnownTags: false,
    // `yaml` compares each key with each other one; building the tree finds duplicates in one pass.
    uniqueKeys: false,
  });
  const documents: Document.Parsed[] = [];
  const before = problems.errorCount;
  for (const token of tokensOf(piece, problems)) {
    documents.push(...composer.next(token));
    if (documents.length > 1) break;
  }
  if (problems.errorCount > before) return undefined;
  documents.push(...composer.end(true, piece.text.length));
  const [first, second] = documents;
  if (second === undefined) return first;
  const spot = { in: piece.source, offset: piece.base + second.range[0], path: "" };
  const message = "a second YAML document begins here";
  problems.error(spot, "unsupported-yaml", message, 'leave the "---" out');
  return undefined;
}

/** The tokens of a text, until it is too long, too deep or too broken: then a problem is reported, or among the tokens. */
function* tokensOf({ source, text, base }: Piece, problems: Problems): Generator<CST.Token, void> {
  const parser = new Parser();
  let count = 0;
  let errors = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      yield token;
      if (token.type === "error") errors += 1;
    }
    count += 1;
    if (errors > maxSyntaxErrors) return;
    if (count <= maxTokens && parser.stack.length <= maxDepth) continue;
    const spot = { in: source, offset: base + parser.offset, path: "" };
    if (count > maxTokens) {
      const message = `the file has more than ${maxTokens} tokens`;
      problems.error(spot, "too-large", message, "split it into several files of one folder");
    } else {
      const message = `the file is nested more than ${maxDepth} levels deep`;
      problems.error(spot, "unsupported-yaml", message, "nothing in a registry is");
    }
    return;
  }
  yield* parser.end();
}

function sentence(message: string): string {
  const line = (message.split("\n", 1)[0] ?? "").slice(0, 160);
  return /^[A-Z][a-z]/.test(line) ? line.charAt(0).toLowerCase() + line.slice(1) : line;
}
