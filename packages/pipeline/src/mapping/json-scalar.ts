import {
  isRawJson,
  valueFromText,
  valueToText,
  type Json,
  type ModelValue,
} from "@ctb-data/models";
import { attempt, Misfit } from "./misfit.ts";

/** The data of a text of JSON; JSON's null at the top is the constant `jsonNull` of the models. */
export function jsonOfText(text: string): Json | Misfit {
  const json = attempt(() => valueFromText("json", text));
  return json instanceof Misfit || isJson(json) ? json : null;
}

function isJson(value: ModelValue): value is Json {
  return !(value instanceof Uint8Array);
}

/** What is at the end of a path: undefined when it leads nowhere. A name leads into an object, a position into an array. */
export function jsonAt(
  json: Json | undefined,
  path: readonly (string | number)[],
): Json | undefined {
  let at = json;
  for (const step of path) {
    if (typeof at !== "object" || at === null) return undefined;
    if (typeof step === "number") at = isList(at) ? at[step] : undefined;
    else at = isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined;
  }
  return at;
}

/** The text that JSON has for a text (without its quotes), a number or a boolean; undefined for an object or a list. */
export function scalarTextOf(json: Exclude<Json, null>): string | undefined {
  if (typeof json === "string") return json;
  if (typeof json !== "object") return plainTextOf(json);
  return isRawJson(json) ? json.rawJSON : undefined;
}

function plainTextOf(json: number | bigint | boolean): string {
  if (Object.is(json, -0)) return "-0";
  const text = String(json);
  // As jsonb prints it: without an exponent.
  return /e/.test(text) && typeof json === "number"
    ? valueToText("decimal", valueFromText("decimal", text))
    : text;
}

/** Reads JSON's text of a text, a number or a boolean; null for JSON's null. A number keeps all its digits. */
export function scalarOfJsonText(text: string): string | null | Misfit {
  const trimmed = text.trim();
  switch (trimmed.charCodeAt(0)) {
    case 123: // {
    case 91: // [
      return notScalar();
    case 34: // "
      if (!trimmed.includes("\\")) return trimmed.slice(1, -1);
      break;
    case 110: // n
      return null;
    case 102: // f
    case 116: // t
      return trimmed;
    default:
      return /e/i.test(trimmed) ? withoutExponent(trimmed) : trimmed;
  }
  const value = jsonOfText(trimmed);
  return typeof value === "string" || value instanceof Misfit ? value : notScalar();
}

/** As jsonb prints it, unless it has more digits than a number of PostgreSQL. */
function withoutExponent(text: string): string {
  const plain = attempt(() => valueToText("decimal", valueFromText("decimal", text)));
  return plain instanceof Misfit ? text : plain;
}

/** An object or a list stands where a text, a number or a boolean should. */
export function notScalar(): Misfit {
  return new Misfit("wrong_type", "is an object or a list, not a text, a number or a boolean");
}

type JsonNode = Extract<Json, object>;
type JsonMap = { readonly [key: string]: Json };

function isList(json: JsonNode): json is readonly Json[] {
  return Array.isArray(json);
}

function isObject(json: JsonNode): json is JsonMap {
  return !isList(json) && !isRawJson(json);
}
