import { PostgresError } from "./postgres-error.ts";

/** What `pg` sends as it is: text, bytes or NULL. */
export type Parameter = string | Buffer | null;

/**
 * A value of a program as the text that PostgreSQL reads, whatever the type of the parameter: a `Date` in UTC, an array as
 * an array literal, bytes as bytea, any other object as JSON.
 *
 * @throws {PostgresError} INVALID_VALUE for what has no text: functions, symbols, invalid dates, a NUL character.
 */
export function toParameter(value: unknown, index: number): Parameter {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  const text = Array.isArray(value) ? arrayText(value, index) : scalarText(value, index);
  if (text.includes("\0"))
    throw unfit(index, "contains a NUL character, which PostgreSQL cannot store");
  return text;
}

function scalarText(value: unknown, index: number): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
    case "boolean":
      return String(value);
    case "object":
      return objectText(value, index);
    case "undefined":
    case "function":
    case "symbol":
      break;
  }
  throw unfit(index, `is a ${typeof value}`);
}

function objectText(value: unknown, index: number): string {
  if (value instanceof Date) return dateText(value, index);
  try {
    return JSON.stringify(value, jsonReplacer) ?? "null";
  } catch (cause) {
    throw unfit(index, "cannot be written as JSON", cause);
  }
}

/** JSON keeps what JavaScript's own printer would refuse (bigint) or replace by null (NaN). */
function jsonReplacer(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return rawJson(String(value));
  if (typeof value === "number" && !Number.isFinite(value))
    throw new TypeError(`JSON has no ${value}`);
  return value;
}

/** `JSON.rawJSON`, which the TypeScript library of our target does not know yet. */
function rawJson(text: string): unknown {
  const make: unknown = Reflect.get(JSON, "rawJSON");
  return typeof make === "function" ? Reflect.apply(make, JSON, [text]) : text;
}

function dateText(date: Date, index: number): string {
  const time = date.getTime();
  if (Number.isNaN(time)) throw unfit(index, "is an invalid Date");
  const iso = date.toISOString();
  // ISO 8601 counts a year 0 and puts a sign before long years; PostgreSQL does neither.
  const {
    sign = "",
    digits = "0",
    rest = "",
  } = /^(?<sign>[+-]?)(?<digits>\d+)(?<rest>-.*)$/.exec(iso)?.groups ?? {};
  const year = Number(`${sign}${digits}`);
  return year > 0
    ? `${String(year).padStart(4, "0")}${rest}`
    : `${String(1 - year).padStart(4, "0")}${rest} BC`;
}

function arrayText(values: readonly unknown[], index: number): string {
  const items = values.map((value) => {
    if (value === null || value === undefined) return "NULL";
    if (Array.isArray(value)) return arrayText(value, index);
    const text =
      value instanceof Uint8Array
        ? `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}`
        : scalarText(value, index);
    return quoteElement(text);
  });
  return `{${items.join(",")}}`;
}

/** An element of an array literal. */
export function quoteElement(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** A parameter as an element of an array literal. */
export function elementText(parameter: Parameter): string {
  if (parameter === null) return "NULL";
  if (typeof parameter !== "string") return String.raw`"\\x${parameter.toString("hex")}"`;
  return /^[\d.:+-]+$/.test(parameter) ? parameter : quoteElement(parameter);
}

function unfit(index: number, what: string, cause?: unknown): PostgresError {
  return new PostgresError("INVALID_VALUE", `Parameter $${index + 1} ${what}.`, { cause });
}
