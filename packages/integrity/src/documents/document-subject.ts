import type { FindingKind, Severity } from "../finding.ts";

/** What is said of documents, or rows that should have one, with which something is wrong. */
export interface DocumentSubject {
  /** {@link Finding.id} */
  readonly id: string;
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly collection: string;
  readonly table?: string | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly field?: string | undefined;
  readonly message: (count: number) => string;
}

/** One thing that is wrong with one document, or with a row that should have one. */
export interface DocumentProblem {
  readonly subject: DocumentSubject;
  readonly detail?: string | undefined;
  readonly values?: Readonly<Record<string, string | null>> | undefined;
  /** Where in the document it is: names of fields, and places in arrays. */
  readonly places?: readonly (readonly (string | number)[])[] | undefined;
}

const documents = (count: number): string =>
  count === 1 ? "1 document" : `${count.toLocaleString("en")} documents`;
const rows = (count: number): string =>
  count === 1 ? "1 row" : `${count.toLocaleString("en")} rows`;
const verb = (count: number, one: string, many: string): string => (count === 1 ? one : many);

export function invalidDocument(options: {
  readonly collection: string;
  readonly table: string | undefined;
  readonly field: string;
  readonly says: string;
}): DocumentSubject {
  const { collection, table, field, says } = options;
  const place = field === "" ? collection : `${collection}.${field}`;
  return {
    id: `invalid_document:${place}: ${says}`,
    kind: "invalid_document",
    severity: "error",
    collection,
    table,
    field: field === "" ? undefined : field,
    message: (count) =>
      `${documents(count)} of ${collection} ${verb(count, "does", "do")} not fit the model: ${field === "" ? "it" : field} ${says}.`,
  };
}

const cipherFaults = {
  clear_text: "a value that is no ciphertext",
  unknown_key: "a ciphertext of a key that the keyring does not have",
  undecryptable: "a ciphertext that was changed, or belongs to another column",
} as const;

export type CipherFault = keyof typeof cipherFaults;

export function cipherFault(
  kind: CipherFault,
  at: {
    readonly collection: string;
    readonly table: string;
    readonly field: string;
    readonly column: string;
  },
): DocumentSubject {
  const { collection, table, field, column } = at;
  return {
    id: `${kind}:documents:${collection}.${field}`,
    kind,
    severity: "error",
    collection,
    table,
    field,
    columns: [column],
    message: (count) =>
      `${documents(count)} of ${collection} ${verb(count, "has", "have")} in ${field}, which is encrypted, ${cipherFaults[kind]}.`,
  };
}

export function documentWithoutRow(collection: string, table: string): DocumentSubject {
  return {
    id: `document_without_row:${collection}`,
    kind: "document_without_row",
    severity: "warning",
    collection,
    table,
    message: (count) =>
      `${documents(count)} of ${collection} ${verb(count, "has", "have")} no row in ${table}: ${verb(count, "it was", "they were")} not promoted yet, or the ${verb(count, "row is", "rows are")} gone.`,
  };
}

export function rowWithoutDocument(collection: string, table: string): DocumentSubject {
  return {
    id: `row_without_document:${collection}`,
    kind: "row_without_document",
    severity: "warning",
    collection,
    table,
    message: (count) =>
      `${rows(count)} of ${table} ${verb(count, "has", "have")} no document in ${collection}: ${verb(count, "it was", "they were")} not written to Firestore yet, or the ${verb(count, "document is", "documents are")} gone.`,
  };
}

export function differentField(at: {
  readonly collection: string;
  readonly table: string;
  readonly field: string;
  readonly column: string;
}): DocumentSubject {
  const { collection, table, field, column } = at;
  return {
    id: `different_field:${collection}.${field}`,
    kind: "different_field",
    severity: "warning",
    collection,
    table,
    field,
    columns: [column],
    message: (count) =>
      `${documents(count)} of ${collection} ${verb(count, "has", "have")} another ${field} than ${table}.${column} of ${verb(count, "its row", "their rows")}.`,
  };
}

/** `leadsTo` is what the finding is called by; `to` says what was looked for: nothing of it is a document of any collection. */
export function danglingDocument(at: {
  readonly collection: string;
  readonly table: string | undefined;
  readonly fields: readonly string[];
  readonly columns: readonly string[] | undefined;
  readonly leadsTo: string;
  readonly to: { readonly table?: string; readonly collection?: string };
}): DocumentSubject {
  const { collection, table, fields, columns, leadsTo, to } = at;
  const field = fields.join(", ");
  const goals = [
    ...(to.table === undefined ? [] : [`a row of ${to.table}`]),
    ...(to.collection === undefined ? [] : [`a document of ${to.collection}`]),
  ];
  const goal = goals.length === 0 ? "a document" : goals.join(" or ");
  return {
    id: `dangling_document:${collection}.${field}->${leadsTo}`,
    kind: "dangling_document",
    severity: "error",
    collection,
    table,
    columns,
    field,
    message: (count) =>
      `${documents(count)} of ${collection} ${verb(count, "refers", "refer")} in ${field} to ${goal} that is not there.`,
  };
}
