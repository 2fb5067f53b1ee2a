import type { DocumentInspector } from "@ctb-data/firestore";
import type { Table } from "@ctb-data/registry";
import { cipherProblems, type EncryptedFields } from "./cipher-problem.ts";
import type { ScannedDocument } from "./document-case.ts";
import { idFaultOf } from "./document-id.ts";
import {
  differentField,
  documentWithoutRow,
  invalidDocument,
  rowWithoutDocument,
  type DocumentProblem,
} from "./document-subject.ts";
import type { PairComparison } from "./pair-comparison.ts";
import type { RowSource, ScannedRow } from "./row-source.ts";

/** The rows that belong to the documents of a collection. */
export interface CollectionRows {
  readonly source: RowSource;
  readonly comparison: PairComparison;
}

/** Says what is wrong with a document by itself, and with a document and its row. */
export class CollectionJudge {
  readonly inspector: DocumentInspector;
  readonly table: Table | undefined;
  readonly rows: CollectionRows | undefined;
  readonly #encrypted: EncryptedFields;
  readonly #keyIds: readonly string[] | undefined;

  constructor(options: {
    readonly inspector: DocumentInspector;
    readonly table: Table | undefined;
    readonly rows: CollectionRows | undefined;
    readonly encrypted: EncryptedFields;
    /** Undefined without a keyring. */
    readonly keyIds: readonly string[] | undefined;
  }) {
    this.inspector = options.inspector;
    this.table = options.table;
    this.rows = options.rows;
    this.#encrypted = options.encrypted;
    this.#keyIds = options.keyIds;
  }

  get collection(): string {
    return this.inspector.collection;
  }

  /** The path of a document that should be there. */
  pathOf(id: string): string {
    return `${this.collection}/${id}`;
  }

  read(read: Pick<ScannedDocument, "path" | "line" | "updateTimeUs">): ScannedDocument {
    return { ...this.inspector.inspect(read.path, read.line), ...read };
  }

  /** What does not fit the model. */
  ownProblems(document: ScannedDocument): readonly DocumentProblem[] {
    const { collection, table } = this;
    const ciphers =
      table === undefined || this.#encrypted.size === 0
        ? []
        : cipherProblems(document, {
            collection,
            table: table.name,
            fields: this.#encrypted,
            keyIds: this.#keyIds,
          });
    if (document.issues.length === 0) return ciphers;
    const told = new Set(ciphers.map(({ subject }) => subject.field));
    const subjects = new Map<string, DocumentProblem>();
    for (const issue of document.issues) {
      const { field, message: says } = this.inspector.findingOf(issue);
      if (told.has(field)) continue;
      const subject = invalidDocument({ collection, table: table?.name, field, says });
      // Ten items of one list are one fault of one document.
      subjects.set(subject.id, { subject });
    }
    return [...ciphers, ...subjects.values()];
  }

  /** Whether it says that the document's id cannot be a key: that it has no row says so, too. */
  isOfKey({ subject }: DocumentProblem, { id }: ScannedDocument): boolean {
    return (
      subject.kind === "invalid_document" &&
      subject.field === this.table?.firestore?.idColumn &&
      this.rows?.source.key.fits(id) === false
    );
  }

  /** What is wrong between a document and its row: one of them may not be there. */
  pairProblems(
    document: ScannedDocument | undefined,
    row: ScannedRow | undefined,
  ): readonly DocumentProblem[] {
    const { collection, table, rows } = this;
    if (table === undefined || rows === undefined) return [];
    if (document === undefined) {
      if (row === undefined) return [];
      const fault = idFaultOf(row.id);
      const detail =
        fault === undefined ? undefined : `its key cannot be the id of a document: it ${fault}`;
      return [{ subject: rowWithoutDocument(collection, table.name), detail }];
    }
    if (row === undefined) {
      const detail = rows.source.key.fits(document.id)
        ? undefined
        : `its id cannot be a key of ${table.name}`;
      return [{ subject: documentWithoutRow(collection, table.name), detail }];
    }
    return rows.comparison.compare(document, row).map(({ field, values, detail }) => ({
      subject: differentField({
        collection,
        table: table.name,
        field,
        column: this.#columnOf(field),
      }),
      values,
      detail,
    }));
  }

  #columnOf(field: string): string {
    return this.table?.firestore?.fields.get(field)?.column ?? field;
  }
}
