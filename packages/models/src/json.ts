import { normalizeDecimal } from "./decimal.ts";
import { nameOfValue, ValueProblem } from "./value-problem.ts";

/** A number that no double and no bigint holds: what `JSON.rawJSON` returns. `JSON.stringify` prints it as it is. */
export interface RawJson {
  readonly rawJSON: string;
}

/**
 * Data of a `json` or `jsonb` column. An integer beyond 2^53 is a bigint, any other number that a double does not hold
 * is a {@link RawJson}; every other number is a number.
 */
export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | RawJson
  | readonly Json[]
  | { readonly [key: string]: Json };

export type JsonObject = { readonly [key: string]: Json };

/** What ES2026 adds to `JSON`, and Node has: TypeScript's libraries do not have it yet. */
interface JsonWithSources {
  readonly parse: (
    text: string,
    reviver?: (
      this: unknown,
      key: string,
      value: Json,
      context: { readonly source?: string },
    ) => Json,
  ) => Json;
  readonly rawJSON: (text: string) => RawJson;
  readonly isRawJSON: (value: unknown) => value is RawJson;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node 22 has them all
const json = JSON as unknown as JsonWithSources;

/** The JSON value null in a column, which is not SQL's NULL. Only at the top: inside of data it is `null`. */
export const jsonNull: RawJson = json.rawJSON("null");

/** Whether a value is the JSON value null of a column. */
export function isJsonNull(value: unknown): boolean {
  return value === jsonNull || (json.isRawJSON(value) && value.rawJSON === "null");
}

/** Whether a value is what `JSON.rawJSON` returns. */
export const isRawJson: (value: unknown) => value is RawJson = json.isRawJSON;

/** A number in its own digits. */
export const rawJson: (text: string) => RawJson = json.rawJSON;

/** A number with 16 digits or more, an exponent or a negative zero: all others are what `JSON.parse` makes of them. */
const mayNeedSource = /[\d.]{16}|\d[eE]|-0(?!\.\d*[1-9])/;

/**
 * Parses JSON without losing digits.
 *
 * @throws {ValueProblem}
 */
export function jsonFromText(text: string): Json {
  try {
    const value = mayNeedSource.test(text)
      ? json.parse(text, (_key, part, { source }) =>
          typeof part === "number" && source !== undefined ? numberOf(part, source) : part,
        )
      : json.parse(text);
    return value === null ? jsonNull : value;
  } catch (error) {
    throw new ValueProblem(
      "wrong_format",
      error instanceof RangeError ? "is JSON that is nested too deeply" : "is not JSON",
    );
  }
}

function numberOf(value: number, source: string): Json {
  if (Number.isSafeInteger(value) && /^-?\d+$/.test(source)) return value;
  if (/^-?\d+$/.test(source)) return BigInt(source);
  const shortest = Object.is(value, -0) ? "-0" : String(value);
  if (!Number.isFinite(value) || !sameNumber(source, shortest)) return rawJson(source);
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? bigintOf(shortest) : value;
}

/** The integer that a text such as `1.5e+21` says, which the double nearest to it is not. */
function bigintOf(text: string): bigint {
  const [digits = "", power = "0"] = normalNumber(text).split("e");
  return BigInt(digits) * 10n ** BigInt(power);
}

/** Whether two JSON numbers are the same, however they are written. */
export function sameNumber(a: string, b: string): boolean {
  const [left, right] = [normalNumber(a), normalNumber(b)];
  return left === right;
}

function normalNumber(text: string): string {
  const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = whole.replace("-", "") + fraction;
  const stripped = digits.replace(/0+$/, "");
  const power = Number(exponent) - fraction.length + (digits.length - stripped.length);
  const significant = stripped.replace(/^0+/, "");
  return `${whole.startsWith("-") ? "-" : ""}${significant}e${significant === "" ? 0 : power}`;
}

/** An escape of NUL or of half a surrogate pair; a backslash before it would be one that is itself escaped. */
const refusedEscape = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

/**
 * Prints JSON without losing digits.
 *
 * @throws {ValueProblem} for what is no JSON, and for NUL and lone surrogates, which `jsonb` cannot hold
 */
export function jsonToText(value: unknown, type: "json" | "jsonb"): string {
  const text = printJson(value);
  if (type === "jsonb" && text.includes("\\u")) {
    const [escape] = refusedEscape.exec(text) ?? [];
    if (escape !== undefined) throw badText(escape.endsWith("0000"));
  }
  if (type === "jsonb" && mayOverflow.test(text)) checkNumbers(toJson(value));
  return text;
}

/** What a number that no `numeric` holds has: numbers of `jsonb` are numerics. */
const mayOverflow = /\d[Ee][+-]?\d{4}|\d{16000}/;

function checkNumbers(value: Json): void {
  if (typeof value === "bigint") normalizeDecimal(String(value));
  if (typeof value !== "object" || value === null) return;
  if (isRawJson(value)) normalizeDecimal(value.rawJSON);
  else Object.values(value).forEach(checkNumbers);
}

function badText(isNul: boolean): ValueProblem {
  return new ValueProblem(
    isNul ? "nul_character" : "wrong_format",
    "has a NUL or half a surrogate pair in a text, which jsonb cannot hold",
    { hint: "Remove it, or make the column json." },
  );
}

function printJson(value: unknown): string {
  try {
    return isPlain(value) ? JSON.stringify(value) : printWithCare(toJson(value));
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep();
    throw error;
  }
}

/** Prints JSON of which all is known to be {@link Json}. */
function printWithCare(value: Json): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === "bigint") return rawJson(String(part));
    return Object.is(part, -0) ? rawJson("-0") : part;
  });
}

/** Whether `JSON.stringify` alone prints it right. */
function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      if (value === null) return true;
      if (Array.isArray(value)) return value.every(isPlain);
      if (isRawJson(value)) return true;
      if (!isPlainObject(value)) return false;
      for (const key in value) if (!isPlain(value[key])) return false;
      return !Object.hasOwn(value, "toJSON");
    case "bigint":
    case "function":
    case "symbol":
    case "undefined":
    default:
      return false;
  }
}

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function tooDeep(): ValueProblem {
  return new ValueProblem("wrong_format", "is nested too deeply, or contains itself");
}

/**
 * The JSON data that a JavaScript value is: a copy, in which an integer beyond 2^53 is a bigint and a property that is
 * undefined is left out. `jsonb` has no negative zero; `json` keeps it.
 *
 * @throws {ValueProblem} for a value that JSON does not have, where it is
 */
export function toJson(value: unknown, type: "json" | "jsonb" = "json"): Json {
  try {
    return new JsonCopier(type).copy(value);
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep();
    throw error;
  }
}

class JsonCopier {
  readonly #keepsNegativeZero: boolean;
  readonly #path: PropertyKey[] = [];

  constructor(type: "json" | "jsonb") {
    this.#keepsNegativeZero = type === "json";
  }

  copy(value: unknown): Json {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "bigint":
        return Number.isSafeInteger(Number(value)) ? Number(value) : value;
      case "number":
        if (!Number.isFinite(value))
          throw this.#problem("must be JSON, which has no NaN and no Infinity");
        if (value === 0) return this.#keepsNegativeZero ? value : 0;
        return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value;
      case "object":
        return value === null ? null : this.#copyObject(value);
      case "function":
      case "symbol":
      case "undefined":
      default:
        throw this.#problem(`must be JSON, not ${nameOfValue(value)}`);
    }
  }

  #problem(message: string, hint?: string): ValueProblem {
    return new ValueProblem("wrong_type", message, { hint, path: [...this.#path] });
  }

  #copyObject(value: object): Json {
    // What contains itself never ends; nothing that PostgreSQL takes is as deep as this.
    if (this.#path.length > 2000) throw tooDeep();
    if (Array.isArray(value)) {
      return Array.from(value, (item: unknown, index) => this.#copyPart(index, item));
    }
    if (isRawJson(value)) {
      const parsed = jsonFromText(value.rawJSON);
      return parsed === jsonNull && this.#path.length > 0 ? null : parsed;
    }
    if (!isPlainObject(value)) {
      const hint = value instanceof Date ? "Use its toISOString()." : undefined;
      throw this.#problem(`must be JSON, not ${nameOfValue(value)}`, hint);
    }
    const copy: Record<string, Json> = {};
    for (const [key, part] of Object.entries(value)) {
      if (part !== undefined) setOwn(copy, key, this.#copyPart(key, part));
    }
    return copy;
  }

  #copyPart(key: PropertyKey, part: unknown): Json {
    this.#path.push(key);
    const copy = this.copy(part);
    this.#path.pop();
    return copy;
  }
}

/** Sets a property of any name, `__proto__` too. */
export function setOwn<Value>(target: Record<string, Value>, key: string, value: Value): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else {
    target[key] = value;
  }
}
