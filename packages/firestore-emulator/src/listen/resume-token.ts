import { Buffer } from "node:buffer";

const version = 1;
const length = 9;

/** A token that stands for all that a stream has told up to a time, in microseconds. */
export function encodeResumeToken(time: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt8(version, 0);
  bytes.writeBigInt64BE(BigInt(time), 1);
  return bytes;
}

/** The time that a token stands for; `undefined` when it is none that this server has made. */
export function decodeResumeToken(token: Uint8Array): number | undefined {
  if (token.length !== length || token[0] !== version) return undefined;
  const time = Number(Buffer.from(token).readBigInt64BE(1));
  return Number.isSafeInteger(time) && time >= 0 ? time : undefined;
}
