import { PostgresError } from "@ctb-data/postgres";
import type { FailureCode, FieldFailure } from "../failure.ts";
import type { Candidate } from "./candidate.ts";
import { textOf } from "./candidate.ts";
import type { PromotionTarget } from "./promotion-target.ts";

/** PostgreSQL has stored fewer rows than it was given, and has not said why. */
export class NotStored extends Error {
  override readonly name = "NotStored";
}

/** What concerns the whole of a server, a session or a statement, never a single row. */
const general = /^(?:08|0A|25|26|28|2D|34|38|3B|3D|3F|40|42|53|55|57|58|F0|HV|XX)/;
const ofRows = /^(?:22|23|44|54|P0)/;

/** Whether PostgreSQL refused a value or a row, so that the others may be possible without it. */
export function isRefusal(error: unknown, target: PromotionTarget): boolean {
  if (error instanceof NotStored) return true;
  if (!(error instanceof PostgresError) || error.sqlState === undefined) return false;
  if (ofRows.test(error.sqlState)) return true;
  if (error.sqlState === "42501") return target.live.rowSecurity;
  // A trigger may raise any code; then there is a context.
  return !general.test(error.sqlState) && error.where !== undefined;
}

/** The record of another document has the key of a row that is not there any more. */
export function isStaleRecord(error: unknown): boolean {
  return error instanceof PostgresError && error.constraint === "imo_promotions_row_key";
}

const codes: Readonly<Record<string, FailureCode>> = {
  "22001": "too_long",
  "22003": "out_of_range",
  "22007": "wrong_format",
  "22008": "out_of_range",
  "22021": "nul_character",
  "22P02": "wrong_format",
  "22P05": "nul_character",
  "23502": "missing",
  "23503": "missing_reference",
  "23505": "duplicate_key",
  "54000": "too_large",
};

/** Somebody else has come in between: another row has the key of the blueprint, or the document was promoted into another table. */
export function isKeyTaken(error: unknown, target: PromotionTarget): boolean {
  if (!(error instanceof PostgresError) || error.sqlState !== "23505") return false;
  const { constraint } = error;
  return constraint === "imo_promotions_pkey" || constraint === target.upsertKey?.unique.name;
}

/** Why PostgreSQL refused the row of a document, in the words of the registry. */
export function refusalOf(
  error: unknown,
  target: PromotionTarget,
  candidate: Candidate,
): FieldFailure {
  if (!(error instanceof PostgresError))
    return {
      field: "",
      code: "refused",
      message: `PostgreSQL has not stored the row, and not said why: a trigger of ${target.live.place} may drop it.`,
    };
  const columns = columnsOf(error, target, candidate);
  const field = columns.length === 1 ? (columns[0] ?? "") : "";
  const ours = error.table === undefined || target.live.names.includes(error.table);
  const code = ours ? (codes[error.sqlState ?? ""] ?? "refused") : "refused";
  const where = columns.length > 0 ? ` (${columns.join(", ")})` : "";
  const what = error.constraint === undefined ? "" : ` by ${error.constraint}`;
  return { field, code, message: `PostgreSQL refused the row${what}${where}: ${error.message}` };
}

/** The columns at fault, as documents have them. */
function columnsOf(
  error: PostgresError,
  target: PromotionTarget,
  candidate: Candidate,
): readonly string[] {
  const stage = /, column (?<stage>c\d+)/.exec(error.where ?? "")?.groups?.["stage"];
  const staged = [...target.columns.values()].filter((column) => column.stage === stage);
  const constrained =
    error.constraint === undefined ? undefined : target.live.constraints.get(error.constraint);
  const unique = target.live.uniques.find(({ name }) => name === error.constraint)?.columns;
  const names =
    staged.length > 0
      ? staged.map(({ name }) => name)
      : error.sqlState === "22001"
        ? tooLong(target, candidate)
        : (constrained ?? unique ?? error.columns ?? []);
  return names.map((name) => target.table.columns.get(name)?.blindIndexOf ?? name);
}

/** PostgreSQL does not say which text was too long. */
function tooLong(target: PromotionTarget, candidate: Candidate): readonly string[] {
  return candidate.group.columns.flatMap((column) => {
    const text = textOf(candidate, column);
    const { maxLength } = column.live;
    return typeof text === "string" && maxLength !== null && Array.from(text).length > maxLength
      ? [column.name]
      : [];
  });
}
