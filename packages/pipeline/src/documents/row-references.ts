import type { Registry, Table } from "@ctb-data/registry";
import type { FieldFailure } from "../failure.ts";
import { failuresOf } from "./field-failures.ts";
import { FieldReader, type FieldReaderOptions } from "./field-reader.ts";
import type { RowReference } from "./intake-document.ts";
import { isObject, memberOf } from "./raw-fields.ts";
import { pathOf } from "./raw-value.ts";

/** What a field that refers to a row turned out to be. */
export type ReadReference =
  | { readonly reference: RowReference; readonly failures?: undefined }
  | { readonly failures: readonly FieldFailure[] };

/** Reads the ways in which the field of a foreign key says its row, other than by the key itself. */
export class ReferenceReader {
  readonly #place: Pick<RowReference, "column" | "table" | "target">;
  readonly #database: string;
  /** The columns by which the other table's rows can be found. */
  readonly #lookups: ReadonlyMap<string, FieldReader>;

  constructor(
    place: Pick<RowReference, "column" | "table" | "target">,
    lookups: ReadonlyMap<string, FieldReader>,
    database: string,
  ) {
    this.#place = place;
    this.#database = database;
    this.#lookups = lookups;
  }

  /** The column of the other table that a map of this one member means. */
  lookupOf(column: string): FieldReader | undefined {
    return this.#lookups.get(column);
  }

  /** @returns undefined for a field that is neither a reference nor a map. */
  read(raw: unknown): ReadReference | undefined {
    if (!isObject(raw)) return undefined;
    const { referenceValue: name } = raw;
    if (typeof name === "string") return this.#readDocument(name);
    if (raw["mapValue"] === undefined) return undefined;
    return this.#readLookup(memberOf(raw, "mapValue", "fields"));
  }

  #readDocument(name: string): ReadReference {
    try {
      const path = pathOf(name, this.#database);
      const slash = path.lastIndexOf("/");
      const by = { collection: path.slice(0, slash), id: path.slice(slash + 1) };
      return { reference: { ...this.#place, by: { kind: "document", ...by } } };
    } catch (error) {
      return { failures: failuresOf(this.#place.column, error) };
    }
  }

  #readLookup(fields: unknown): ReadReference {
    const [entry, ...more] = isObject(fields) ? Object.entries(fields) : [];
    const reader = entry && this.#lookups.get(entry[0]);
    if (entry === undefined || more.length > 0 || reader === undefined) return this.#noLookup();
    const read = reader.read(entry[1]);
    if (read.failures !== undefined) return { failures: this.#inside(read.failures) };
    if (read.value === null)
      return this.#failed("missing", `is looked up by ${entry[0]}, which is null`);
    const by = { kind: "lookup", column: entry[0], value: read.value } as const;
    return { reference: { ...this.#place, by } };
  }

  #noLookup(): ReadReference {
    const { table } = this.#place;
    const names = [...this.#lookups.keys()].join(", ");
    return this.#failed(
      "wrong_type",
      names === ""
        ? `must be the key of ${table}, or a reference to a document; ${table} has no unique column to look it up by`
        : `must be the key of ${table}, a reference to a document, or a map of one of its unique columns: ${names}`,
    );
  }

  #failed(code: FieldFailure["code"], message: string): ReadReference {
    const { column } = this.#place;
    return { failures: [{ field: column, code, message: `${column} ${message}.` }] };
  }

  #inside(failures: readonly FieldFailure[]): readonly FieldFailure[] {
    const { column } = this.#place;
    return failures.map(({ code, message }) => ({
      field: column,
      code,
      message: `${column}.${message}`,
    }));
  }
}

/** The readers of references of a table's columns: of those that are all of a foreign key. */
export function referenceReadersOf(
  table: Table,
  registry: Pick<Registry, "tables">,
  options: FieldReaderOptions,
): ReadonlyMap<string, ReferenceReader> {
  const readers = new Map<string, ReferenceReader>();
  for (const { columns, referencedTable, referencedColumns } of table.foreignKeys) {
    const [name = ""] = columns;
    const [target = ""] = referencedColumns;
    const column = table.columns.get(name);
    const other = registry.tables.get(referencedTable);
    const isReference = columns.length === 1 && column !== undefined && other !== undefined;
    // In JSON data a map or a reference is a value.
    if (!isReference || column.type.kind === "json" || column.encryption !== undefined) continue;
    if (readers.has(name)) continue;
    const place = { column: name, table: referencedTable, target };
    readers.set(name, new ReferenceReader(place, lookupsOf(other, options), options.database));
  }
  return readers;
}

/** The columns by whose values a row can be found; an encrypted one has no value in the table to be found by. */
function lookupsOf(table: Table, options: FieldReaderOptions): ReadonlyMap<string, FieldReader> {
  const keys = [table.primaryKey, ...table.uniques].flatMap((key) => (key ? [key.columns] : []));
  const indexes = table.indexes.flatMap(({ unique, parts, where }) => {
    const names = parts.flatMap((part) => ("column" in part ? [part.column] : []));
    return unique && where === undefined && names.length === parts.length ? [names] : [];
  });
  const readers = new Map<string, FieldReader>();
  for (const [name = "", ...more] of [...keys, ...indexes]) {
    const column = table.columns.get(name);
    const isHidden = column?.encryption !== undefined || column?.blindIndexOf !== undefined;
    if (column === undefined || more.length > 0 || isHidden) continue;
    readers.set(name, new FieldReader(table, column, options));
  }
  return readers;
}
