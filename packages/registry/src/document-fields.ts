import { accessOf } from "./check-access.ts";
import { documentIndexesOf } from "./check-document-indexes.ts";
import { checkShape, describe } from "./check-shape.ts";
import { formatColumnType } from "./column-type.ts";
import type { FirestoreType } from "./column-types.ts";
import { documentTypesOf, firestoreTypes } from "./document-types.ts";
import { quoted, suggestion } from "./problem.ts";
import type { DocumentDraft, ForeignKeyDraft, RegistryChecking } from "./registry-draft.ts";
import { documentFieldSchema } from "./registry-schema.ts";
import type { Column, DocumentField, DocumentMapping } from "./registry.ts";
import {
  childOf,
  entriesOf,
  isMapAt,
  keySpot,
  sourceOf,
  textAt,
  type Located,
  type Spot,
} from "./yaml-node.ts";

const maxNameBytes = 1500;

/** What Firestore has against a name, in words. */
export function reservedName(name: string): string | undefined {
  if (name === "") return "is empty";
  if (/^__.*__$/s.test(name)) return "is reserved: Firestore keeps __…__ for itself";
  if (new TextEncoder().encode(name).length > maxNameBytes)
    return `is longer than ${maxNameBytes} bytes`;
  return undefined;
}

/** What the fields of one table's documents need of the others. */
export interface FieldChecking extends RegistryChecking {
  /** The column that is the document's id, by table. */
  readonly documentIds: ReadonlyMap<string, string>;
  readonly foreignKeys: readonly ForeignKeyDraft[];
}

/** The fields of a table's documents. Reports pairs that would lose something. */
export function mappingOf(draft: DocumentDraft, checking: FieldChecking): DocumentMapping {
  const named = isMapAt(draft.at) ? childOf(draft.at, "fields") : undefined;
  const fields = new FieldList(draft, checking);
  if (named !== undefined) {
    if (named.node.kind !== "map")
      checking.problems.error(named, "wrong-value", `must be a map, not ${describe(named.node)}`);
    for (const [name, at] of entriesOf(named))
      if (isMapAt(named)) fields.addNamed(name, at, keySpot(named, name));
  }
  fields.addOthers();
  const indexes = isMapAt(draft.at) ? childOf(draft.at, "indexes") : undefined;
  return {
    collection: draft.collection,
    idColumn: draft.idColumn,
    fields: fields.fields,
    access: accessOf({ ...draft, fields: fields.fields }, checking),
    indexes: documentIndexesOf(indexes, fields.fields, checking),
    source: sourceOf(draft.at),
  };
}

class FieldList {
  readonly fields = new Map<string, DocumentField>();
  readonly #draft: DocumentDraft;
  readonly #checking: FieldChecking;
  readonly #taken = new Map<string, string>();

  constructor(draft: DocumentDraft, checking: FieldChecking) {
    this.#draft = draft;
    this.#checking = checking;
  }

  /** A field that the file names. */
  addNamed(name: string, at: Located, key: Spot): void {
    const fault = reservedName(name);
    if (fault !== undefined) {
      this.#checking.problems.error(
        key,
        "invalid-document",
        `the field name ${quoted(name)} ${fault}`,
      );
      return;
    }
    const columns = this.#draft.table.columns;
    const rule = fieldRule(at, columns, this.#checking);
    if (rule === undefined) return;
    if (rule.column === undefined) this.#addOwn(name, rule, { at, key });
    else this.#addColumn(name, { column: rule.column, type: rule.type, spot: at });
  }

  #addOwn(
    name: string,
    rule: FieldRule,
    { at, key }: { readonly at: Located; readonly key: Spot },
  ): void {
    const { problems } = this.#checking;
    if (this.#draft.table.columns.has(name)) {
      problems.error(
        key,
        "conflict",
        `the field ${quoted(name)} is the document's own, but the table has a column of that name`,
        `write ${name}: ${name} for the column's value, or choose another name`,
      );
      return;
    }
    if (rule.type === undefined) {
      problems.error(at, "missing-key", 'the key "type" is missing', "or column");
      return;
    }
    const description = rule.description === undefined ? {} : { description: rule.description };
    this.fields.set(name, {
      name,
      type: rule.type,
      required: rule.required,
      ...description,
      source: sourceOf(key),
    });
  }

  #addColumn(
    name: string,
    {
      column: columnName,
      type,
      spot,
    }: { readonly column: string; readonly type: FirestoreType | undefined; readonly spot: Spot },
  ): void {
    const { table, omit } = this.#draft;
    const { problems } = this.#checking;
    const column = table.columns.get(columnName)?.column;
    if (column === undefined) {
      if (table.incomplete) return;
      problems.error(
        spot,
        "unknown-name",
        `the table has no column ${quoted(columnName)}${suggestion(columnName, table.columns.keys())}`,
      );
      return;
    }
    if (omit.has(columnName))
      problems.error(spot, "conflict", `the column ${quoted(columnName)} is in omit as well`);
    if (column.blindIndexOf !== undefined)
      problems.error(
        spot,
        "invalid-document",
        `the blind index ${quoted(columnName)} is not for documents`,
      );
    const before = this.#taken.get(columnName);
    if (before !== undefined) {
      problems.error(
        spot,
        "conflict",
        `the column ${quoted(columnName)} is in the field ${quoted(before)} already`,
      );
      return;
    }
    this.#taken.set(columnName, name);
    const chosen = this.#typeOf(column, type, spot);
    if (chosen !== undefined)
      this.fields.set(name, { name, column: columnName, type: chosen, source: sourceOf(spot) });
  }

  /** The columns that the file does not name, under the camelCase of their names. */
  addOthers(): void {
    const { table, omit, idColumn } = this.#draft;
    for (const { at, column } of table.columns.values()) {
      if (column.blindIndexOf !== undefined || omit.has(column.name) || column.name === idColumn)
        continue;
      if (this.#taken.has(column.name)) continue;
      const name = camelCase(column.name);
      const spot = childOf(at, "name") ?? at;
      const other = this.fields.get(name);
      const fault = reservedName(name);
      if (other !== undefined || fault !== undefined) {
        const why =
          other === undefined
            ? fault
            : `is ${other.column === undefined ? "the document's own" : `that of the column ${quoted(other.column)}`} already`;
        this.#checking.problems.error(
          spot,
          "invalid-document",
          `the field ${quoted(name)} of the column ${quoted(column.name)} ${why}`,
          "give it another one in firestore.fields, or omit it",
        );
        continue;
      }
      this.#addColumn(name, { column: column.name, type: undefined, spot });
    }
  }

  #typeOf(
    column: Column,
    wanted: FirestoreType | undefined,
    spot: Spot,
  ): FirestoreType | undefined {
    const { problems } = this.#checking;
    const possible: readonly FirestoreType[] =
      column.encryption === undefined ? documentTypesOf(column.type) : ["string"];
    const type = formatColumnType(column.type);
    if (possible.length === 0) {
      problems.error(
        spot,
        "lossy-mapping",
        `Firestore has no arrays of arrays, so that documents cannot hold the ${type} ${quoted(column.name)}`,
        "put it into firestore.omit, or make it jsonb",
      );
      return undefined;
    }
    if (wanted === undefined)
      return this.#isDocumentId(column) && possible.includes("string") ? "string" : possible[0];
    if (possible.includes(wanted)) return wanted;
    const what =
      column.encryption === undefined
        ? type
        : `ciphertext of the encrypted column ${quoted(column.name)}`;
    problems.error(
      spot,
      "lossy-mapping",
      `a field of the type ${wanted} cannot hold every ${what}`,
      `use ${possible.join(" or ")}`,
    );
    return undefined;
  }

  /** Whether the column is the document's id, or references that of another table. */
  #isDocumentId(column: Column): boolean {
    if (column.name === this.#draft.idColumn) return true;
    return this.#checking.foreignKeys.some(({ columns, referencedTable, referencedColumns }) => {
      const id = this.#checking.documentIds.get(referencedTable);
      return (
        id !== undefined &&
        columns.some((name, index) => name === column.name && referencedColumns[index] === id)
      );
    });
  }
}

/** A field as the file has it. */
export interface FieldRule {
  readonly column: string | undefined;
  readonly type: FirestoreType | undefined;
  readonly required: boolean;
  readonly description: string | undefined;
}

export function isFirestoreType(text: string): text is FirestoreType {
  return firestoreTypes.some((type) => type === text);
}

/** Reads a field: a column, a type, or a map. */
export function fieldRule(
  at: Located,
  columns: ReadonlyMap<string, unknown>,
  checking: RegistryChecking,
): FieldRule | undefined {
  const text = textAt(at);
  if (text !== undefined) {
    const isType = !columns.has(text) && isFirestoreType(text);
    return {
      column: isType ? undefined : text,
      type: isType ? text : undefined,
      required: false,
      description: undefined,
    };
  }
  if (!isMapAt(at)) {
    checking.problems.error(
      at,
      "wrong-value",
      `must be a column, a Firestore type, or a map of column or type, not ${describe(at.node)}`,
    );
    return undefined;
  }
  const data = checkShape(documentFieldSchema, at, checking);
  if (data === undefined) return undefined;
  return {
    column: data.column,
    type: data.type,
    required: data.required ?? false,
    description: data.description,
  };
}

/** `created_at` → `createdAt`. */
export function camelCase(name: string): string {
  return name.replaceAll(/(?<=[^_])_+([^_])/gu, (_, letter: string) => letter.toUpperCase());
}
