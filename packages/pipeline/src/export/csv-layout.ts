import type { BlueprintOutput } from "@ctb-data/registry";
import { Sink } from "./sink.ts";
import {
  copyPlain,
  putByte,
  tableOfBytes,
  type RecordLayout,
  type ValueEncoder,
} from "./value-encoder.ts";

type CsvOutput = Extract<BlueprintOutput, { readonly format: "csv" }>;

const quote = 0x22;
/** The first byte of a byte order mark, and of some thousand characters besides. */
const maybeMark = 0xef;
const backslash = 0x5c;

/**
 * RFC 4180: a value with a delimiter, a quote or a line end stands in quotes, quotes in it are doubled. A missing value is nothing at
 * all and an empty text `""`, as PostgreSQL's own COPY tells them apart; alone in its record, a missing value is `""` too, for readers
 * skip empty lines, and so is a lone `\.` quoted, where PostgreSQL before 18 sees the end of the file. Whatever begins with a byte order mark is quoted, so that no reader takes that from it.
 */
export function csvLayout(output: CsvOutput, names: readonly string[]): RecordLayout {
  const encoder = csvEncoder(output, names.length === 1);
  const delimiter = Buffer.from(output.delimiter);
  const end = Buffer.from(output.lineEnd);
  return {
    head: output.header ? headOf(names, { encoder, delimiter, end }) : Buffer.alloc(0),
    before: names.map((_name, index) => (index === 0 ? Buffer.alloc(0) : delimiter)),
    end,
    encoders: names.map(() => encoder),
  };
}

function headOf(
  names: readonly string[],
  parts: { readonly encoder: ValueEncoder; readonly delimiter: Buffer; readonly end: Buffer },
): Uint8Array {
  const sink = new Sink();
  for (const [index, name] of names.entries()) {
    if (index > 0) sink.put(parts.delimiter);
    const bytes = Buffer.from(name);
    parts.encoder.value(sink, { bytes, from: 0, to: bytes.length });
  }
  sink.put(parts.end);
  return Buffer.from(sink.take());
}

function csvEncoder(output: CsvOutput, isAlone: boolean): ValueEncoder {
  const delimiter = Buffer.from(output.delimiter);
  const special = tableOfBytes(
    (byte) =>
      byte === quote ||
      byte === 10 ||
      byte === 13 ||
      byte === delimiter[0] ||
      byte === maybeMark ||
      (isAlone && byte === backslash),
  );
  const surely = tableOfBytes(
    (byte) =>
      byte === quote ||
      byte === 10 ||
      byte === 13 ||
      (delimiter.length === 1 && byte === delimiter[0]),
  );
  const quotes = tableOfBytes((byte) => byte === quote);
  const always = output.quote === "always";
  return {
    value: (sink, slice) => {
      const { from, to } = slice;
      sink.reserve((to - from) * 2 + 2);
      const { at } = sink;
      if (!always && from < to) {
        if (copyPlain(sink, slice, special)) return undefined;
        const isSure = surely[slice.bytes[slice.from] ?? 0] === 1;
        slice.from = from;
        sink.at = at;
        // A character that only begins like the delimiter, like a byte order mark or like the end of a file.
        if (!isSure && !needsQuotes(slice.bytes.subarray(from, to), delimiter, isAlone)) {
          sink.put(slice.bytes.subarray(from, to));
          return undefined;
        }
      }
      putByte(sink, quote);
      while (!copyPlain(sink, slice, quotes)) {
        putByte(sink, quote);
        putByte(sink, quote);
        slice.from += 1;
      }
      putByte(sink, quote);
      return undefined;
    },
    missing: (sink) => {
      if (!isAlone) return undefined;
      sink.text('""');
      return undefined;
    },
  };
}

const byteOrderMark = Buffer.from("\u{feff}");

const fileEnd = Buffer.from(String.raw`\.`);

function needsQuotes(value: Uint8Array, delimiter: Buffer, isAlone: boolean): boolean {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return (
    [quote, 10, 13].some((byte) => bytes.includes(byte)) ||
    bytes.includes(delimiter) ||
    bytes.subarray(0, 3).equals(byteOrderMark) ||
    (isAlone && bytes.equals(fileEnd))
  );
}
