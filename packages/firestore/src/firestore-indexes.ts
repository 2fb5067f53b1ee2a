import { generatedMember } from "@ctb-data/models";
import type {
  Collection,
  Column,
  DocumentIndex,
  DocumentIndexField,
  DocumentMapping,
  Index,
  Registry,
  Table,
} from "@ctb-data/registry";

/** `firestore.indexes.json`, as `firebase deploy` reads it. */
interface IndexFile {
  readonly indexes: readonly CompositeIndex[];
  readonly fieldOverrides: readonly FieldOverride[];
}

type QueryScope = "COLLECTION" | "COLLECTION_GROUP";

interface CompositeIndex {
  readonly collectionGroup: string;
  readonly queryScope: QueryScope;
  readonly fields: readonly ({ readonly fieldPath: string } & FieldConfig)[];
}

type FieldConfig =
  | { readonly order: "ASCENDING" | "DESCENDING" }
  | { readonly arrayConfig: "CONTAINS" }
  | { readonly vectorConfig: { readonly dimension: number; readonly flat: object } };

/** How a single field is indexed, instead of the way in which Firestore indexes all. */
interface FieldOverride {
  readonly collectionGroup: string;
  readonly fieldPath: string;
  readonly indexes: readonly (FieldConfig & { readonly queryScope: QueryScope })[];
}

/**
 * The text of `firestore.indexes.json`. Its composite indexes are those of the tables whose columns are all in
 * documents, and those that the registry gives to documents. Fields that nobody looks up by value are exempt from
 * indexing: ciphertext, JSON, bytes and long texts, unless an index mentions them.
 */
export function firestoreIndexes(registry: Registry): string {
  const files = [
    ...[...registry.tables.values()].flatMap((table) =>
      table.firestore === undefined ? [] : [indexesOfTable(table, table.firestore)],
    ),
    ...[...registry.collections.values()].map(indexesOfCollection),
  ];
  const indexes = files.flatMap((file) => file.indexes);
  const file: IndexFile = {
    indexes: [...new Map(indexes.map((index) => [JSON.stringify(index), index])).values()],
    fieldOverrides: files.flatMap(({ fieldOverrides }) => fieldOverrides),
  };
  return `${JSON.stringify({ ...generatedMember("firestore"), ...file }, undefined, 2)}\n`;
}

function indexesOfTable(table: Table, mapping: DocumentMapping): IndexFile {
  const { collection } = mapping;
  const derived = table.indexes.flatMap((index) => documentIndexOf(index, table, mapping) ?? []);
  const mentioned = new Set([
    ...table.indexes.flatMap(({ parts }) =>
      parts.flatMap((part) => ("column" in part ? [part.column] : [])),
    ),
    ...table.uniques.flatMap(({ columns }) => columns),
  ]);
  const exempt = [...mapping.fields.values()].filter((field) => {
    if (field.column === undefined) return field.type === "bytes";
    const column = table.columns.get(field.column);
    return column !== undefined && !mentioned.has(field.column) && isUnsearchable(column);
  });
  return indexFileOf(collection, [...derived, ...mapping.indexes], exempt);
}

function indexesOfCollection({ name, fields, indexes }: Collection): IndexFile {
  const exempt = [...fields.values()].filter(({ type }) => type === "bytes");
  return indexFileOf(name, indexes, exempt);
}

function indexFileOf(
  collectionGroup: string,
  indexes: readonly Pick<DocumentIndex, "fields" | "scope">[],
  exempt: readonly { readonly name: string }[],
): IndexFile {
  const kept = new Set(indexes.flatMap(({ fields }) => fields.map(({ path }) => path[0])));
  return {
    indexes: indexes.filter(isComposite).map(({ fields, scope }) => ({
      collectionGroup,
      queryScope: scope === "collection" ? "COLLECTION" : "COLLECTION_GROUP",
      fields: fields.map(({ path, by }) => ({ fieldPath: fieldPathOf(path), ...configOf(by) })),
    })),
    fieldOverrides: [
      ...exempt
        .filter(({ name }) => !kept.has(name))
        .map(({ name }) => ({ collectionGroup, fieldPath: fieldPathOf([name]), indexes: [] })),
      ...groupOverrides(
        collectionGroup,
        indexes.filter((index) => !isComposite(index) && index.scope === "collection_group"),
      ),
    ],
  };
}

/** An index of one vector is one of those too. */
function isComposite({ fields }: Pick<DocumentIndex, "fields">): boolean {
  return fields.length > 1 || fields.some(({ by }) => typeof by === "object");
}

/** Firestore indexes single fields for queries of one collection by itself; for collection groups it must be told. */
function groupOverrides(
  collectionGroup: string,
  indexes: readonly Pick<DocumentIndex, "fields">[],
): readonly FieldOverride[] {
  const byPath = new Map<string, DocumentIndexField[]>();
  for (const field of indexes.flatMap(({ fields }) => fields)) {
    const path = fieldPathOf(field.path);
    byPath.set(path, [...(byPath.get(path) ?? []), field]);
  }
  return [...byPath].map(([fieldPath, fields]) => ({
    collectionGroup,
    fieldPath,
    indexes: [
      { order: "ASCENDING", queryScope: "COLLECTION" },
      { order: "DESCENDING", queryScope: "COLLECTION" },
      { arrayConfig: "CONTAINS", queryScope: "COLLECTION" },
      ...fields.map(({ by }) => ({ ...configOf(by), queryScope: "COLLECTION_GROUP" as const })),
    ],
  }));
}

/** The index of documents that answers what a table's index does; undefined when there is no such. */
function documentIndexOf(
  { parts, method }: Index,
  table: Table,
  mapping: DocumentMapping,
): Pick<DocumentIndex, "fields" | "scope"> | undefined {
  if (method !== "btree" && method !== "gin") return undefined;
  const fields = parts.map((part): DocumentIndexField | undefined => {
    const column = "column" in part ? table.columns.get(part.column) : undefined;
    const field = [...mapping.fields.values()].find(
      (one) => one.column !== undefined && one.column === column?.name,
    );
    if (column === undefined || field === undefined || column.encryption !== undefined)
      return undefined;
    if (column.type.kind === "json" || field.type === "vector") return undefined;
    const by = field.type === "array" ? "contains" : (part.order ?? "asc");
    return { path: [field.name], by };
  });
  const found = fields.filter((field) => field !== undefined);
  const arrays = found.filter(({ by }) => by === "contains").length;
  return found.length < parts.length || arrays > 1
    ? undefined
    : { fields: found, scope: "collection" };
}

/** The longest text in bytes of which Firestore keeps the whole in an index. */
const longestIndexed = 1500;

/** Whether nobody looks documents up by a column's value. */
function isUnsearchable({ type, encryption, max = Infinity }: Column): boolean {
  if (encryption !== undefined || type.kind === "json" || type.kind === "bytes") return true;
  if (type.kind !== "text") return false;
  const longest = Math.min(type.length ?? Infinity, max);
  return longest > longestIndexed && longest < Infinity;
}

function configOf(by: DocumentIndexField["by"]): FieldConfig {
  switch (by) {
    case "asc":
      return { order: "ASCENDING" };
    case "desc":
      return { order: "DESCENDING" };
    case "contains":
      return { arrayConfig: "CONTAINS" };
    default:
      return { vectorConfig: { dimension: by.dimension, flat: {} } };
  }
}

/** A field as Firestore spells it: a name that is not of letters, digits and `_` is in backticks. */
function fieldPathOf(path: readonly string[]): string {
  return path
    .map((name) =>
      /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name.replaceAll(/[\\`]/g, String.raw`\$&`)}\``,
    )
    .join(".");
}
