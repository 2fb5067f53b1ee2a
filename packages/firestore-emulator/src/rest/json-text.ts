import { invalidArgument } from "../rpc-error.ts";

/** What JSON can say. A whole number that a double cannot hold is a `bigint`. */
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonValue[]
  | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export function isJsonObject(json: JsonValue | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

export function isJsonArray(json: JsonValue | undefined): json is readonly JsonValue[] {
  return Array.isArray(json);
}

const manyDigits = /\d{16}/u;

/** Reads JSON without losing a digit of a whole number. @throws {RpcError} INVALID_ARGUMENT when it is none. */
export function parseJson(text: string): JsonValue {
  try {
    // A reviver is slow, and most requests have no number that needs one.
    const json: unknown = manyDigits.test(text) ? JSON.parse(text, wholeNumber) : JSON.parse(text);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `JSON.parse` gives nothing else.
    return json as JsonValue;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw invalidArgument(`Invalid JSON payload received. ${message}`);
  }
}

function wholeNumber(
  _key: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return /^-?\d+$/u.test(source) ? BigInt(source) : value;
}

/** A number that JSON would print without its sign. Node has this since V8 11.4; TypeScript does not know it yet. */
interface RawJson {
  rawJSON(text: string): JsonValue;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above.
const rawJson = JSON as unknown as RawJson;

/** Zero with the sign that `JSON.stringify` leaves out. */
export const minusZero: JsonValue = rawJson.rawJSON("-0.0");
