import type { ColumnType, ExportField } from "@ctb-data/registry";
import {
  copyPlain,
  putByte,
  tableOfBytes,
  type ByteSlice,
  type EncodingFault,
  type RecordLayout,
  type ValueEncoder,
} from "./value-encoder.ts";

/**
 * One JSON object a line, its members in the vendor's order. A number is a JSON number in all its digits, a boolean is one, JSON stays
 * JSON, everything else is a string; a missing value is null.
 */
export function ndjsonLayout(fields: readonly ExportField[]): RecordLayout {
  return {
    head: Buffer.alloc(0),
    before: fields.map(({ name }, index) =>
      Buffer.from(`${index === 0 ? "{" : ","}${JSON.stringify(name)}:`),
    ),
    end: Buffer.from("}\n"),
    encoders: fields.map(({ type }) => encoders[encodingOf(type)]),
  };
}

function encodingOf({ kind, dimensions }: ColumnType): keyof typeof encoders {
  if (dimensions > 0) return "text";
  if (kind === "boolean" || kind === "json") return kind;
  return numbers.has(kind) ? "number" : "text";
}

const numbers: ReadonlySet<ColumnType["kind"]> = new Set([
  "int16",
  "int32",
  "int64",
  "decimal",
  "float32",
  "float64",
]);

const quote = 0x22;
const special = tableOfBytes((byte) => byte < 0x20 || byte === quote || byte === 0x5c);
const shortEscapes: Readonly<Record<number, string>> = {
  8: "b",
  9: "t",
  10: "n",
  12: "f",
  13: "r",
};
const escapes = Array.from({ length: 0x5d }, (_none, byte) => {
  const letter = shortEscapes[byte];
  if (byte >= 0x20) return Buffer.from(`\\${String.fromCharCode(byte)}`);
  return Buffer.from(
    letter === undefined ? `\\u${byte.toString(16).padStart(4, "0")}` : `\\${letter}`,
  );
});

/** As `JSON.stringify` has it. */
function putString(sink: Parameters<ValueEncoder["value"]>[0], slice: ByteSlice): void {
  sink.reserve((slice.to - slice.from) * 6 + 2);
  putByte(sink, quote);
  while (!copyPlain(sink, slice, special)) {
    for (const byte of escapes[slice.bytes[slice.from] ?? 0] ?? []) putByte(sink, byte);
    slice.from += 1;
  }
  putByte(sink, quote);
}

const missing: ValueEncoder["missing"] = (sink) => {
  sink.text("null");
  return undefined;
};

const notJson: EncodingFault = {
  code: "out_of_range",
  message: "is a number that JSON does not have",
};
const nothing = new Uint8Array(256);
/** Between the parts of JSON; inside of its texts they are always escaped. */
const lineEnds = tableOfBytes((byte) => byte === 10 || byte === 13);

const encoders = {
  text: {
    value: (sink, slice) => {
      putString(sink, slice);
      return undefined;
    },
    missing,
  },
  number: {
    value: (sink, slice) => {
      if (!isJsonNumber(slice)) dropZeros(slice);
      if (!isJsonNumber(slice)) return notJson;
      sink.reserve(slice.to - slice.from);
      copyPlain(sink, slice, nothing);
      return undefined;
    },
    missing,
  },
  boolean: {
    value: (sink, slice) => {
      sink.text(slice.bytes[slice.from] === 0x74 ? "true" : "false");
      return undefined;
    },
    missing,
  },
  json: {
    value: (sink, slice) => {
      sink.reserve(slice.to - slice.from);
      while (!copyPlain(sink, slice, lineEnds)) {
        putByte(sink, 0x20);
        slice.from += 1;
      }
      return undefined;
    },
    missing,
  },
} as const satisfies Readonly<Record<string, ValueEncoder>>;

const zero = 0x30;
const minus = 0x2d;

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= 0x39;
}

function digitsEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(bytes[at])) at += 1;
  return at;
}

/** RFC 8259's grammar of a number. What lies behind the slice is never a digit's part of it: it is compared with `to`. */
function isJsonNumber({ bytes, from, to }: ByteSlice): boolean {
  let at = bytes[from] === minus ? from + 1 : from;
  const first = at;
  at = Math.min(digitsEnd(bytes, at), to);
  if (at === first || (bytes[first] === zero && at > first + 1)) return false;
  if (at < to && bytes[at] === 0x2e) {
    const fraction = at + 1;
    at = Math.min(digitsEnd(bytes, fraction), to);
    if (at <= fraction) return false;
  }
  if (at < to && ((bytes[at] ?? 0) | 0x20) === 0x65) {
    at += bytes[at + 1] === minus || bytes[at + 1] === 0x2b ? 2 : 1;
    const exponent = at;
    at = Math.min(digitsEnd(bytes, exponent), to);
    if (at <= exponent) return false;
  }
  return at === to;
}

/** `007` is 7: leading zeros are a format of texts. */
function dropZeros(slice: ByteSlice): void {
  const { bytes, from, to } = slice;
  const isNegative = bytes[from] === minus;
  let at = isNegative ? from + 1 : from;
  while (at + 1 < to && bytes[at] === zero && isDigit(bytes[at + 1])) at += 1;
  if (!isNegative || at === from + 1) {
    slice.from = at;
    return;
  }
  const shorter = Uint8Array.of(minus, ...bytes.subarray(at, to));
  slice.bytes = shorter;
  slice.from = 0;
  slice.to = shorter.length;
}
