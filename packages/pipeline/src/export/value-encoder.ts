import type { FailureCode } from "../failure.ts";
import type { Sink } from "./sink.ts";

/** Bytes of a value, UTF-8, where they lie. */
export interface ByteSlice {
  bytes: Uint8Array;
  from: number;
  to: number;
}

/** Why an output cannot hold a value. */
export interface EncodingFault {
  readonly code: FailureCode;
  /** What the value is not, or has: `has a line end`. It holds nothing of the value. */
  readonly message: string;
}

/** Writes the values of one field as the output has them. */
export interface ValueEncoder {
  /** Moves the slice's `from` as it likes. A fault leaves the sink anywhere: the record is given up. */
  value(sink: Sink, slice: ByteSlice): EncodingFault | undefined;
  missing(sink: Sink): EncodingFault | undefined;
}

/** How one record is put together. */
export interface RecordLayout {
  /** Before the first record. */
  readonly head: Uint8Array;
  /** What stands before each field, and behind the last. */
  readonly before: readonly Uint8Array[];
  readonly end: Uint8Array;
  readonly encoders: readonly ValueEncoder[];
}

/** A table of the bytes that are something special. */
export function tableOfBytes(isSpecial: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_zero, byte) => (isSpecial(byte) ? 1 : 0));
}

/** Copies bytes up to the first special one, where the slice then begins. @returns whether that was all. */
export function copyPlain(sink: Sink, slice: ByteSlice, special: Uint8Array): boolean {
  const { bytes, to } = slice;
  const { bytes: out } = sink;
  let { at } = sink;
  let index = slice.from;
  for (; index < to; index += 1) {
    const byte = bytes[index] ?? 0;
    if (special[byte] === 1) break;
    out[at] = byte;
    at += 1;
  }
  sink.at = at;
  slice.from = index;
  return index === to;
}

/** Puts one byte where room was made. */
export function putByte(sink: Sink, byte: number): void {
  sink.bytes[sink.at] = byte;
  sink.at += 1;
}

/** How many characters (code points) UTF-8 has. */
export function charactersOf({ bytes, from, to }: ByteSlice): number {
  let count = 0;
  for (let at = from; at < to; at += 1) if (((bytes[at] ?? 0) & 0xc0) !== 0x80) count += 1;
  return count;
}
