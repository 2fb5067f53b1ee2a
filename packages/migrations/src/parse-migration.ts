import type { TransactionStmt } from "libpg-query";
import { checksumOf } from "./checksum.ts";
import { decodeSql, normaliseSql } from "./decode-sql.ts";
import { droppedObjects } from "./dropped-objects.ts";
import { forbiddenStatement } from "./forbidden-statement.ts";
import { MigrationError } from "./migration-error.ts";
import type { MigrationHeader, MigrationStatement, ParsedMigration } from "./migration-file.ts";
import { concurrentBuild, mayEndTransaction, outsideTransaction } from "./outside-transaction.ts";
import { parseHeader } from "./parse-header.ts";
import { copyData, loadSqlParser, type SqlParser, type SqlStatement } from "./sql-parser.ts";
import { statementHazards } from "./statement-hazards.ts";

/**
 * Reads one file with PostgreSQL's own grammar and checks that the runner can run it: at most one outer BEGIN … COMMIT,
 * which is taken off, and no other transaction statement; nothing that needs psql; nothing outside of a transaction
 * unless the header says `-- Transaction: none`.
 *
 * @param file The name for messages, without its folder.
 * @throws {MigrationError} INVALID_ENCODING, INVALID_HEADER, SYNTAX_ERROR, PSQL_COMMAND, COPY_DATA,
 * TRANSACTION_STATEMENT, NEEDS_NO_TRANSACTION, FORBIDDEN_STATEMENT or EMPTY_MIGRATION.
 */
export async function parseMigration(
  text: string | Uint8Array,
  file: string,
): Promise<ParsedMigration> {
  const parser = await loadSqlParser();
  return parseMigrationText(
    parser,
    typeof text === "string" ? normaliseSql(text) : decodeSql(text, file),
    file,
  );
}

/** {@link parseMigration} of a normalised text. */
export function parseMigrationText(parser: SqlParser, text: string, file: string): ParsedMigration {
  const header = parseHeader(text, file);
  if (text.includes("\0")) decodeSql(Buffer.from(text), file);
  const all = parser.parse(text, file);
  const { begin, inner } = takeOffTransaction(all, header, file);
  if (inner.length === 0) throw empty(file, all.at(0)?.line ?? 1);
  const statements = inner.map((statement) => checkedStatement(statement, header, file));
  let tokenChecksum: string | undefined;
  return {
    file,
    header,
    statements,
    begin: header.transaction ? (begin ?? "BEGIN") : undefined,
    // Twice the work of parsing, and needed only once the file runs.
    get tokenChecksum() {
      tokenChecksum ??= parser.tokenChecksum(text) ?? checksumOf(text);
      return tokenChecksum;
    },
  };
}

interface WithoutTransaction {
  readonly begin?: string;
  readonly inner: readonly SqlStatement[];
}

function takeOffTransaction(
  all: readonly SqlStatement[],
  header: MigrationHeader,
  file: string,
): WithoutTransaction {
  const first = transactionOf(all.at(0));
  const last = transactionOf(all.at(-1));
  const begins = first?.kind === "TRANS_STMT_BEGIN" || first?.kind === "TRANS_STMT_START";
  const paired = begins && all.length > 1 && last?.kind === "TRANS_STMT_COMMIT" && !last.chain;
  const inner = paired && header.transaction ? all.slice(1, -1) : all;
  const other = inner.find((statement) => transactionOf(statement) !== undefined);
  if (other) throw transactionStatement(other, { all, header, file, open: begins && !paired });
  const begin = paired ? all.at(0) : undefined;
  if (!begin) return { inner };
  if (isReadOnly(first)) {
    throw new MigrationError(
      "TRANSACTION_STATEMENT",
      `${file}:${begin.line}: a READ ONLY transaction cannot change the schema, nor write the history.`,
      { file, line: begin.line, hint: "Take READ ONLY out." },
    );
  }
  return { begin: begin.sql, inner };
}

function isReadOnly(begin: TransactionStmt | undefined): boolean {
  return (begin?.options ?? []).some(
    (option) =>
      "DefElem" in option &&
      option.DefElem.defname === "transaction_read_only" &&
      option.DefElem.arg !== undefined &&
      "A_Const" in option.DefElem.arg &&
      option.DefElem.arg.A_Const.ival?.ival === 1,
  );
}

function transactionOf(statement: SqlStatement | undefined): TransactionStmt | undefined {
  return statement && "TransactionStmt" in statement.node
    ? statement.node.TransactionStmt
    : undefined;
}

function transactionStatement(
  statement: SqlStatement,
  at: {
    readonly all: readonly SqlStatement[];
    readonly header: MigrationHeader;
    readonly file: string;
    readonly open: boolean;
  },
): MigrationError {
  const { file, header } = at;
  const name = statement.sql.split(/\s+/).slice(0, 3).join(" ").toUpperCase();
  const { what, hint } = header.transaction
    ? {
        what:
          at.open && statement === at.all.at(0)
            ? "is never committed at the end of the file"
            : "stands inside of the file",
        hint: "A file is one transaction: one BEGIN as its first statement and one COMMIT as its last, or neither. Split it into several files.",
      }
    : {
        what: "stands in a file with -- Transaction: none",
        hint: "Take out BEGIN and COMMIT, or the header line.",
      };
  return new MigrationError(
    "TRANSACTION_STATEMENT",
    `${file}:${statement.line}: ${name} ${what}.`,
    {
      file,
      line: statement.line,
      hint,
    },
  );
}

function checkedStatement(
  { sql, line, node }: SqlStatement,
  header: MigrationHeader,
  file: string,
): MigrationStatement {
  const forbidden = forbiddenStatement(node, { sql, transaction: header.transaction });
  if (forbidden) {
    throw new MigrationError("FORBIDDEN_STATEMENT", `${file}:${line}: ${forbidden.reason}.`, {
      file,
      line,
      hint: forbidden.hint,
    });
  }
  if ("CopyStmt" in node && !node.CopyStmt.filename) throw copyData(file, line);
  const outside = outsideTransaction(node);
  if (outside !== undefined && header.transaction)
    throw needsNoTransaction({ file, line, what: outside });
  const builds = concurrentBuild(node);
  return {
    sql,
    line,
    kind: Object.keys(node)[0] ?? "",
    ...(outside !== undefined && { outsideTransaction: outside }),
    bare: outside !== undefined || mayEndTransaction(node),
    hazards: statementHazards(node, outside),
    ...(builds && { builds }),
    drops: droppedObjects(node),
  };
}

/** The error that names the header to add. */
export function needsNoTransaction(
  at: { readonly file: string; readonly line: number; readonly what: string },
  details: { readonly cause?: unknown; readonly sqlState?: string | undefined } = {},
): MigrationError {
  return new MigrationError(
    "NEEDS_NO_TRANSACTION",
    `${at.file}:${at.line}: ${at.what} cannot run inside a transaction.`,
    {
      file: at.file,
      line: at.line,
      ...details,
      hint: 'Add the line "-- Transaction: none" to the top of the file and take out its BEGIN and COMMIT; best in a file of its own.',
    },
  );
}

function empty(file: string, line: number): MigrationError {
  return new MigrationError(
    "EMPTY_MIGRATION",
    `${file}:${line}: there is no statement in this file.`,
    {
      file,
      line,
      hint: "Write the statements, or delete the file. One that is meant to do nothing says so with SELECT 1;",
    },
  );
}
