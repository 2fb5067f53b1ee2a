import type { ColumnType, ValueKind } from "@ctb-data/registry";
import type { ModelValue } from "./model-value.ts";

/** A registry's type, or a kind for a plain value of it. */
export type TextType = ColumnType | ValueKind;

/** Compiles the reader of PostgreSQL's text of a type. Make it once per column: it is what runs per value. */
export function decoderOf(_type: TextType): (text: string) => ModelValue {
  throw new Error("being built");
}

/** Compiles the printer of PostgreSQL's text of a type: exactly what PostgreSQL itself prints. */
export function encoderOf(_type: TextType): (value: ModelValue) => string {
  throw new Error("being built");
}

/** The value that PostgreSQL's text stands for. @throws {ModelError} INVALID_TEXT */
export function valueFromText(type: TextType, text: string): ModelValue {
  return decoderOf(type)(text);
}

/** PostgreSQL's text of a value (not null). @throws {ModelError} INVALID_VALUE */
export function valueToText(type: TextType, value: ModelValue): string {
  return encoderOf(type)(value);
}
