import { modelOf, valueToText, type Keyring } from "@ctb-data/models";
import type { Column, Table } from "@ctb-data/registry";
import { PipelineError } from "../pipeline-error.ts";
import { scalarOfJsonText } from "./json-scalar.ts";
import { jsonTextAt } from "./json-text-at.ts";
import { attempt, Misfit } from "./misfit.ts";

/** Gives the text of a single value, of PostgreSQL's text of a column; null for JSON's null and for a path that leads nowhere. */
export type ReadSource = (text: string) => string | null | Misfit;

/** Where the value of a field is. */
export interface FieldSource {
  readonly table: Table;
  readonly column: Column;
  readonly path: readonly (string | number)[];
  /** The field takes JSON as it is, not only single values of it. */
  readonly takesJson: boolean;
}

/** Compiles the reader of a source, path and all. Undefined when the text is the value. */
export function sourceReaderOf({ column, path, takesJson }: FieldSource): ReadSource | undefined {
  const { kind, dimensions } = column.type;
  if (dimensions > 0) return undefined;
  if (kind === "boolean") return (text) => (text === "t" ? "true" : "false");
  if (kind !== "json") return undefined;
  if (path.length === 0) return jsonReaderOf(takesJson);
  const readEnd = pathEndReaderOf(takesJson);
  return (text) => {
    const end = jsonTextAt(text, path);
    return end === undefined ? null : readEnd(end);
  };
}

/** Compiles the reader of JSON's text at the end of a path. */
export function pathEndReaderOf(takesJson: boolean): ReadSource {
  return jsonReaderOf(takesJson) ?? ((text) => (text.trim() === "null" ? null : text));
}

function jsonReaderOf(takesJson: boolean): ReadSource | undefined {
  return takesJson ? undefined : scalarOfJsonText;
}

/**
 * Compiles the reader of an encrypted column: gives PostgreSQL's text of what its ciphertext means.
 *
 * @throws {PipelineError} INVALID_OPTIONS without a keyring.
 */
export function decrypterOf(
  { table, column }: FieldSource,
  keyring: Keyring | undefined,
): (text: string) => string | Misfit {
  if (keyring === undefined) {
    throw new PipelineError(
      "INVALID_OPTIONS",
      `The column ${table.name}.${column.name} is encrypted, and no keyring was given.`,
      { hint: "Set DATA_ENCRYPTION_KEY, or give the keyring.", table: table.name },
    );
  }
  const { name, renamedFrom } = table;
  const columns = new Map([[column.name, column]]);
  const model = modelOf(
    { name, columns, ...(renamedFrom === undefined ? {} : { renamedFrom }) },
    { keyring },
  );
  return (text) => {
    const row = attempt(() => model.fromRow(Object.fromEntries([[column.name, text]])));
    if (row instanceof Misfit) {
      return new Misfit("not_decryptable", "cannot be decrypted with the keys that there are");
    }
    return valueToText(column.type, row[column.name] ?? null);
  };
}
