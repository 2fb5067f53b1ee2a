import {
  copyPlain,
  putByte,
  tableOfBytes,
  type RecordLayout,
  type ValueEncoder,
} from "./value-encoder.ts";

const special = tableOfBytes((byte) => byte === 0x5c || byte === 9 || byte === 10 || byte === 13);
const letters: Readonly<Record<number, number>> = { 0x5c: 0x5c, 9: 0x74, 10: 0x6e, 13: 0x72 };

/** COPY's text format. */
export function copyLayout(fields: number): RecordLayout {
  return {
    head: Buffer.alloc(0),
    before: Array.from({ length: fields }, (_none, index) => Buffer.from(index === 0 ? "" : "\t")),
    end: Buffer.from("\n"),
    encoders: Array.from({ length: fields }, () => copyEncoder),
  };
}

const copyEncoder: ValueEncoder = {
  value: (sink, slice) => {
    sink.reserve((slice.to - slice.from) * 2);
    while (!copyPlain(sink, slice, special)) {
      putByte(sink, 0x5c);
      putByte(sink, letters[slice.bytes[slice.from] ?? 0] ?? 0);
      slice.from += 1;
    }
    return undefined;
  },
  missing: (sink) => {
    sink.text(String.raw`\N`);
    return undefined;
  },
};
