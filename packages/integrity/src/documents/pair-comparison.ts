import type { InspectedDocument } from "@ctb-data/firestore";
import {
  modelOf,
  ModelError,
  valueToText,
  type AnyValue,
  type DocumentTypes,
  type Keyring,
  type Model,
  type ModelColumn,
  type ModelTable,
  type ModelValue,
} from "@ctb-data/models";
import type { Column, DocumentMapping, Table } from "@ctb-data/registry";
import type { ScannedRow } from "./row-source.ts";
import { shortText } from "./short-text.ts";
import { valuesEqual } from "./values-equal.ts";

/** A field that is not what the row has. */
export interface FieldDifference {
  readonly field: string;
  /** Both values as texts, unless they are hidden; null for null, and for a field that is not there. */
  readonly values?: { readonly document: string | null; readonly row: string | null };
  readonly detail?: string;
}

/** A field that is compared, and the column that it holds. */
export interface ComparedField {
  readonly name: string;
  readonly column: Column;
  /** Its values are never shown. */
  readonly hidden: boolean;
}

/** Compares rows with their documents, field by field, by the values that the model makes of both. */
export class PairComparison {
  readonly fields: readonly ComparedField[];
  readonly #loose: Model;
  readonly #clear: Model;
  readonly #idColumn: string;

  /** @param columns those that the live table has. */
  constructor(
    table: Table,
    mapping: DocumentMapping,
    options: {
      readonly columns: readonly string[];
      readonly keyring: Keyring | undefined;
      readonly types: DocumentTypes;
    },
  ) {
    const { columns, keyring, types } = options;
    this.#idColumn = mapping.idColumn;
    this.fields = comparedFields(table, mapping, { columns, canDecrypt: keyring !== undefined });
    const loose = looseTable(table, mapping, this.fields);
    this.#loose = modelOf(loose, { documentTypes: types, ...(keyring && { keyring }) });
    this.#clear = modelOf(inClear(loose), { documentTypes: types });
  }

  /** The fields that differ. What cannot be read on either side is not compared: it is found for itself. */
  compare(document: InspectedDocument, row: ScannedRow): readonly FieldDifference[] {
    const inRow = this.rowValue(row);
    const inDocument = this.#documentValue(document);
    return this.fields.flatMap((field) => {
      const { name } = field.column;
      if (inRow.unread.has(name) || inDocument.unread.has(field.name)) return [];
      const difference = this.#compareField(field, {
        row: inRow.value[name] ?? null,
        document: inDocument.value[name] ?? null,
        id: row.id,
      });
      if (!difference) return [];
      const isMissing = !Object.hasOwn(document.data, field.name);
      return [
        {
          field: field.name,
          ...(!field.hidden && { values: textsOf(field, difference) }),
          ...(isMissing && { detail: "the document does not have the field" }),
        },
      ];
    });
  }

  /** What the model reads of a row, and the columns of which it can read nothing. */
  rowValue({ columns }: ScannedRow): {
    readonly value: AnyValue;
    readonly unread: ReadonlySet<string>;
  } {
    const names = new Set(this.fields.map(({ column }) => column.name));
    return readable(columns, names, (part) => this.#loose.fromRow(part));
  }

  #documentValue({ value, data }: InspectedDocument): {
    readonly value: AnyValue;
    readonly unread: ReadonlySet<string>;
  } {
    if (value !== undefined) return { value, unread: new Set() };
    const names = new Set(this.fields.map(({ name }) => name));
    const columnOf = new Map(this.fields.map(({ name, column }) => [column.name, name]));
    const read = (part: object): AnyValue => this.#loose.fromDocument(undefined, part);
    return readable(data, names, read, columnOf);
  }

  #compareField(
    { column }: ComparedField,
    {
      row,
      document,
      id,
    }: { readonly row: ModelValue; readonly document: ModelValue; readonly id: string },
  ): Compared | undefined {
    const { type } = column;
    if (row === null || document === null) return row === document ? undefined : { row, document };
    if (valuesEqual(type, row, document)) return undefined;
    // A document may hold the value in another form: compared is what comes back of the row from a document.
    const stored = this.#throughDocument(column.name, row, id);
    if (stored !== undefined && valuesEqual(type, stored, document)) return undefined;
    return { row, document };
  }

  #throughDocument(name: string, value: ModelValue, id: string): ModelValue | undefined {
    try {
      const { data } = this.#clear.toDocument({ [this.#idColumn]: id, [name]: value });
      return this.#clear.fromDocument(undefined, data)[name];
    } catch (error) {
      if (error instanceof ModelError) return undefined;
      throw error;
    }
  }
}

interface Compared {
  readonly row: ModelValue;
  readonly document: ModelValue;
}

function textsOf(
  { column }: ComparedField,
  { row, document }: Compared,
): { readonly document: string | null; readonly row: string | null } {
  const text = (value: ModelValue): string | null =>
    value === null ? null : shortText(valueToText(column.type, value));
  return { document: text(document), row: text(row) };
}

function comparedFields(
  table: Table,
  { fields, idColumn }: DocumentMapping,
  { columns, canDecrypt }: { readonly columns: readonly string[]; readonly canDecrypt: boolean },
): readonly ComparedField[] {
  return [...fields.values()].flatMap(({ name, column: of }) => {
    const column = of === undefined ? undefined : table.columns.get(of);
    // The id is what pairs them.
    if (column === undefined || column.name === idColumn || !columns.includes(column.name))
      return [];
    if (column.encryption !== undefined && !canDecrypt) return [];
    const hidden = column.encryption !== undefined || column.classification !== undefined;
    return [{ name, column, hidden }];
  });
}

const plainText = { name: "text", kind: "text", dimensions: 0 } as const;

/** The table with what is compared only, in which anything may be null or missing. */
function looseTable(
  table: Table,
  mapping: DocumentMapping,
  compared: readonly ComparedField[],
): ModelTable {
  const names = new Set(compared.map(({ column }) => column.name));
  const columns = [...table.columns.values()].filter(({ name }) => names.has(name));
  const fields = [...mapping.fields].filter(([name]) =>
    compared.some((field) => field.name === name),
  );
  return {
    name: table.name,
    ...(table.renamedFrom !== undefined && { renamedFrom: table.renamedFrom }),
    columns: new Map<string, ModelColumn>([
      // The id is not compared, only asked for.
      [mapping.idColumn, { name: mapping.idColumn, type: plainText, nullable: true }],
      ...columns.map((column) => [column.name, { ...column, nullable: true }] as const),
    ]),
    firestore: {
      collection: mapping.collection,
      idColumn: mapping.idColumn,
      fields: new Map(fields),
    },
  };
}

function inClear(table: ModelTable): ModelTable {
  const { firestore } = table;
  if (firestore === undefined) return table;
  const columns = [...table.columns.values()].map(
    ({ name, type }) => [name, { name, type, nullable: true }] as const,
  );
  return { name: table.name, columns: new Map(columns), firestore };
}

type Part = Readonly<Record<string, unknown>>;

/** Reads what can be read of some properties: what the reader says something of is left out, until it has nothing to say. */
function readable(
  source: Part,
  names: ReadonlySet<string>,
  read: (part: object) => AnyValue,
  nameOfColumn: ReadonlyMap<string, string> = new Map(),
): { readonly value: AnyValue; readonly unread: ReadonlySet<string> } {
  const unread = new Set<string>();
  for (;;) {
    const part = Object.fromEntries(
      Object.entries(source).filter(([name]) => names.has(name) && !unread.has(name)),
    );
    try {
      return { value: read(part), unread };
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      const before = unread.size;
      for (const { path } of error.issues)
        if (Object.hasOwn(part, String(path[0]))) unread.add(String(path[0]));
      const { column } = error;
      const name = column === undefined ? undefined : (nameOfColumn.get(column) ?? column);
      if (error.issues.length === 0 && name !== undefined) unread.add(name);
      if (unread.size === before) throw error;
    }
  }
}
