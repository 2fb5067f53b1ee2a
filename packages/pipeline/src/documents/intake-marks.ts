import { createHash } from "node:crypto";
import type { FailureCode, FieldFailure } from "../failure.ts";
import { canonicalRaw } from "./canonical-raw.ts";
import type { DocumentMarks } from "./intake-document.ts";
import { isObject, memberOf, textIn, type RawFields } from "./raw-fields.ts";

/** Raw values of more characters than this are known by their hash: a document has not room for each twice. */
const longestValue = 1000;

const codes: ReadonlySet<string> = new Set<FailureCode>([
  "missing",
  "wrong_type",
  "too_long",
  "out_of_range",
  "not_listed",
  "wrong_format",
  "nul_character",
  "wrong_encoding",
  "unknown_field",
  "ragged",
  "unreadable",
  "too_large",
  "not_decryptable",
  "duplicate_key",
  "missing_reference",
  "refused",
] satisfies readonly FailureCode[]);

const isCode = (code: string | undefined): code is FailureCode =>
  code !== undefined && codes.has(code);

/** What the pipeline has written on a document before, of its marks; of what is of another type it has written nothing. */
export function marksOf(fields: RawFields): DocumentMarks {
  const validated = ownOf(fields, "validated", "booleanValue");
  // What is of another type is no place, but has to go where nothing was promoted.
  const promotedTo = fields["promoted_to"] && (ownOf(fields, "promoted_to", "stringValue") ?? "");
  const intakeHash = textIn(memberOf(fields, "imo", "mapValue", "fields", "hash"));
  return {
    ...(typeof validated === "boolean" && { validated }),
    ...(typeof promotedTo === "string" && { promotedTo }),
    ...(intakeHash !== undefined && { intakeHash }),
  };
}

function ownOf(fields: RawFields, name: string, type: string): unknown {
  const value = fields[name];
  return isObject(value) ? value[type] : undefined;
}

/**
 * The failures that the intake has written into the document, by column: of fields that still hold the very value that the vendor sent.
 * Undefined where there are none.
 *
 * @param fields the document's, without its marks.
 */
export function intakeFailuresOf(
  { imo }: RawFields,
  fields: RawFields,
): ReadonlyMap<string, readonly FieldFailure[]> | undefined {
  if (imo === undefined) return undefined;
  const items = memberOf(imo, "mapValue", "fields", "failures", "arrayValue", "values");
  if (!Array.isArray(items)) return undefined;
  const found = new Map<string, readonly FieldFailure[]>();
  for (const item of items) {
    const known: unknown = memberOf(item, "mapValue", "fields");
    const field = textIn(memberOf(known, "field"));
    const code = textIn(memberOf(known, "code"));
    if (field === undefined || !isCode(code) || !isUnchanged(fields, field, known)) continue;
    const message = textIn(memberOf(known, "message")) ?? `${field} could not be used.`;
    found.set(field, [...(found.get(field) ?? []), { field, code, message }]);
  }
  return found;
}

/** Whether a field still holds what it held when it failed. */
function isUnchanged(fields: RawFields, field: string, known: unknown): boolean {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  const before = memberOf(known, "value");
  const hash = textIn(memberOf(known, "value_hash"));
  if (before === undefined && hash === undefined) return value === undefined;
  if (value === undefined) return false;
  return hash === undefined
    ? canonicalRaw(value) === canonicalRaw(before)
    : hashOfRaw(value) === hash;
}

/** How an `imo.failures` remembers the value that a field has: as it is, or by its hash. */
export function rememberedValue(
  raw: unknown,
  value: unknown,
  longest: number = longestValue,
): { readonly value: unknown } | { readonly value_hash: string } {
  const text = canonicalRaw(raw);
  return text.length <= longest ? { value } : { value_hash: hashOfRaw(raw) };
}

function hashOfRaw(raw: unknown): string {
  return createHash("sha256").update(canonicalRaw(raw)).digest("hex");
}
