import { decoderOf, encoderOf, type ModelValue } from "@ctb-data/models";
import type { ColumnType, ValueKind } from "@ctb-data/registry";

/** Kinds whose text never has a backslash, tab or line break, so that it is copied as it is. */
const plainKinds: ReadonlySet<ValueKind> = new Set([
  "int16", "int32", "int64", "decimal", "float32", "float64", "boolean", "uuid", "date", "time", "timestamp",
  "timestamptz", "interval", "inet",
]); // prettier-ignore

const special = /[\\\n\r\t]/;
const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** A value (not null) as a field of COPY's text format. @throws {ModelError} INVALID_VALUE */
export function copyEncoderOf(type: ColumnType): (value: unknown) => string {
  const encode = encoderOf(type);
  if (type.dimensions === 0 && plainKinds.has(type.kind)) return encode;
  return (value) => {
    const text = encode(value);
    return special.test(text)
      ? text.replaceAll(/[\\\n\r\t]/g, (character) => escapes[character] ?? character)
      : text;
  };
}

/** A field of COPY's text format as a value. */
export function copyDecoderOf(type: ColumnType): (field: string) => ModelValue {
  const decode = decoderOf(type);
  return (field) => decodeCopyField(field, decode);
}

/** A field of COPY's text format through a reader of PostgreSQL's text. */
export function decodeCopyField(field: string, decode: (text: string) => ModelValue): ModelValue {
  if (field === "\\N") return null;
  return decode(field.includes("\\") ? unescapeField(field) : field);
}

const unescapes: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function unescapeField(field: string): string {
  return field.replaceAll(
    /\\(.)/gs,
    (_all, character: string) => unescapes[character] ?? character,
  );
}
