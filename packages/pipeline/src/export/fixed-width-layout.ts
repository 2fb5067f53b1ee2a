import type { BlueprintOutput, ExportField } from "@ctb-data/registry";
import type { Sink } from "./sink.ts";
import {
  charactersOf,
  copyPlain,
  tableOfBytes,
  type EncodingFault,
  type RecordLayout,
  type ValueEncoder,
} from "./value-encoder.ts";

type FixedWidthOutput = Extract<BlueprintOutput, { readonly format: "fixed-width" }>;

/**
 * Each value in so many characters (code points), filled up on one side; a missing one is all fill. What is longer is never cut: the
 * record is rejected, and so it is for a line end in a value, behind which nobody would find the columns again.
 */
export function fixedWidthLayout(
  output: FixedWidthOutput,
  fields: readonly ExportField[],
): RecordLayout {
  return {
    head: Buffer.alloc(0),
    before: fields.map(() => Buffer.alloc(0)),
    end: Buffer.from(output.lineEnd),
    encoders: fields.map(fixedWidthEncoder),
  };
}

const lineEnds = tableOfBytes((byte) => byte === 10 || byte === 13);

function fixedWidthEncoder({ width = 0, align = "left", fill = " " }: ExportField): ValueEncoder {
  const one = Buffer.from(fill);
  const tooLong: EncodingFault = {
    code: "too_long",
    message: `is longer than the ${width} characters of the field`,
  };
  const pad = (sink: Sink, count: number): void => {
    if (one.length !== 1) for (let done = 0; done < count; done += 1) sink.put(one);
    else sink.bytes.fill(one[0] ?? 0, sink.at, (sink.at += count));
  };
  return {
    value: (sink, slice) => {
      const spare = width - charactersOf(slice);
      if (spare < 0) return tooLong;
      sink.reserve(slice.to - slice.from + spare * 4);
      if (align === "right") pad(sink, spare);
      if (!copyPlain(sink, slice, lineEnds)) return hasLineEnd;
      if (align === "left") pad(sink, spare);
      return undefined;
    },
    missing: (sink) => {
      sink.reserve(width * 4);
      pad(sink, width);
      return undefined;
    },
  };
}

const hasLineEnd: EncodingFault = {
  code: "wrong_format",
  message: "has a line end, which a line of fields of fixed width cannot hold",
};
