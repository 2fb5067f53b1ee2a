import type { Json } from "@ctb-data/models";
import type { ValueOrigin } from "@ctb-data/registry";
import type { FieldFailure } from "../failure.ts";
import type { SourceRecord } from "../source/source-record.ts";
import { jsonAt, scalarTextOf } from "./json-scalar.ts";
import type { IntakeMapping } from "./mapped-record.ts";

/** Compiles what tells one record of a file from another. */
export function keyReaderOf(key: readonly ValueOrigin[]): IntakeMapping["keyOf"] {
  return (record) => {
    const texts: string[] = [];
    const failures: FieldFailure[] = [];
    for (const origin of key) {
      const text = textAt(record, origin);
      if (typeof text === "string") texts.push(text);
      else failures.push(text);
    }
    return failures.length > 0 ? failures : texts;
  };
}

function textAt(record: SourceRecord, { column, path }: ValueOrigin): string | FieldFailure {
  const value: Json | undefined = Object.hasOwn(record, column)
    ? jsonAt(record[column], path)
    : undefined;
  const field = nameOf(column, path);
  const text = value === undefined || value === null ? "" : scalarTextOf(value)?.trim();
  if (text === undefined) {
    const message = `The key ${field} is an object or a list, not a text or a number.`;
    return { field, code: "wrong_type", message };
  }
  if (text !== "") return text;
  return { field, code: "missing", message: `The key ${field} is missing.` };
}

function nameOf(column: string, path: ValueOrigin["path"]): string {
  const steps = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`));
  return column + steps.join("");
}
