import { accessOf } from "./check-access.ts";
import { documentIndexesOf } from "./check-document-indexes.ts";
import { checkShape, describe, metaOf } from "./check-shape.ts";
import { formatColumnType } from "./column-type.ts";
import { fieldRule, isFirestoreType, reservedName, type FieldRule } from "./document-fields.ts";
import { firestoreTypes } from "./document-types.ts";
import { quoted, suggestion } from "./problem.ts";
import type { DocumentDraft, RegistryChecking, TableDraft } from "./registry-draft.ts";
import { collectionHeadSchema, firestoreHeadSchema } from "./registry-schema.ts";
import type { Collection, Column, DocumentField } from "./registry.ts";
import {
  childOf,
  entriesOf,
  isMapAt,
  itemsOf,
  keySpot,
  placeOf,
  sourceOf,
  textAt,
  type Located,
  type Spot,
} from "./yaml-node.ts";

/** Checks where the documents of a table are and what their ids are. Undefined for a table without documents. */
export function draftDocuments(
  table: TableDraft,
  checking: RegistryChecking,
): DocumentDraft | undefined {
  const at = childOf(table.at, "firestore");
  if (
    at === undefined ||
    (at.node.kind === "scalar" && (at.node.value === false || at.node.value === null))
  )
    return undefined;
  if (at.node.kind === "scalar" && at.node.value === true) {
    return complete(
      { table, at, collection: table.name, idColumn: undefined, omit: new Set(), rules: {} },
      checking,
    );
  }
  if (!isMapAt(at)) {
    checking.problems.error(
      at,
      "wrong-value",
      `must be true, false or a map of collection, id and fields, not ${describe(at.node)}`,
    );
    return undefined;
  }
  const data = checkShape(firestoreHeadSchema, at, checking);
  if (data === undefined) return undefined;
  const omit = childOf(at, "omit");
  if (omit !== undefined) checkOmit(omit, table, checking);
  return complete(
    {
      table,
      at,
      collection: data.collection ?? table.name,
      idColumn: data.id,
      omit: new Set(data.omit),
      rules: { owner: data.owner, access: data.access },
    },
    checking,
  );
}

function checkOmit(omit: Located, table: TableDraft, { problems }: RegistryChecking): void {
  for (const item of itemsOf(omit)) {
    const name = textAt(item);
    if (name === undefined || table.columns.has(name) || table.incomplete) continue;
    problems.error(
      item,
      "unknown-name",
      `the table has no column ${quoted(name)}${suggestion(name, table.columns.keys())}`,
    );
  }
}

function complete(
  draft: Omit<DocumentDraft, "idColumn"> & { readonly idColumn: string | undefined },
  checking: RegistryChecking,
): DocumentDraft | undefined {
  const { table, at, collection, omit, rules } = draft;
  const { problems } = checking;
  const spot = isMapAt(at) ? (childOf(at, "collection") ?? at) : at;
  checkCollectionName(collection, spot, checking);
  const key = table.primaryKey?.columns ?? [];
  const idColumn = draft.idColumn ?? (key.length === 1 ? key[0] : undefined);
  const idSpot = isMapAt(at) ? (childOf(at, "id") ?? at) : at;
  if (idColumn === undefined) {
    problems.error(
      idSpot,
      "invalid-document",
      key.length === 0
        ? "the table has no primary key to make document ids of"
        : "the primary key has several columns, so that it cannot be the document's id",
      "name a unique column with firestore: { id: … }",
    );
    return undefined;
  }
  const column = table.columns.get(idColumn)?.column;
  if (column === undefined) {
    if (!table.incomplete) {
      problems.error(
        idSpot,
        "unknown-name",
        `the table has no column ${quoted(idColumn)}${suggestion(idColumn, table.columns.keys())}`,
      );
    }
    return undefined;
  }
  checkIdColumn(column, table, { spot: idSpot, checking });
  if (omit.has(idColumn))
    problems.error(
      idSpot,
      "conflict",
      `the column ${quoted(idColumn)} is the document's id and cannot be omitted`,
    );
  return { table, at, collection, idColumn, omit, rules };
}

const idKinds = new Set(["int16", "int32", "int64", "text", "uuid"]);

function checkIdColumn(
  column: Column,
  table: TableDraft,
  { spot, checking }: { readonly spot: Spot; readonly checking: RegistryChecking },
): void {
  const fail = (message: string, hint?: string) =>
    checking.problems.error(spot, "invalid-document", message, hint);
  if (column.encryption !== undefined) {
    fail(
      `the encrypted column ${quoted(column.name)} cannot be the document's id, which is readable for everybody`,
    );
  } else if (!idKinds.has(column.type.kind) || column.type.dimensions > 0) {
    fail(
      `a ${formatColumnType(column.type)} cannot be the document's id`,
      "only whole numbers, texts and uuid can",
    );
  }
  const keys = [table.primaryKey, ...table.uniques];
  if (
    keys.some((key) => key?.columns.length === 1 && key.columns[0] === column.name) &&
    !column.nullable
  )
    return;
  fail(
    `the column ${quoted(column.name)} cannot be the document's id, because it is not both unique and required`,
  );
}

function checkCollectionName(name: string, spot: Spot, { problems }: RegistryChecking): void {
  const fault =
    reservedName(name) ??
    (name.includes("/")
      ? "has a slash: subcollections are not supported"
      : name === "." || name === ".."
        ? "is not allowed"
        : undefined);
  if (fault !== undefined)
    problems.error(spot, "invalid-document", `the collection name ${quoted(name)} ${fault}`);
}

/** Reports two tables, or a table and a collection, that would share documents. */
export function checkCollections(
  drafts: readonly DocumentDraft[],
  collections: ReadonlyMap<string, Located>,
  { problems }: RegistryChecking,
): void {
  const owners = new Map<string, Located>(collections);
  for (const { at, collection } of drafts) {
    const before = owners.get(collection);
    if (before === undefined) {
      owners.set(collection, at);
      continue;
    }
    const spot = isMapAt(at) ? (childOf(at, "collection") ?? at) : at;
    problems.error(
      spot,
      "duplicate-name",
      `the collection ${quoted(collection)} is also that of ${before.path} (${placeOf(before)})`,
    );
  }
}

/** Checks a collection that has no table. */
export function collectionOf(
  name: string,
  at: Located,
  checking: RegistryChecking,
): Collection | undefined {
  checkCollectionName(name, at, checking);
  const data = checkShape(collectionHeadSchema, at, checking);
  if (data === undefined || !isMapAt(at)) return undefined;
  const fields = new Map<string, Extract<DocumentField, { readonly column?: undefined }>>();
  const named = childOf(at, "fields");
  if (named === undefined || !isMapAt(named)) {
    checking.problems.error(
      named ?? at,
      named === undefined ? "missing-key" : "wrong-value",
      named === undefined
        ? 'the key "fields" is missing'
        : `must be a map, not ${describe(named.node)}`,
    );
    return undefined;
  }
  for (const [field, place] of entriesOf(named)) {
    const spot = keySpot(named, field);
    const fault = reservedName(field);
    if (fault !== undefined)
      checking.problems.error(spot, "invalid-document", `the field name ${quoted(field)} ${fault}`);
    const rule = ownFieldRule(place, checking);
    if (rule?.type === undefined) continue;
    const description = rule.description === undefined ? {} : { description: rule.description };
    fields.set(field, {
      name: field,
      type: rule.type,
      required: rule.required,
      ...description,
      source: sourceOf(spot),
    });
  }
  const description = data.description === undefined ? {} : { description: data.description };
  return {
    name,
    ...description,
    fields,
    access: accessOf({ at, rules: data, fields }, checking),
    indexes: documentIndexesOf(childOf(at, "indexes"), fields, checking),
    meta: metaOf(childOf(at, "meta"), checking),
    source: sourceOf(at),
  };
}

function ownFieldRule(at: Located, checking: RegistryChecking): FieldRule | undefined {
  const text = textAt(at);
  if (text !== undefined && !isFirestoreType(text)) {
    checking.problems.error(
      at,
      "unknown-type",
      `unknown Firestore type ${quoted(text)}${suggestion(text, firestoreTypes)}`,
      `known are ${firestoreTypes.join(", ")}`,
    );
    return undefined;
  }
  if (isMapAt(at) && at.node.entries.has("column")) {
    checking.problems.error(
      keySpot(at, "column"),
      "conflict",
      "a collection without a table has no columns",
    );
    return undefined;
  }
  const rule = fieldRule(at, new Map(), checking);
  if (rule !== undefined && rule.type === undefined)
    checking.problems.error(at, "missing-key", 'the key "type" is missing');
  return rule;
}
