import { Buffer } from "node:buffer";
import type { JsonPlace } from "./json-place.ts";
import { invalidValue } from "./json-problem.ts";
import { minusZero, type JsonValue } from "./json-text.ts";

/** How the protocol writes numbers, strings and bytes in JSON. https://protobuf.dev/programming-guides/json */

const decimal = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/u;
const loneSurrogate = /\p{Surrogate}/u;

/** Reads a whole number of 64 bits: a string, or a number. @throws {RpcError} INVALID_ARGUMENT */
export function int64FromJson(json: JsonValue, place: JsonPlace): bigint {
  const whole = wholeFromJson(json);
  if (whole === undefined || BigInt.asIntN(64, whole) !== whole) {
    throw invalidValue(place, "TYPE_INT64", json);
  }
  return whole;
}

/** Reads a whole number of 32 bits. @throws {RpcError} INVALID_ARGUMENT */
export function int32FromJson(json: JsonValue, place: JsonPlace): number {
  const whole = wholeFromJson(json);
  if (whole === undefined || BigInt.asIntN(32, whole) !== whole) {
    throw invalidValue(place, "TYPE_INT32", json);
  }
  return Number(whole);
}

function wholeFromJson(json: JsonValue): bigint | undefined {
  if (typeof json === "bigint") return json;
  if (typeof json === "string" && /^-?\d{1,20}$/u.test(json)) return BigInt(json);
  const number = typeof json === "string" && decimal.test(json) ? Number(json) : json;
  return typeof number === "number" && Number.isSafeInteger(number) ? BigInt(number) : undefined;
}

/** Reads a double: a number, one in a string, or what JSON has no number for. @throws {RpcError} INVALID_ARGUMENT */
export function doubleFromJson(json: JsonValue, place: JsonPlace): number {
  if (json === "NaN") return Number.NaN;
  if (json === "Infinity") return Number.POSITIVE_INFINITY;
  if (json === "-Infinity") return Number.NEGATIVE_INFINITY;
  const isNumber =
    typeof json === "number" ||
    typeof json === "bigint" ||
    (typeof json === "string" && decimal.test(json));
  const number = isNumber ? Number(json) : Number.NaN;
  // 1e400 is a number in JSON, and too large for a double.
  if (!Number.isFinite(number)) throw invalidValue(place, "TYPE_DOUBLE", json);
  return number;
}

export function doubleToJson(value: number): JsonValue {
  if (Object.is(value, -0)) return minusZero;
  return Number.isFinite(value) ? value : String(value);
}

/** @throws {RpcError} INVALID_ARGUMENT */
export function booleanFromJson(json: JsonValue, place: JsonPlace): boolean {
  if (json === true || json === "true") return true;
  if (json === false || json === "false") return false;
  throw invalidValue(place, "TYPE_BOOL", json);
}

/** @throws {RpcError} INVALID_ARGUMENT when it is no string, or one that has no UTF-8. */
export function stringFromJson(json: JsonValue, place: JsonPlace): string {
  if (typeof json !== "string" || loneSurrogate.test(json)) {
    throw invalidValue(place, "TYPE_STRING", json);
  }
  return json;
}

/** Reads base64 in either alphabet, padded or not. @throws {RpcError} INVALID_ARGUMENT */
export function bytesFromJson(json: JsonValue, place: JsonPlace): Uint8Array {
  if (typeof json === "string") {
    const digits = json.replace(/={1,2}$/u, "");
    if (/^[\w+/-]*$/u.test(digits) && digits.length % 4 !== 1) {
      return Uint8Array.from(Buffer.from(digits, "base64"));
    }
  }
  throw invalidValue(place, "TYPE_BYTES", json);
}

export function bytesToJson(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
