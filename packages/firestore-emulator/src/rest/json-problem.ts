import { invalidArgument, type RpcError } from "../rpc-error.ts";
import type { JsonPlace } from "./json-place.ts";
import type { JsonValue } from "./json-text.ts";

const shownCharacters = 200;

/** What the service says of a value that does not fit its field. */
export function invalidValue(place: JsonPlace, type: string, json: JsonValue): RpcError {
  return invalidArgument(`Invalid value at '${place.toString()}' (${type}), ${shown(json)}`);
}

/** What the service says of a field that a message does not have. */
export function unknownName(place: JsonPlace, name: string): RpcError {
  const at = place.toString();
  const where = at === "" ? "" : ` at '${at}'`;
  return invalidArgument(
    `Invalid JSON payload received. Unknown name ${shown(name)}${where}: Cannot find field.`,
  );
}

/** What the service says of a second choice where there can be one. */
export function alreadySet(place: JsonPlace, oneof: string, name: string): RpcError {
  return invalidArgument(
    `Invalid value at '${place.toString()}' (oneof), oneof field '${oneof}' is already set. Cannot set '${name}'`,
  );
}

function shown(json: JsonValue): string {
  if (typeof json === "bigint" || typeof json === "number") return String(json);
  if (typeof json === "object" && json !== null)
    return Array.isArray(json) ? "a list" : "an object";
  const text = JSON.stringify(json);
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
}
