import type {
  DeployedFieldConfig,
  DeployedFieldOverride,
  DeployedIndex,
  DeployedRules,
  DeployedState,
} from "../deployed.ts";
import { FirestoreError } from "../firestore-error.ts";
import {
  isJsonObject,
  listGoogle,
  readGoogle,
  type GoogleApiOptions,
  type JsonObject,
} from "./google-api.ts";

/** Where Google's interfaces are, without a slash at the end. */
export interface GoogleEndpoints {
  readonly firestore: string;
  readonly rules: string;
}

export const googleEndpoints: GoogleEndpoints = {
  firestore: "https://firestore.googleapis.com/v1",
  rules: "https://firebaserules.googleapis.com/v1",
};

export interface ReadDeployedOptions extends GoogleApiOptions {
  readonly projectId: string;
  readonly databaseId: string;
  readonly endpoints: GoogleEndpoints;
}

/**
 * Reads the composite indexes and field overrides of a database (Firestore Admin API), and the security rules that are in force
 * (Firebase Rules API). firebase-admin has a call for the rules of the database `(default)` only, and none for indexes.
 *
 * @throws {FirestoreError} as `readGoogle` does, and DATABASE_NOT_FOUND
 */
export async function readDeployed(options: ReadDeployedOptions): Promise<DeployedRules> {
  const { projectId, databaseId, endpoints } = options;
  const database = `projects/${encodeURIComponent(projectId)}/databases/${encodeURIComponent(databaseId)}`;
  const groups = `${endpoints.firestore}/${database}/collectionGroups/-`;
  const filter = encodeURIComponent("indexConfig.usesAncestorConfig:false OR ttlConfig:*");
  const [indexes, fields, rules] = await Promise.all([
    listGoogle(`${groups}/indexes`, "indexes", options),
    listGoogle(`${groups}/fields?filter=${filter}`, "fields", options),
    readRules(options),
  ]);
  if (indexes === undefined || fields === undefined) {
    throw new FirestoreError(
      "DATABASE_NOT_FOUND",
      `There is no Firestore database ${databaseId} in the project ${projectId}.`,
      {
        hint: "Check projectId and databaseId; `(default)` is the database that has no other name.",
      },
    );
  }
  return {
    indexes: indexes.flatMap((index) => deployedIndex(index) ?? []),
    fieldOverrides: fields.flatMap((field) => fieldOverride(field) ?? []),
    rules,
  };
}

/** A database with a name of its own has a release of its own. */
async function readRules(options: ReadDeployedOptions): Promise<DeployedRules["rules"]> {
  const { projectId, databaseId, endpoints } = options;
  const release = databaseId === "(default)" ? "cloud.firestore" : `cloud.firestore/${databaseId}`;
  const found = await readGoogle(
    `${endpoints.rules}/projects/${encodeURIComponent(projectId)}/releases/${release}`,
    options,
  );
  const name = found && text(found, "rulesetName");
  if (!found || name === undefined || !/^projects\/[^/?#]+\/rulesets\/[^/?#]+$/.test(name))
    return undefined;
  const ruleset = await readGoogle(`${endpoints.rules}/${name}`, options);
  const source = ruleset && ruleset["source"];
  const files = isJsonObject(source) ? source["files"] : undefined;
  if (!Array.isArray(files)) return undefined;
  const contents = files.filter(isJsonObject).map((file) => text(file, "content") ?? "");
  return { text: contents.join("\n"), releasedAt: text(found, "updateTime") ?? "" };
}

/** `projects/p/databases/d/collectionGroups/clients/indexes/CICAgO` */
const indexName = /\/collectionGroups\/(?<group>[^/]+)\/indexes\//;
/** A field may have slashes in its name. */
const fieldName = /\/collectionGroups\/(?<group>[^/]+)\/fields\/(?<path>.+)$/s;

/** Undefined for one that is no index of documents, as those of Datastore mode are. */
function deployedIndex(index: JsonObject): DeployedIndex | undefined {
  const group = indexName.exec(text(index, "name") ?? "")?.groups?.["group"];
  const queryScope = text(index, "queryScope");
  const fields = fieldsOf(index);
  if (group === undefined || queryScope === undefined) return undefined;
  return { collectionGroup: group, queryScope, fields, state: stateOf(index) };
}

/** `__default__` stands for all fields that are not told of: how Firestore indexes by itself. */
function fieldOverride(field: JsonObject): DeployedFieldOverride | undefined {
  const found = fieldName.exec(text(field, "name") ?? "")?.groups;
  const [group, path] = [found?.["group"], found?.["path"]];
  if (group === undefined || path === undefined || group === "__default__") return undefined;
  const ttl = field["ttlConfig"] !== undefined;
  const config = field["indexConfig"];
  const inherits = !isJsonObject(config) || config["usesAncestorConfig"] === true;
  if (inherits && !ttl) return undefined;
  const list = isJsonObject(config) && Array.isArray(config["indexes"]) ? config["indexes"] : [];
  const indexes = list.filter(isJsonObject).flatMap((index) => {
    const [config0] = fieldsOf(index);
    const queryScope = text(index, "queryScope");
    if (config0 === undefined || queryScope === undefined) return [];
    const { fieldPath: _fieldPath, ...how } = config0;
    return [{ ...how, queryScope, state: stateOf(index) }];
  });
  return { collectionGroup: group, fieldPath: path, ...(!inherits && { indexes }), ttl };
}

function fieldsOf(index: JsonObject): DeployedIndex["fields"] {
  const fields = index["fields"];
  return (Array.isArray(fields) ? fields : []).filter(isJsonObject).flatMap((field) => {
    const fieldPath = text(field, "fieldPath");
    const config = configOf(field);
    return fieldPath === undefined || config === undefined ? [] : [{ fieldPath, ...config }];
  });
}

function configOf(field: JsonObject): DeployedFieldConfig | undefined {
  const order = field["order"];
  if (order === "ASCENDING" || order === "DESCENDING") return { order };
  if (field["arrayConfig"] === "CONTAINS") return { arrayConfig: "CONTAINS" };
  const vector = field["vectorConfig"];
  const dimension = isJsonObject(vector) ? vector["dimension"] : undefined;
  return typeof dimension === "number" ? { vectorConfig: { dimension } } : undefined;
}

function stateOf(index: JsonObject): DeployedState {
  const state = index["state"];
  return state === "CREATING" || state === "NEEDS_REPAIR" ? state : "READY";
}

function text(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === "string" ? value : undefined;
}
