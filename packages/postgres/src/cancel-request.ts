import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

/** Whom to ask, and about which session. */
export interface CancelTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: false | ConnectionOptions;
  readonly processId: number;
  /** What the server told this session, and nobody else, when it began. */
  readonly secretKey: number;
}

const sslRequest = message(80_877_103);
const timeoutMs = 5000;

/**
 * Asks the server to cancel what a session is doing, over a connection of its own, encrypted when the session is. It
 * works through poolers, too, where `pg_cancel_backend` would need the pid that only the pooler knows. Resolves when the
 * server has taken the request (or cannot be reached: then there is nothing to cancel either). Never rejects.
 */
export async function sendCancelRequest(target: CancelTarget): Promise<void> {
  const socket = target.host.startsWith("/")
    ? connect(`${target.host}/.s.PGSQL.${target.port}`)
    : connect(target.port, target.host);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  socket.on("error", () => socket.destroy());
  const request = message(80_877_102, target.processId, target.secretKey);
  socket.once("connect", () => {
    if (target.tls === false) socket.end(request);
    else encryptThenEnd(socket, { ...target, tls: target.tls }, request);
  });
  await new Promise<void>((resolve) => void socket.once("close", () => resolve()));
  clearTimeout(timer);
}

function encryptThenEnd(
  socket: Socket,
  { host, tls }: { readonly host: string; readonly tls: ConnectionOptions },
  request: Buffer,
): void {
  socket.write(sslRequest);
  socket.once("data", (answer) => {
    if (answer.toString("latin1") !== "S") {
      socket.destroy();
      return;
    }
    const secure = connectTls({ ...tls, socket, ...(isIP(host) === 0 && { servername: host }) });
    secure.on("error", () => socket.destroy());
    secure.once("secureConnect", () => secure.end(request));
  });
}

/** A start-up message: its length, then 32-bit numbers. */
function message(...numbers: readonly number[]): Buffer {
  const buffer = Buffer.alloc(4 + numbers.length * 4);
  buffer.writeInt32BE(buffer.length);
  for (const [index, number] of numbers.entries()) buffer.writeInt32BE(number | 0, 4 + index * 4);
  return buffer;
}
