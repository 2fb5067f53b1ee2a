import protobuf from "protobufjs";
import { invalidArgument } from "../rpc-error.ts";
import type { RouteMatch } from "./http-routes.ts";
import { JsonPlace } from "./json-place.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "./json-text.ts";
import { fieldsOf, messageFromJson } from "./message-from-json.ts";

/** Parameters that every Google API has: they say how to answer, not what. https://cloud.google.com/apis/docs/system-parameters */
const systemParameters = new Set([
  "$.xgafv",
  "$alt",
  "$callback",
  "$ct",
  "$fields",
  "$key",
  "$prettyPrint",
  "$req",
  "$unique",
  "access_token",
  "alt",
  "callback",
  "fields",
  "key",
  "oauth_token",
  "prettyPrint",
  "quotaUser",
  "uploadType",
  "upload_protocol",
]);

interface Tree {
  [name: string]: JsonValue | Tree;
}

/**
 * Makes the request of a call from its path, its query and its body.
 *
 * @param body `undefined` when there is none.
 * @throws {RpcError} INVALID_ARGUMENT when they do not make one.
 */
export function bindRequest(
  route: RouteMatch,
  query: URLSearchParams,
  body: JsonValue | undefined,
): object {
  const type = requestType(route.method);
  const tree: Tree = Object.create(null);
  if (route.body === "*") Object.assign(tree, rootOf(body));
  else if (route.body !== undefined) tree[route.body] = copied(body);
  for (const [name, value] of query) {
    if (!systemParameters.has(name)) bindParameter(type, tree, name, value);
  }
  for (const [field, value] of route.variables) setField(tree, field.split("."), value);
  return messageFromJson(type, tree, JsonPlace.root);
}

function requestType({ resolvedRequestType, name }: protobuf.Method): protobuf.Type {
  if (!resolvedRequestType) throw new Error(`The request of ${name} is not known.`);
  return resolvedRequestType;
}

function rootOf(body: JsonValue | undefined): JsonObject {
  if (body === undefined) return {};
  if (isJsonObject(body)) return body;
  throw invalidArgument(
    'Invalid JSON payload received. Unknown name "": Root element must be a message.',
  );
}

/** A copy, for the path to name its document in. */
function copied(body: JsonValue | undefined): Tree {
  return { ...rootOf(body) };
}

/** Puts a parameter such as `mask.fieldPaths=a` where it belongs. */
function bindParameter(type: protobuf.Type, tree: Tree, name: string, value: string): void {
  const steps: string[] = [];
  let message: protobuf.Type | undefined = type;
  let field: protobuf.Field | undefined;
  for (const step of name.split(".")) {
    field = message && fieldsOf(message).get(step);
    if (!field) throw unknownParameter(name);
    message = field.resolvedType instanceof protobuf.Type ? field.resolvedType : undefined;
    steps.push(field.name);
  }
  // A plus that was not encoded is a space by the rules of forms, and base64 has no spaces.
  const text = field?.type === "bytes" ? value.replaceAll(" ", "+") : value;
  if (field?.repeated) appendTo(tree, steps, text);
  else setField(tree, steps, text);
}

function unknownParameter(name: string): Error {
  return invalidArgument(
    `Invalid JSON payload received. Unknown name ${JSON.stringify(name)}: Cannot bind query parameter. Field '${name}' could not be found in request message.`,
  );
}

function setField(tree: Tree, steps: readonly string[], value: JsonValue): void {
  parentOf(tree, steps)[steps.at(-1) ?? ""] = value;
}

function appendTo(tree: Tree, steps: readonly string[], value: string): void {
  const parent = parentOf(tree, steps);
  const name = steps.at(-1) ?? "";
  const before = parent[name];
  parent[name] = Array.isArray(before) ? [...before, value] : [value];
}

/** The object that holds the last of these fields; made where it is not there. */
function parentOf(tree: Tree, steps: readonly string[]): Tree {
  let parent = tree;
  for (const step of steps.slice(0, -1)) {
    const child = parent[step];
    const next: Tree = isTree(child) ? { ...child } : {};
    parent[step] = next;
    parent = next;
  }
  return parent;
}

function isTree(value: JsonValue | Tree | undefined): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
