import { checkShape } from "./array-text.ts";
import { arrayTest, dimensionsOf, kindOf, type TextType } from "./column-text.ts";
import { normalizeInet } from "./inet.ts";
import { normalizeInterval } from "./interval.ts";
import { jsonNull, jsonToText, toJson } from "./json.ts";
import type { ModelColumn } from "./model-table.ts";
import type { ModelValue } from "./model-value.ts";
import { bigintInput, decimalInput, floatInput, integerInput } from "./number-input.ts";
import { checkedText, enumInput, textInput, uuidInput } from "./text-input.ts";
import { dateInput, timeInput, timestampInput } from "./time-input.ts";
import { refuse, unreachable, ValueProblem } from "./value-problem.ts";

/** What the readers of input need to know of a column. */
export type InputColumn = Pick<ModelColumn, "min" | "max" | "pattern" | "format" | "oneOf"> & {
  readonly type: TextType;
};

/** Reads what an application gives for a column. @throws {ValueProblem} */
export type ReadInput = (value: unknown) => ModelValue;

/**
 * Compiles the reader of a column's input (not null): kind to what means the same, never lossy. The rules of the
 * registry (`min`, `max`, `pattern`, `format`, `enum`) are those of each element in an array.
 */
export function inputOf(column: InputColumn): ReadInput {
  const read = plainInputOf(column);
  return dimensionsOf(column.type) === 0 ? read : arrayInput(column.type, read);
}

function arrayInput(type: TextType, readItem: ReadInput): ReadInput {
  const isArray = arrayTest(type);
  const read = (items: readonly unknown[], depth: number): readonly ModelValue[] =>
    Array.from(items, (item, index) => {
      if (item === null) return null;
      try {
        return isArray(item, depth) ? read(item, depth + 1) : readItem(item);
      } catch (error) {
        if (!(error instanceof ValueProblem)) throw error;
        throw error.inside(index);
      }
    });
  return (value) => {
    if (!Array.isArray(value)) return refuse("an array", value);
    checkShape(value, isArray, 1);
    return read(value, 1);
  };
}

function plainInputOf(column: InputColumn): ReadInput {
  const { type } = column;
  const facts: { readonly precision?: number; readonly scale?: number } =
    typeof type === "string" || type.kind === "enum" ? {} : type;
  const kind = kindOf(type);
  switch (kind) {
    case "int16":
    case "int32":
      return integerInput(kind, column);
    case "int64":
      return bigintInput(column);
    case "decimal":
      return decimalInput(facts, column);
    case "float32":
    case "float64":
      return floatInput(kind, column);
    case "boolean":
      return (value) => (typeof value === "boolean" ? value : refuse("a boolean", value));
    case "text":
      return textInput(column);
    case "uuid":
      return uuidInput;
    case "date":
      return dateInput;
    case "time":
      return timeInput(facts.precision);
    case "timestamp":
    case "timestamptz":
      return timestampInput(kind, facts.precision);
    case "interval":
      return (value) => normalizeInterval(checkedText(value));
    case "json":
      return jsonInput(typeof type !== "string" && type.name === "json" ? "json" : "jsonb");
    case "bytes":
      return bytesInput;
    case "inet":
      return (value) => normalizeInet(checkedText(value));
    case "enum":
      return typeof type === "string" || type.kind !== "enum"
        ? checkedText
        : enumInput(type.values);
    default:
      return unreachable(kind);
  }
}

function jsonInput(type: "json" | "jsonb"): ReadInput {
  return (value) => {
    const data = toJson(value, type);
    // Prints what jsonb cannot hold; `json` keeps the escapes of it.
    if (type === "jsonb") jsonToText(data, type);
    return data ?? jsonNull;
  };
}

/** A copy, so that a later change of the buffer does not change the value. */
function bytesInput(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? Uint8Array.from(value) : refuse("a Uint8Array", value);
}
