import type { Finding, PlannedFix } from "@ctb-data/integrity";
import { countOf } from "../terminal/count-of.ts";
import { cutText } from "../terminal/cut-text.ts";
import { printable } from "../terminal/printable.ts";
import { sayItem } from "../terminal/say-item.ts";
import type { Channel } from "../terminal/terminal.ts";
import { exampleText } from "./example-text.ts";
import { severityStyles } from "./finding-counts.ts";

/** How much of a finding is said. */
export interface FindingDetail {
  /** All statements of its fix as they are; only the beginnings of the first ones otherwise. */
  readonly statements: boolean;
}

/** Says one finding: what and where, examples, what `fix` would do or else a person can, and the id that `--only` takes. */
export function sayFinding(out: Channel, finding: Finding, { statements }: FindingDetail): void {
  const { severity, message, examples, count, fix, advice, id } = finding;
  sayItem(out, {
    mark: { text: severity, style: severityStyles[severity] },
    text: printable(message),
    indent: 2,
  });
  for (const example of examples) {
    sayItem(out, { text: `· ${exampleText(example)}`, indent: 4 });
  }
  if (examples.length > 0 && count > examples.length) {
    sayItem(out, { text: "· …", indent: 4 });
  }
  if (fix !== undefined) {
    sayFix(out, fix, statements);
  } else if (advice !== undefined) {
    // Statements of a migration may follow what is said.
    const [text = "", ...lines] = advice.split("\n");
    sayItem(out, { mark: { text: "to do:", style: "bold" }, text: printable(text), indent: 4 });
    sayLines(out, lines, statementIndent);
  }
  // Not broken into lines by us: it is there to be copied.
  out.write(`    ${out.paint("dim", `id: ${printable(id)}`)}\n`);
}

const firstStatements = 2;
const statementIndent = 6;

function sayFix(out: Channel, { summary, statements }: PlannedFix, all: boolean): void {
  sayItem(out, { mark: { text: "fix:", style: "bold" }, text: printable(summary), indent: 4 });
  if (all) {
    sayStatements(out, statements, statementIndent);
    return;
  }
  const room = out.columns === undefined ? undefined : out.columns - statementIndent;
  const sql = statements.filter((statement) => !isComment(statement));
  // What is done to documents has no SQL.
  const told = sql.length === 0 ? statements : sql;
  for (const statement of told.slice(0, firstStatements)) {
    const line = printable(cutText(statement, room));
    out.write(`${" ".repeat(statementIndent)}${out.paint("dim", line)}\n`);
  }
  const more = told.length - firstStatements;
  if (more > 0) {
    const text = `… ${countOf(more, "more statement", "more statements")}: --statements`;
    sayItem(out, { text, style: "dim", indent: statementIndent });
  }
}

/** Writes statements as they are, to be read and copied: the terminal itself breaks what is too long. */
export function sayStatements(out: Channel, statements: readonly string[], indent: number): void {
  sayLines(
    out,
    statements.flatMap((statement) => ended(statement).split("\n")),
    indent,
  );
}

function sayLines(out: Channel, lines: readonly string[], indent: number): void {
  for (const line of lines) {
    const text = printable(line.replaceAll("\t", "  "));
    out.write(`${" ".repeat(indent)}${out.paint("dim", text)}\n`);
  }
}

function isComment(statement: string): boolean {
  return /^(?:\s*--.*\n?)+$/u.test(statement);
}

function ended(statement: string): string {
  return isComment(statement) || /;\s*$/u.test(statement) ? statement : `${statement};`;
}
