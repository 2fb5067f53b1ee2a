import { FirestoreError } from "./firestore-error.ts";
import { nameFault } from "./write-values.ts";

/** The name of a document, as a field of queries: its id in a collection, its whole path in a group of collections. */
export const documentId = "__name__";

/** The fields of a collection, as far as paths need them. */
export interface KnownFields {
  readonly id: string;
  readonly fields: ReadonlyMap<string, unknown>;
}

/**
 * The names that a path consists of. A text that is the name of a field is that field, dots and all; any other is split
 * at its dots. A list of names is taken as it is.
 *
 * @throws {FirestoreError} INVALID_QUERY
 */
export function namesOfPath(
  path: string | readonly string[],
  known: KnownFields | undefined,
): readonly string[] {
  const names =
    typeof path !== "string" ? path : known?.fields.has(path) === true ? [path] : path.split(".");
  if (names.length === 1 && names[0] === documentId) return names;
  if (names.length === 0) throw invalid("A path of a field has no names.", known);
  for (const name of names) {
    const fault = nameFault(name);
    if (fault !== undefined)
      throw invalid(`The path ${names.join(".")} has a name that ${fault}.`, known);
  }
  const [first = ""] = names;
  if (known !== undefined && !known.fields.has(first)) {
    throw new FirestoreError("INVALID_QUERY", `The collection ${known.id} has no field ${first}.`, {
      collection: known.id,
      hint: `It has: ${[...known.fields.keys()].slice(0, 30).join(", ") || "none"}.`,
    });
  }
  return names;
}

function invalid(message: string, known: KnownFields | undefined): FirestoreError {
  return new FirestoreError("INVALID_QUERY", message, { collection: known?.id });
}
