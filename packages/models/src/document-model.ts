import type { FirestoreType } from "@ctb-data/registry";
import { fieldCodecOf, type FieldCodec } from "./column-document.ts";
import { inputOf } from "./column-input.ts";
import type { DocumentTypes } from "./document-types.ts";
import { IssueList } from "./issue-list.ts";
import { bytesOf, isTimestamp } from "./json-document.ts";
import { setOwn } from "./json.ts";
import { readProperty, textOf, type ColumnPlan, type Source } from "./model-column.ts";
import { ModelError } from "./model-error.ts";
import type { ModelColumn, ModelField, ModelTable } from "./model-table.ts";
import type { ModelValue } from "./model-value.ts";
import type { DocumentWithId, FromDocumentOptions } from "./model.ts";
import { nearestName } from "./nearest-name.ts";
import { nameOfValue, unreachable, ValueProblem } from "./value-problem.ts";

/** A document field that holds a column. */
interface ColumnField {
  readonly name: string;
  readonly plan: ColumnPlan;
  readonly codec: FieldCodec;
}

/** A document field that no column has. */
interface OwnField {
  readonly name: string;
  readonly type: FirestoreType;
  readonly required: boolean;
}

/** The codec between a table's values and its documents. */
export class DocumentModel {
  readonly #table: string;
  readonly #id: ColumnPlan;
  readonly #fields: readonly (ColumnField | OwnField)[];
  readonly #names: ReadonlySet<string>;

  /** @throws {ModelError} UNMAPPABLE_FIELD */
  constructor(table: ModelTable, plans: readonly ColumnPlan[], types: DocumentTypes) {
    const { firestore } = table;
    if (firestore === undefined) throw noDocuments(table.name);
    this.#table = table.name;
    const find = (column: string, field: string): ColumnPlan => {
      const plan = plans.find(({ name }) => name === column);
      return (
        plan ?? unmappable(table.name, field, `is mapped to ${column}, which is not a column of it`)
      );
    };
    this.#id = find(firestore.idColumn, "id");
    this.#fields = [...firestore.fields.values()].map((field) => {
      if (field.column === undefined) return ownField(field);
      const plan = find(field.column, field.name);
      const codec = codecOf(plan, field.type, types);
      return {
        name: field.name,
        plan,
        codec:
          codec ??
          unmappable(
            table.name,
            field.name,
            `of type ${field.type} cannot hold every ${plan.column.type.name} of ${plan.name}`,
          ),
      };
    });
    this.#names = new Set(firestore.fields.keys());
  }

  read(
    id: string | undefined,
    data: Source,
    options: FromDocumentOptions,
  ): Record<string, ModelValue> {
    const issues = new IssueList();
    const value: Record<string, ModelValue> = {};
    if (options.unknownFields === "refuse") this.#refuseUnknown(data, issues);
    for (const field of this.#fields) {
      const part = readProperty(data, field.name);
      try {
        if (!("plan" in field)) checkOwnField(field, part);
        else if (part === undefined) {
          if (field.plan.required && field.plan !== this.#id)
            throw new ValueProblem("missing", "is missing");
        } else setOwn(value, field.plan.name, readField(field, part));
      } catch (error) {
        issues.addError(field.name, error);
      }
    }
    if (id !== undefined) this.#readId(id, value, issues);
    issues.throwIfAny({ code: "INVALID_DOCUMENT", subject: "document", table: this.#table });
    return value;
  }

  #refuseUnknown(data: Source, issues: IssueList): void {
    for (const name of Object.keys(data)) {
      if (this.#names.has(name)) continue;
      const nearest = nearestName(name, this.#names);
      issues.add(name, {
        code: "unknown_field",
        message: `is no field of it${nearest === undefined ? "" : `, did you mean ${nearest}?`}`,
      });
    }
  }

  #readId(id: string, value: Record<string, ModelValue>, issues: IssueList): void {
    const { name, encode } = this.#id;
    try {
      const fromId = readIdText(this.#id, id);
      const known = readProperty(value, name);
      if (known !== undefined && known !== null && encode(known) !== encode(fromId)) {
        throw new ValueProblem("wrong_format", "is another one in the document than in its id");
      }
      setOwn(value, name, fromId);
    } catch (error) {
      issues.addError(name, error);
    }
  }

  write(value: Source, ownFields: Source): DocumentWithId<Source> {
    const issues = new IssueList();
    const data: Record<string, unknown> = {};
    for (const field of this.#fields) {
      const own = !("plan" in field);
      const part = own ? readProperty(ownFields, field.name) : readProperty(value, field.plan.name);
      try {
        if (own) checkOwnField(field, part);
        if (part === undefined) continue;
        setOwn(data, field.name, own || part === null ? part : field.codec.write(part));
      } catch (error) {
        issues.addError(own ? field.name : field.plan.name, error);
      }
    }
    const id = this.#idOf(value, issues);
    issues.throwIfAny({ code: "INVALID_VALUE", subject: "value", table: this.#table });
    return { id, data };
  }

  #idOf(value: Source, issues: IssueList): string {
    const { name, encode } = this.#id;
    const part = readProperty(value, name);
    if (part === undefined || part === null) {
      issues.add(name, {
        code: "missing",
        message: "is missing, and is the id of the document",
        hint: "Write the row first: it gets its id there.",
      });
      return "";
    }
    try {
      return checkId(encode(part));
    } catch (error) {
      issues.addError(name, error);
      return "";
    }
  }

  ownFields(data: Source): Readonly<Record<string, unknown>> {
    const issues = new IssueList();
    const own: Record<string, unknown> = {};
    for (const field of this.#fields) {
      if ("plan" in field) continue;
      const part = readProperty(data, field.name);
      try {
        checkOwnField(field, part);
        if (part !== undefined) setOwn(own, field.name, part);
      } catch (error) {
        issues.addError(field.name, error);
      }
    }
    issues.throwIfAny({ code: "INVALID_DOCUMENT", subject: "document", table: this.#table });
    return own;
  }
}

/** The error of a table that has no documents. */
export function noDocuments(table: string): ModelError {
  return new ModelError({
    code: "NO_DOCUMENTS",
    message: `The table ${table} is not kept in Firestore.`,
    hint: `Give it a "firestore" mapping in the registry.`,
    table,
  });
}

function unmappable(table: string, field: string, problem: string): never {
  throw new ModelError({
    code: "UNMAPPABLE_FIELD",
    message: `The document field ${field} of ${table} ${problem}.`,
    hint: "Choose another type for the field in the registry.",
    table,
    column: field,
  });
}

function codecOf(
  plan: ColumnPlan,
  type: FirestoreType,
  types: DocumentTypes,
): FieldCodec | undefined {
  const { cipher, decode, encode } = plan;
  if (cipher === undefined) return fieldCodecOf(plan.column.type, type, types);
  if (type !== "string" && type !== "any") return undefined;
  return {
    write: (value) => cipher().encrypt(encode(value)),
    read: (value) => decode(cipher().decrypt(textOf(value))),
  };
}

function readField({ plan, codec }: ColumnField, part: unknown): ModelValue {
  if (part !== null) return codec.read(part);
  if (!plan.column.nullable) throw new ValueProblem("missing", "must not be null");
  return null;
}

function readIdText(plan: ColumnPlan, id: string): ModelValue {
  const value = checkIdText(plan.column.type, plan.decode(id));
  // Two documents must not stand for one row: "007" is not how 7 is written.
  if (plan.encode(value) !== id)
    throw new ValueProblem("wrong_format", "is not an id as PostgreSQL prints it");
  return value;
}

/** What PostgreSQL takes as a value of the type; the registry's rules are for input. */
function checkIdText(type: ModelColumn["type"], value: unknown): ModelValue {
  return inputOf({ type: type.name === "char" ? "text" : type })(value);
}

/** Firestore's rules for the id of a document. @throws {ValueProblem} */
function checkId(id: string): string {
  if (id === "" || id === "." || id === ".." || id.includes("/") || /^__.*__$/s.test(id)) {
    throw new ValueProblem(
      "wrong_format",
      "cannot be the id of a document: it is empty, . or .., has a / or is of the form __x__",
    );
  }
  if (Buffer.byteLength(id) > 1500)
    throw new ValueProblem("too_long", "is longer than an id of Firestore: 1,500 bytes");
  return id;
}

function ownField(field: Extract<ModelField, { readonly required: boolean }>): OwnField {
  return { name: field.name, type: field.type, required: field.required };
}

function checkOwnField(field: OwnField, value: unknown): void {
  if (value === undefined) {
    if (field.required) throw new ValueProblem("missing", "is missing");
  } else if (value === null) {
    if (field.required) throw new ValueProblem("missing", "must not be null");
  } else if (!isOfType(value, field.type)) {
    throw new ValueProblem(
      "wrong_type",
      `must be of type ${field.type}, not ${nameOfValue(value)}`,
    );
  }
}

function isOfType(value: {}, type: FirestoreType): boolean {
  switch (type) {
    case "any":
      return true;
    case "array":
      return Array.isArray(value);
    case "boolean":
    case "string":
      return typeof value === type;
    case "integer":
      return typeof value === "bigint" || Number.isInteger(value);
    case "double":
      return typeof value === "number";
    case "bytes":
      return typeof value === "object" && bytesOf(value) !== undefined;
    case "timestamp":
      return value instanceof Date || (typeof value === "object" && isTimestamp(value));
    case "map":
      return typeof value === "object" && !Array.isArray(value);
    case "geopoint":
      return typeof value === "object" && "latitude" in value && "longitude" in value;
    case "reference":
      return typeof value === "object" && "path" in value;
    case "vector":
      return typeof value === "object" && "toArray" in value;
    default:
      return unreachable(type);
  }
}
