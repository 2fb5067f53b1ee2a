import type {
  Collection,
  Column,
  DocumentAccess,
  DocumentField,
  DocumentMapping,
  Table,
} from "@ctb-data/registry";
import { ruleField, ruleIsNull, ruleText } from "./rules-source.ts";
import { ownValueChecks, valueChecks } from "./rules-value.ts";

/** Documents as rules see them. */
export interface RuledDocuments {
  readonly collection: string;
  readonly description?: string;
  readonly access: DocumentAccess;
  readonly fields: readonly string[];
  /** The fields that are never missing. */
  readonly required: readonly string[];
  /** The fields that hold ciphertext: no app has the key to write one. */
  readonly encrypted: readonly string[];
  /** The conditions of `data`, one after the other. */
  readonly checks: readonly string[];
  /** The conditions of the document's id, the variable `document`. */
  readonly idChecks: readonly string[];
}

/** The documents of a table; undefined for one that Firestore does not hold. */
export function ruledTable(table: Table): RuledDocuments | undefined {
  const { firestore, description } = table;
  if (firestore === undefined) return undefined;
  const { collection, access, idColumn } = firestore;
  const fields = [...firestore.fields.values()].map((field) => fieldOf(field, table, firestore));
  const id = table.columns.get(idColumn);
  return {
    collection,
    ...(description === undefined ? {} : { description }),
    access,
    idChecks: id === undefined ? [] : idChecksOf(id),
    ...joined(fields),
  };
}

/** The documents of a collection without a table. */
export function ruledCollection({ name, description, access, fields }: Collection): RuledDocuments {
  return {
    collection: name,
    ...(description === undefined ? {} : { description }),
    access,
    idChecks: [],
    ...joined([...fields.values()].map(ownFieldOf)),
  };
}

interface RuledField {
  readonly name: string;
  readonly required: boolean;
  readonly encrypted: boolean;
  readonly checks: readonly string[];
}

function joined(
  fields: readonly RuledField[],
): Pick<RuledDocuments, "fields" | "required" | "encrypted" | "checks"> {
  const namesOf = (some: readonly RuledField[]): readonly string[] => some.map(({ name }) => name);
  return {
    fields: namesOf(fields),
    required: namesOf(fields.filter(({ required }) => required)),
    encrypted: namesOf(fields.filter(({ encrypted }) => encrypted)),
    checks: fields.flatMap(({ checks }) => checks),
  };
}

function fieldOf(field: DocumentField, table: Table, mapping: DocumentMapping): RuledField {
  if (field.column === undefined) return ownFieldOf(field);
  const { name, type } = field;
  const column = table.columns.get(field.column);
  if (column === undefined) return { name, required: false, encrypted: false, checks: [] };
  const required = !column.nullable && !hasDefault(column);
  if (column.encryption !== undefined) return { name, required, encrypted: true, checks: [] };
  if (column.name === mapping.idColumn) {
    // The document's id says it too.
    return { name, required: false, encrypted: false, checks: [idFieldCheck(name, type)] };
  }
  const checks = valueChecks(ruleField(name), column, type);
  return { name, required, encrypted: false, checks: presenceChecks(name, column, checks) };
}

function ownFieldOf({
  name,
  type,
  required,
}: Extract<DocumentField, { readonly column?: undefined }>): RuledField {
  const checks = ownValueChecks(ruleField(name), type);
  const presence = { nullable: !required, hasDefault: false };
  return { name, required, encrypted: false, checks: presenceChecks(name, presence, checks) };
}

/** Whether PostgreSQL fills the column in where a document lacks its field. */
function hasDefault({ default: expression, type }: Column): boolean {
  return expression !== undefined || type.name === "serial" || type.name === "bigserial";
}

/** The conditions of a value, unless it may be null or missing and is. */
function presenceChecks(
  name: string,
  column: Pick<Column, "nullable"> & ({ readonly hasDefault: boolean } | Column),
  checks: readonly string[],
): readonly string[] {
  const isFilledIn = "hasDefault" in column ? column.hasDefault : hasDefault(column);
  if (column.nullable) {
    if (checks.length === 0) return [];
    const condition = checks.join(" && ");
    return [`(${ruleIsNull(name)} || ${checks.length === 1 ? condition : `(${condition})`})`];
  }
  const notNull = checks.length === 0 ? [`${ruleField(name)} != null`] : checks;
  if (!isFilledIn) return notNull;
  const condition = notNull.join(" && ");
  return [
    `(!(${ruleText(name)} in data) || ${notNull.length === 1 ? condition : `(${condition})`})`,
  ];
}

/** A field that repeats the document's id must say the same. */
function idFieldCheck(name: string, type: DocumentField["type"]): string {
  const value = `data.get(${ruleText(name)}, document)`;
  return type === "string" ? `${value} == document` : `string(${value}) == document`;
}

/** What an id has to look like to be a value of the column, as PostgreSQL prints it. */
function idChecksOf(column: Column): readonly string[] {
  const { kind } = column.type;
  const isUuid = kind === "uuid";
  const checks = valueChecks("document", { ...column, nullable: false }, "string");
  return checks
    .map((check) => (isUuid ? check.replace("(?i)", "") : check))
    .filter((check) => check !== "document is string");
}
