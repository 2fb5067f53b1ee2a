import { inputOf } from "./column-input.ts";
import { decodeOf, encoderOf, textError, type TextType } from "./column-text.ts";
import type { ModelValue } from "./model-value.ts";

/**
 * The value that a text of PostgreSQL stands for, checked: for texts of people and files, of which not all can be
 * trusted. For single values; what PostgreSQL itself prints is read faster by `decoderOf`.
 *
 * @throws {ModelError} INVALID_TEXT
 */
export function valueFromText(type: TextType, text: string): ModelValue {
  try {
    return inputOf({ type })(decodeOf(type)(text));
  } catch (error) {
    throw textError("INVALID_TEXT", type, error);
  }
}

/** The text that PostgreSQL prints for a model's value that is not null. @throws {ModelError} INVALID_VALUE */
export function valueToText(type: TextType, value: ModelValue): string {
  return encoderOf(type)(value);
}
