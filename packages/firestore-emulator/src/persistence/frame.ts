import { crc32 } from "node:zlib";

/**
 * How a file of the data folder holds records: each behind a header of four little-endian uint32: the length of the record,
 * its CRC-32, how much of the file was known to be on disk when it was written, and a CRC-32 of these and of the place they
 * are at, so that nothing inside a record, and nothing left from another place, is taken for a header.
 */
export interface FrameHeader {
  /** Bytes, at least 1. */
  readonly length: number;
  readonly checksum: number;
  /** Everything before this offset was on disk when the frame was written. */
  readonly durable: number;
}

/** Where a frame begins. */
export interface FramePlace {
  /** The number of the file. */
  readonly file: number;
  readonly offset: number;
}

export const frameHeaderBytes = 16;
/** No record is longer; a header that says so is none. */
export const maxRecordBytes: number = 1 << 30;

/** A record with its header, to be written at that place. */
export function frameOf(record: Uint8Array, place: FramePlace, durable: number): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderBytes + record.length);
  frame.writeUInt32LE(record.length, 0);
  frame.writeUInt32LE(crc32(record), 4);
  frame.writeUInt32LE(durable, 8);
  frame.writeUInt32LE(headerChecksum(frame, 0, place), 12);
  frame.set(record, frameHeaderBytes);
  return frame;
}

/** The header at an index of some bytes, which are at that place of a file; `undefined` when it is none. */
export function frameHeaderAt(
  bytes: Buffer,
  index: number,
  place: FramePlace,
): FrameHeader | undefined {
  const length = bytes.readUInt32LE(index);
  if (length === 0 || length > maxRecordBytes) return undefined;
  const durable = bytes.readUInt32LE(index + 8);
  if (durable > place.offset) return undefined;
  if (bytes.readUInt32LE(index + 12) !== headerChecksum(bytes, index, place)) return undefined;
  return { length, checksum: bytes.readUInt32LE(index + 4), durable };
}

/** Whether the record is the one that the header was written for. */
export function matchesChecksum(record: Uint8Array, header: FrameHeader): boolean {
  return crc32(record) === header.checksum;
}

const scratch = Buffer.alloc(24);

function headerChecksum(bytes: Buffer, index: number, { file, offset }: FramePlace): number {
  bytes.copy(scratch, 0, index, index + 12);
  scratch.writeUInt32LE(file, 12);
  scratch.writeUInt32LE(offset % 2 ** 32, 16);
  scratch.writeUInt32LE(Math.floor(offset / 2 ** 32), 20);
  return crc32(scratch);
}
