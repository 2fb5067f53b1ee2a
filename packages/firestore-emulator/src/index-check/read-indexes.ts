import { parseFieldPath, type FieldPath } from "../name/field-path.ts";
import type {
  FieldMode,
  FieldOverride,
  Index,
  IndexField,
  IndexSet,
  QueryScope,
  SingleFieldIndex,
} from "./index-set.ts";
import { JsonPlace } from "./json-place.ts";

const maxFields = 100;
const maxDimension = 2048;

/**
 * Reads a `firestore.indexes.json` as firebase-tools writes it, and as it was written before 2019 (`collectionId`, `mode`).
 * Members that say nothing about which queries are answered are passed over.
 *
 * @param json the text of the file, or what it was parsed to.
 * @param file what errors call it.
 * @throws {EmulatorError} INVALID_INDEXES, with what is wrong and where.
 */
export function readIndexes(json: unknown, file: string): IndexSet {
  const root = JsonPlace.open(json, file);
  return {
    composites: root.list("indexes").map(readIndex),
    overrides: root.list("fieldOverrides").map(readOverride),
  };
}

function readIndex(place: JsonPlace): Index {
  const fields = place.list("fields").map(readField);
  if (fields.length === 0) throw place.error("has no fields");
  if (fields.length > maxFields) throw place.error(`has more than ${maxFields} fields`);
  const arrays = fields.filter(({ mode }) => mode === "CONTAINS");
  if (arrays.length > 1) throw place.error("has more than one array field; one is allowed");
  if (fields.slice(0, -1).some(({ mode }) => typeof mode === "object")) {
    throw place.error("has a vector field before another field; it must be the last");
  }
  return { collectionGroup: readCollectionGroup(place), scope: readScope(place), fields };
}

function readField(place: JsonPlace): IndexField {
  const mode = readMode(place);
  return { path: readPath(place.member("fieldPath")), mode };
}

function readOverride(place: JsonPlace): FieldOverride {
  const fieldPath = place.member("fieldPath");
  const path = fieldPath.value === "*" ? [] : readPath(fieldPath);
  const ttl = place.member("ttl");
  if (ttl.value !== undefined && typeof ttl.value !== "boolean") {
    throw ttl.error("must be true or false");
  }
  const indexes = place
    .list("indexes")
    .map((index): SingleFieldIndex => ({ scope: readScope(index), mode: readMode(index) }));
  return { collectionGroup: readCollectionGroup(place), path, indexes, ttl: ttl.value };
}

function readCollectionGroup(place: JsonPlace): string {
  const current = place.member("collectionGroup");
  const group = current.value === undefined ? place.member("collectionId") : current;
  const { value } = group;
  if (value === undefined) throw place.error("has no collectionGroup");
  if (typeof value !== "string" || value === "" || value.includes("/")) {
    throw group.error("must be the id of a collection, without a slash");
  }
  return value;
}

function readScope(place: JsonPlace): QueryScope {
  const { value = "COLLECTION" } = place.member("queryScope");
  switch (value) {
    case "COLLECTION":
    case "COLLECTION_GROUP":
    case "COLLECTION_RECURSIVE":
      return value;
    default:
      throw place
        .member("queryScope")
        .error("must be COLLECTION, COLLECTION_GROUP or COLLECTION_RECURSIVE");
  }
}

function readPath(place: JsonPlace): FieldPath {
  if (place.value === undefined) throw place.error("is missing");
  if (typeof place.value !== "string") throw place.error("must be the path of a field");
  try {
    return parseFieldPath(place.value);
  } catch {
    throw place.error(
      `must be the path of a field, and ${JSON.stringify(place.value)} is none: names of other than letters, digits and _ need backticks`,
    );
  }
}

function readMode(place: JsonPlace): FieldMode {
  const given = ["order", "arrayConfig", "vectorConfig", "mode"].filter(
    (name) => place.member(name).value !== undefined,
  );
  const [name] = given;
  if (name === undefined) throw place.error("has neither order nor arrayConfig nor vectorConfig");
  if (given.length > 1) throw place.error(`has both ${given.slice(0, 2).join(" and ")}`);
  const member = place.member(name);
  if (name === "vectorConfig") return { vectorDimension: readDimension(member) };
  const { value } = member;
  if (name === "arrayConfig") {
    if (value !== "CONTAINS") throw member.error("must be CONTAINS");
    return value;
  }
  if (name === "mode" && value === "ARRAY_CONTAINS") return "CONTAINS";
  if (value !== "ASCENDING" && value !== "DESCENDING") {
    throw member.error("must be ASCENDING or DESCENDING");
  }
  return value;
}

function readDimension(config: JsonPlace): number {
  const dimension = config.member("dimension");
  const value = typeof dimension.value === "string" ? Number(dimension.value) : dimension.value;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > maxDimension) {
    throw dimension.error(`must be a whole number from 1 to ${maxDimension}`);
  }
  return value;
}
