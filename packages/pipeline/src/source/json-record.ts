import { isUtf8 } from "node:buffer";
import { isRawJson, jsonFromText, type Json } from "@ctb-data/models";
import type { FieldFailure } from "../failure.ts";
import { recordFailure, rejectedText, type RawRecord } from "./record-splitter.ts";
import type { ReadRecord, SourceRecord } from "./source-record.ts";

/** Deeper than anything that a table or a document can hold, and not so deep that working on it runs out of stack. */
const mostDepth = 500;

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Reads a record that is to be one JSON object. Numbers keep all their digits. */
export function readJsonRecord({ line, bytes, failure }: RawRecord): ReadRecord {
  const found = failure === undefined ? objectOf(bytes) : { failure };
  if ("record" in found) return { line, record: found.record, failures: [] };
  return { line, record: undefined, failures: [found.failure], text: rejectedText(bytes) };
}

/** The failure of bytes that are no UTF-8. */
export function wrongEncoding(): FieldFailure {
  return recordFailure("wrong_encoding", "The record has bytes that are not UTF-8.");
}

type Found = { readonly record: SourceRecord } | { readonly failure: FieldFailure };

function objectOf(bytes: Buffer): Found {
  if (!isUtf8(bytes)) return { failure: wrongEncoding() };
  const { depth, members } = shapeOf(bytes);
  if (depth > mostDepth) return refused(`The record is nested more than ${mostDepth} levels deep.`);
  const value = parsed(bytes.toString("utf8"));
  if (value === undefined) return refused("The record is not JSON.");
  if (!isObject(value))
    return {
      failure: recordFailure("wrong_type", "The record is JSON, but no object with fields."),
    };
  if (Object.keys(value).length < members)
    return refused("The record has a field twice: only one of its values could be used.");
  return { record: Object.assign(emptyRecord(), value) };
}

function refused(message: string): Found {
  return { failure: recordFailure("unreadable", message) };
}

/** An object that may have any name, `__proto__` too. */
export function emptyRecord(): Record<string, Json> {
  return { __proto__: null };
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRawJson(value);
}

function parsed(text: string): Json | undefined {
  try {
    return jsonFromText(text);
  } catch {
    // What the parser says shows some of the text.
    return undefined;
  }
}

/** How deep it is nested, and how many members the outermost object has, each as often as it is there. */
function shapeOf(bytes: Buffer): { readonly depth: number; readonly members: number } {
  let depth = 0;
  let deepest = 0;
  let members = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) at = endOfText(bytes, at + 1);
    else if (byte === colon) members += depth === 1 ? 1 : 0;
    else if (byte === openBrace || byte === openBracket) deepest = Math.max(deepest, (depth += 1));
    else if (byte === closeBrace || byte === closeBracket) depth -= 1;
  }
  return { depth: deepest, members };
}

/** Where the quote is that closes a text. */
function endOfText(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) return at;
    if (byte === backslash) at += 1;
  }
  return bytes.length;
}
