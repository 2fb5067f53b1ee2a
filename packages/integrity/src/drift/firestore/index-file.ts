import type { DeployedRules, DeployedState } from "@ctb-data/firestore";

/** One index in a form in which equal ones are equal texts. */
export interface IndexEntry {
  readonly collection: string;
  /** `clients(name asc, email desc)`, `group notes(at desc)`: what an index is, for people and for ids. */
  readonly text: string;
  readonly state: DeployedState;
}

/** A field that is not indexed as all others are, or whose values end documents. */
export interface OverrideEntry {
  readonly collection: string;
  /** `clients.secret` */
  readonly place: string;
  /** What it is: `not indexed`, `indexed as all fields are, deletes documents`. */
  readonly text: string;
}

/** What a `firestore.indexes.json` says, or Google has. */
export interface IndexSet {
  readonly indexes: ReadonlyMap<string, IndexEntry>;
  readonly overrides: ReadonlyMap<string, OverrideEntry>;
}

interface FieldLike {
  readonly fieldPath?: unknown;
  readonly order?: unknown;
  readonly arrayConfig?: unknown;
  readonly vectorConfig?: unknown;
  readonly queryScope?: unknown;
  readonly state?: unknown;
}

/** What Google answered. */
export function deployedSet({ indexes, fieldOverrides }: DeployedRules): IndexSet {
  return indexSet(indexes, fieldOverrides);
}

/**
 * The text of a `firestore.indexes.json`.
 *
 * @throws {Error} with a message for people when it is none
 */
export function parseIndexFile(text: string): IndexSet {
  const file: unknown = JSON.parse(text);
  if (!isObject(file)) throw new Error("it is not a JSON object");
  return indexSet(
    listOf(file["indexes"], "indexes"),
    listOf(file["fieldOverrides"], "fieldOverrides"),
  );
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown, name: string): readonly JsonObject[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every(isObject)) return value;
  throw new Error(`${name} is not a list of objects`);
}

function indexSet(indexes: readonly object[], overrides: readonly object[]): IndexSet {
  const entries = indexes.filter(isObject).map(indexEntry);
  const fields = overrides.filter(isObject).map(overrideEntry);
  return {
    indexes: new Map(entries.map((entry) => [entry.text, entry])),
    overrides: new Map(fields.map((entry) => [entry.place, entry])),
  };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function indexEntry(index: JsonObject): IndexEntry {
  const collection = textOf(index["collectionGroup"]);
  const list = index["fields"];
  const fields: readonly FieldLike[] = Array.isArray(list) ? list.filter(isObject) : [];
  const scope = scopeWord(index["queryScope"]);
  const parts = withoutName(fields).map(
    (field) => `${textOf(field.fieldPath)} ${configWord(field)}`,
  );
  return { collection, text: `${scope}${collection}(${parts.join(", ")})`, state: stateOf(index) };
}

/** Queries of one collection are what is usual. */
function scopeWord(scope: unknown): string {
  if (scope === undefined || scope === "COLLECTION") return "";
  return scope === "COLLECTION_GROUP" ? "group " : `${textOf(scope)} `;
}

/**
 * Google ends each index with the document's name (of vectors, before the vector), in the order of the last field that has one. A
 * file may say so or not.
 */
function withoutName(fields: readonly FieldLike[]): readonly FieldLike[] {
  const at = fields.findIndex(({ fieldPath }) => fieldPath === "__name__");
  if (at === -1) return fields;
  const behind = fields.slice(at + 1);
  if (behind.some(({ vectorConfig }) => vectorConfig === undefined)) return fields;
  const last = fields.slice(0, at).findLast(({ order }) => order !== undefined);
  return (fields[at]?.order ?? "ASCENDING") === (last?.order ?? "ASCENDING")
    ? [...fields.slice(0, at), ...behind]
    : fields;
}

function configWord({ order, arrayConfig, vectorConfig }: FieldLike): string {
  if (arrayConfig !== undefined) return textOf(arrayConfig).toLowerCase();
  if (isObject(vectorConfig)) return `vector ${String(vectorConfig["dimension"])}`;
  return order === "DESCENDING" ? "desc" : "asc";
}

function stateOf({ state }: JsonObject): DeployedState {
  return state === "CREATING" || state === "NEEDS_REPAIR" ? state : "READY";
}

function overrideEntry(override: JsonObject): OverrideEntry {
  const collection = textOf(override["collectionGroup"]);
  const list = override["indexes"];
  const indexes: readonly FieldLike[] | undefined = Array.isArray(list)
    ? list.filter(isObject)
    : undefined;
  const words = new Set(
    (indexes ?? []).map((index) => `${scopeWord(index.queryScope)}${configWord(index)}`),
  );
  const how =
    indexes === undefined
      ? "indexed as all fields are"
      : words.size === 0
        ? "not indexed"
        : `indexed ${[...words].toSorted(byText).join(", ")}`;
  return {
    collection,
    place: `${collection}.${textOf(override["fieldPath"])}`,
    text: `${how}${override["ttl"] === true ? ", and deletes documents when it is past" : ""}`,
  };
}

function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
