import { ModelError, type ModelIssue } from "@ctb-data/models";
import type { FailureCode, FieldFailure } from "../failure.ts";
import { RawValueError } from "./raw-value.ts";

/** What is wrong with the field of a column, as its model says. @throws what is no such error */
export function failuresOf(column: string, error: unknown): readonly FieldFailure[] {
  if (error instanceof RawValueError)
    return [{ field: column, code: error.code, message: `${column} ${error.message}.` }];
  if (!(error instanceof ModelError)) throw error;
  if (error.code === "NOT_DECRYPTABLE" || error.code === "UNKNOWN_KEY")
    return [{ field: column, code: "not_decryptable", message: sentences(error.message, error) }];
  if (error.issues.length === 0) throw error;
  return error.issues.map((issue) => failureOf(column, issue));
}

/** The words of models are those of failures. */
function failureOf(column: string, issue: ModelIssue): FieldFailure {
  const code: FailureCode = issue.code ?? "wrong_format";
  return {
    field: column,
    code,
    message: sentences(`${placeOf(column, issue)} ${issue.message}.`, issue),
  };
}

function sentences(message: string, { hint }: { readonly hint?: string | undefined }): string {
  return hint === undefined ? message : `${message} ${hint}`;
}

/** `tags[2]`: a name and what lies inside of its value. */
function placeOf(column: string, { path }: ModelIssue): string {
  const inside = path[0] === column ? path.slice(1) : path;
  const parts = inside.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`));
  return column + parts.join("");
}
