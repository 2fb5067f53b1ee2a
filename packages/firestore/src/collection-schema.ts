import {
  ModelError,
  modelOf,
  type AnyValue,
  type DocumentTypes,
  type DocumentWithId,
  type Keyring,
  type Model,
  type ModelField,
  type ModelIssue,
  type ModelOptions,
  type ModelTable,
} from "@ctb-data/models";
import type { Collection, FirestoreType, Table } from "@ctb-data/registry";
import { holds, kindOfValue, nameOfKind } from "./value-kind.ts";

/** A field of the documents of a collection. */
export interface SchemaField {
  readonly name: string;
  readonly type: FirestoreType;
  /** Undefined for a field that no column has. */
  readonly column: string | undefined;
  readonly required: boolean;
  /** Holds JSON data: of any kind, whatever the type says. */
  readonly json: boolean;
}

export interface SchemaOptions {
  readonly keyring: Keyring | undefined;
  readonly documentTypes: DocumentTypes;
}

/** What a document turned out to be. */
export interface ReadResult {
  /** Undefined when it does not fit, and for a collection without a table. */
  readonly value: AnyValue | undefined;
  readonly issues: readonly ModelIssue[];
}

/** The length of the ids that the SDK makes up. */
const autoIdLength = 20;

/** A column that stands for the id of documents without a table. No field can have its name. */
const idOfNoTable = "__id__";

/** What the registry says of the documents of one collection. */
export class CollectionSchema {
  /** The collection's id: its name in Firestore. */
  readonly id: string;
  /** Undefined for documents that Firestore alone holds. */
  readonly table: Table | undefined;
  readonly fields: ReadonlyMap<string, SchemaField>;
  /** Encrypted columns are there, and no keyring was given. */
  readonly locked: boolean;
  readonly #model: Model;
  readonly #idColumn: string | undefined;
  readonly #options: ModelOptions;
  #writer: Model | undefined;

  constructor(source: Table | Collection, options: SchemaOptions) {
    const table = "columns" in source ? source : undefined;
    this.table = table;
    this.id = table?.firestore?.collection ?? source.name;
    this.#idColumn = table?.firestore?.idColumn;
    this.locked = options.keyring === undefined && table !== undefined && isEncrypted(table);
    this.fields = new Map(
      [...fieldsOf(source)].map(([name, field]) => [name, schemaField(field, table)]),
    );
    const { keyring, documentTypes } = options;
    this.#options = { documentTypes, ...(keyring !== undefined && { keyring }) };
    const shown = table !== undefined && this.locked ? withoutEncryption(table) : table;
    this.#model = modelOf(shown ?? tableOf(source), this.#options);
  }

  /** Everything that is wrong with a whole document. `id` undefined when it says nothing. */
  read(id: string | undefined, data: object): ReadResult {
    const issues = this.#kindIssues(data);
    try {
      const value = this.#model.fromDocument(this.#modelId(id), data, { unknownFields: "refuse" });
      return { value: this.table === undefined || issues.length > 0 ? undefined : value, issues };
    } catch (error) {
      const unreadable = this.#unreadableField(error, data);
      issues.unshift(
        ...(unreadable === undefined
          ? issuesOf(error)
          : [unreadable.issue, ...this.#readWithout(id, data, unreadable.field)]),
      );
      return { value: undefined, issues: withoutDoubles(issues) };
    }
  }

  /** The field whose ciphertext could not be read: the model stops there, and says what it is of the column. */
  #unreadableField(
    error: unknown,
    data: object,
  ): { readonly field: string; readonly issue: ModelIssue } | undefined {
    if (!(error instanceof ModelError) || error.issues.length > 0) return undefined;
    const { column, message, hint } = error;
    const field = [...this.fields.values()].find((each) => each.column === column);
    if (column === undefined || field === undefined || !Object.hasOwn(data, field.name))
      return undefined;
    const issue = { path: [field.name], message, ...(hint !== undefined && { hint }) };
    return { field: field.name, issue };
  }

  /** What else is wrong. */
  #readWithout(id: string | undefined, data: object, field: string): readonly ModelIssue[] {
    const rest = Object.fromEntries(Object.entries(data).filter(([name]) => name !== field));
    return this.read(id, rest).issues.filter(
      ({ path: [first, ...more] }) => first !== field || more.length > 0,
    );
  }

  /** The same of some of its fields: those that are not in `data` are not missed. */
  checkSome(id: string | undefined, data: object): readonly ModelIssue[] {
    return this.read(id, data).issues.filter(({ path: [first] }) => {
      if (typeof first !== "string" || Object.hasOwn(data, first)) return true;
      const field = this.fields.get(first);
      return field === undefined || (field.column !== undefined && field.column === this.#idColumn);
    });
  }

  /**
   * The document of a row, encrypted.
   *
   * @throws {ModelError} INVALID_VALUE, also for what the document would lose; NO_KEYRING
   */
  toDocument(row: object, ownFields: object): DocumentWithId {
    const { table } = this;
    const lost = [
      ...Object.keys(row).filter((name) => table?.columns.has(name) !== true),
      ...Object.keys(ownFields).filter(
        (name) => this.fields.get(name)?.column !== undefined || !this.fields.has(name),
      ),
    ];
    if (lost.length > 0) {
      throw new ModelError({
        code: "INVALID_VALUE",
        message: `The documents of ${this.id} have no place for ${lost.join(", ")}.`,
        issues: lost.map((name) => ({ path: [name], message: "is no column or own field of it" })),
      });
    }
    this.#writer ??= table === undefined ? this.#model : modelOf(table, this.#options);
    return this.#writer.toDocument({ ...row }, ownFields);
  }

  /** Whether the value of a query or a cursor can be equal to one of the field. */
  compares(field: string, value: unknown): boolean {
    const known = this.fields.get(field);
    const kind = kindOfValue(value);
    if (known === undefined || kind === "null" || known.json) return true;
    return holds(known.type, kind) || (known.type === "timestamp" && kind === "string");
  }

  /** The kind of column that holds the id, for ids that are to be made up. */
  get idKind(): "free" | "uuid" | "row" {
    if (this.#idColumn === undefined) return "free";
    const type = this.table?.columns.get(this.#idColumn)?.type;
    if (type?.kind === "uuid") return "uuid";
    if (type?.kind !== "text" || type.name === "char") return "row";
    return type.length === undefined || type.length >= autoIdLength ? "free" : "row";
  }

  #modelId(id: string | undefined): string | undefined {
    return this.table === undefined ? undefined : id;
  }

  /** What models do not see: they know a value by its shape, and a map can have that shape, too. */
  #kindIssues(data: object): ModelIssue[] {
    const issues: ModelIssue[] = [];
    for (const [name, value] of Object.entries(data)) {
      const field = this.fields.get(name);
      if (field === undefined || field.json || value === null || value === undefined) continue;
      const kind = kindOfValue(value);
      const fits = field.column === undefined ? holds(field.type, kind) : kind !== "map";
      if (fits) continue;
      const message = `must be of type ${field.type}, not ${nameOfKind(kind)}`;
      issues.push({ path: [name], message });
    }
    return issues;
  }
}

function issuesOf(error: unknown): readonly ModelIssue[] {
  if (!(error instanceof ModelError)) throw error;
  return error.issues.length > 0
    ? error.issues
    : [
        {
          path: error.column === undefined ? [] : [error.column],
          message: error.message,
          ...(error.hint !== undefined && { hint: error.hint }),
        },
      ];
}

/** One issue for each place: the first, which is the model's. */
function withoutDoubles(issues: readonly ModelIssue[]): readonly ModelIssue[] {
  const places = new Set<string>();
  return issues.filter(({ path }) => {
    const place = JSON.stringify(path.map(String));
    return !places.has(place) && places.add(place);
  });
}

function fieldsOf(source: Table | Collection): ReadonlyMap<string, ModelField> {
  return "columns" in source ? (source.firestore?.fields ?? new Map()) : source.fields;
}

function schemaField(field: ModelField, table: Table | undefined): SchemaField {
  const { name, type } = field;
  const base = { name, type };
  if (field.column === undefined)
    return { ...base, column: undefined, required: field.required, json: false };
  const column = table?.columns.get(field.column);
  const hasDefault =
    column?.default !== undefined ||
    column?.type.name === "serial" ||
    column?.type.name === "bigserial";
  return {
    ...base,
    column: field.column,
    required: column !== undefined && !column.nullable && !hasDefault,
    json:
      column?.type.kind === "json" &&
      column.type.dimensions === 0 &&
      column.encryption === undefined,
  };
}

function isEncrypted(table: Table): boolean {
  return [...(table.firestore?.fields.values() ?? [])].some(
    ({ column }) => column !== undefined && table.columns.get(column)?.encryption !== undefined,
  );
}

/** The table as one sees it without a key: ciphertexts are texts. */
function withoutEncryption(table: Table): ModelTable {
  const { firestore, name } = table;
  const columns = new Map(
    [...table.columns].filter(([, { encryption, blindIndexOf }]) => !encryption && !blindIndexOf),
  );
  if (firestore === undefined) return { name, columns };
  const fields = new Map<string, ModelField>(
    [...firestore.fields].map(([field, rule]) => {
      const column = rule.column === undefined ? undefined : table.columns.get(rule.column);
      if (column?.encryption === undefined) return [field, rule];
      return [field, { name: field, type: "string", required: !column.nullable }];
    }),
  );
  return { name, columns, firestore: { ...firestore, fields } };
}

/** Documents without a table, as a table that has nothing but an id. */
function tableOf(source: Table | Collection): ModelTable {
  return {
    name: source.name,
    columns: new Map([
      [
        idOfNoTable,
        {
          name: idOfNoTable,
          type: { name: "text", kind: "text", dimensions: 0 },
          nullable: false,
        },
      ],
    ]),
    firestore: {
      collection: source.name,
      idColumn: idOfNoTable,
      fields: fieldsOf(source),
    },
  };
}
