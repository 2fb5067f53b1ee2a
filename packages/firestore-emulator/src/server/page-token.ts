import { invalidArgument } from "../rpc-error.ts";

const prefix = "v1:";

/** A token that says after what the next page begins. */
export function encodePageToken(after: string): string {
  return Buffer.from(prefix + after).toString("base64url");
}

/** @throws {RpcError} INVALID_ARGUMENT when the token was not made by `encodePageToken`. */
export function decodePageToken(token: string): string {
  const text = Buffer.from(token, "base64url").toString();
  if (!text.startsWith(prefix)) throw invalidArgument("invalid page token");
  return text.slice(prefix.length);
}
