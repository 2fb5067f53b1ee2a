import type { DocumentMapping, Table } from "@ctb-data/registry";
import type { ScannedDocument } from "./document-case.ts";
import { cipherFault, type DocumentProblem } from "./document-subject.ts";

const ciphertext = /^ctb1\.(?<key>[\da-f]{8})\.[\w-]{38,}$/;

/** The encrypted fields of documents, and the columns that they hold. */
export type EncryptedFields = ReadonlyMap<string, string>;

export function encryptedFieldsOf(table: Table, { fields }: DocumentMapping): EncryptedFields {
  return new Map(
    [...fields.values()].flatMap(({ name, column }) =>
      column !== undefined && table.columns.get(column)?.encryption !== undefined
        ? [[name, column] as const]
        : [],
    ),
  );
}

/**
 * What is wrong with the ciphertexts of a document. Without the ids of keys only their form is looked at; whether one can be
 * decrypted the model has tried.
 */
export function cipherProblems(
  { data, issues }: ScannedDocument,
  at: {
    readonly collection: string;
    readonly table: string;
    readonly fields: EncryptedFields;
    readonly keyIds: readonly string[] | undefined;
  },
): readonly DocumentProblem[] {
  const { collection, table, fields, keyIds } = at;
  return [...fields].flatMap(([field, column]) => {
    const value = data[field];
    if (typeof value !== "string") return [];
    const key = ciphertext.exec(value)?.groups?.["key"];
    const place = { collection, table, field, column };
    if (key === undefined) return [{ subject: cipherFault("clear_text", place) }];
    if (keyIds === undefined) return [];
    if (!keyIds.includes(key))
      return [{ subject: cipherFault("unknown_key", place), detail: `the key ${key}` }];
    const isRefused = issues.some(({ path }) => path.length === 1 && path[0] === field);
    return isRefused ? [{ subject: cipherFault("undecryptable", place) }] : [];
  });
}
