import type { RawAccess } from "@ctb-data/firestore";
import { nearestName, type Keyring } from "@ctb-data/models";
import type { Column, Registry, Table } from "@ctb-data/registry";
import { PipelineError } from "../pipeline-error.ts";
import { DocumentReader } from "./document-reader.ts";
import { DocumentWriter } from "./document-writer.ts";
import { FieldReader, type FieldReaderOptions } from "./field-reader.ts";
import { markFields, type IntakeDocuments } from "./intake-document.ts";
import { RecordHashes } from "./record-hash.ts";
import { referenceReadersOf } from "./row-references.ts";

/** What the documents of an intake collection are compiled from. */
export interface IntakeDocumentsOptions {
  readonly registry: Pick<Registry, "tables">;
  /** The canonical table. */
  readonly table: string;
  /** The intake collection: a root collection. */
  readonly collection: string;
  readonly firestore: { readonly raw: Pick<RawAccess, "database" | "lineOf"> };
  readonly keyring?: Keyring | undefined;
}

/**
 * Compiles the reader and writer of the documents of one intake collection: fields of the names of the table's columns, each in the usual type
 * that the registry has for the column. A column of arrays of arrays, which Firestore does not have, is PostgreSQL's text of them.
 *
 * @throws {PipelineError} NOT_FOUND for a table that is not there; INVALID_BLUEPRINT when it needs a column that no document can have.
 * @throws {ModelError} NO_KEYRING for a table with encrypted columns.
 */
export function compileIntakeDocuments(options: IntakeDocumentsOptions): IntakeDocuments {
  const { registry, collection, firestore, keyring } = options;
  const table = registry.tables.get(options.table) ?? noTable(options);
  const { raw } = firestore;
  const reading: FieldReaderOptions = { database: raw.database, keyring };
  const fields = fieldsOf(table, reading);
  const references = referenceReadersOf(table, registry, reading);
  const reader = new DocumentReader({ table: table.name, fields, references });
  const hashes = new RecordHashes({ table: table.name, readers: fields, keyring });
  const writer = new DocumentWriter({
    collection,
    table: table.name,
    raw,
    fields,
    references,
    hashes,
  });
  return {
    collection,
    table: table.name,
    read: (path, line, updateTimeUs) => reader.read(path, line, updateTimeUs),
    write: (id, mapped, place) => writer.write(id, mapped, place),
  };
}

function noTable({ registry, table }: IntakeDocumentsOptions): never {
  const nearest = nearestName(table, registry.tables.keys());
  throw new PipelineError("NOT_FOUND", `The registry has no table ${table}.`, {
    hint: nearest === undefined ? "Add it, or name another." : `Did you mean ${nearest}?`,
    table,
  });
}

function fieldsOf(table: Table, options: FieldReaderOptions): ReadonlyMap<string, FieldReader> {
  const fields = new Map<string, FieldReader>();
  for (const column of table.columns.values()) {
    if (column.blindIndexOf !== undefined) continue;
    const reader = new FieldReader(table, column, options);
    if (!isTaken(column)) fields.set(column.name, reader);
    else if (reader.isRequired) throw unheld(table, column);
  }
  return fields;
}

/** Whether the name of the column means something else in documents. */
function isTaken({ name }: Column): boolean {
  return markFields.some((mark) => mark === name) || /^__.*__$/s.test(name);
}

function unheld(table: Table, { name }: Column): PipelineError {
  return new PipelineError(
    "INVALID_BLUEPRINT",
    `Every row of ${table.name} needs the column ${name}, and no document can have a field of that name for it.`,
    { hint: "Rename the column, or give it a default.", table: table.name },
  );
}
