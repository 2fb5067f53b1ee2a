import { createHmac, timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";
import { PostgresError, type PostgresErrorCode } from "../postgres-error.ts";
import { parseJsonObject, stringIn } from "./json-object.ts";

/** One line of JSON each way between a process that uses a server and the supervisor of it. */
export type LeaseMessage = Readonly<Record<string, unknown>>;

/** Proves the knowledge of the token without telling it: another program may have got the port after a crash. */
export function proofOf(token: string, side: "client" | "supervisor", challenge: string): string {
  return createHmac("sha256", token).update(`${side}:${challenge}`).digest("hex");
}

/** Compares in constant time. */
export function isProof(
  given: string | undefined,
  token: string,
  side: "client" | "supervisor",
  challenge: string,
): boolean {
  const expected = Buffer.from(proofOf(token, side, challenge));
  const actual = Buffer.from(given ?? "");
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** Sends a message; a connection that is gone is noticed by its `close` event. */
export function sendMessage(socket: Socket, message: LeaseMessage): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls back for every message. Whoever sends anything else, or a line beyond 1 MB, is cut off. */
export function onMessages(socket: Socket, handle: (message: LeaseMessage) => void): void {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const message = parseJsonObject(line);
      if (message === undefined || socket.destroyed) {
        socket.destroy();
        return;
      }
      handle(message);
    }
    if (rest.length > 1_000_000) socket.destroy();
  });
}

const codes: readonly PostgresErrorCode[] = [
  "INVALID_OPTIONS",
  "EMBEDDED_NOT_INSTALLED",
  "DATA_FOLDER_UNUSABLE",
  "DATA_FOLDER_IN_USE",
  "PORT_IN_USE",
  "RESOURCES_EXHAUSTED",
  "UNSUPPORTED",
  "SERVER_FAILED",
];

/** An error as a message. */
export function errorMessage(error: PostgresError): LeaseMessage {
  return { code: error.code, message: error.message, hint: error.hint };
}

/** The error that a message tells of. */
export function errorFrom(message: LeaseMessage): PostgresError {
  const code = codes.find((known) => known === message["code"]) ?? "SERVER_FAILED";
  const text = stringIn(message, "message") ?? "The embedded PostgreSQL failed.";
  return new PostgresError(code, text, { hint: stringIn(message, "hint") });
}
