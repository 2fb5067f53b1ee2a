import type { RequestListener, Server as HttpServer } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { EmulatorError } from "../emulator-error.ts";

const http2Preface = "PRI";

/** Where connections go by the protocol that they speak. */
export interface Protocols {
  /** Takes a connection that speaks HTTP/2 from its first byte on, as gRPC does. */
  readonly http2: (socket: Socket) => void;
  readonly http1: (socket: Socket) => void;
}

/** A port on which HTTP/2 and HTTP/1 are both spoken: the first three bytes tell which. */
export class ListeningSocket {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws {EmulatorError} PORT_IN_USE, or INVALID_OPTIONS when there is no such address. */
  static async open(host: string, port: number, protocols: Protocols): Promise<ListeningSocket> {
    const server = createServer({ noDelay: true });
    const listening = new ListeningSocket(server);
    server.on("connection", (socket) => {
      listening.#track(socket);
      divert(socket, protocols);
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        reject(listenError(error, host, port));
      });
      server.listen({ host, port }, resolve);
    });
    return listening;
  }

  get port(): number {
    const address = this.#server.address();
    return isAddress(address) ? address.port : 0;
  }

  /** Takes no more connections and cuts those there are. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    // A client that goes away is no fault of the server.
    socket.on("error", () => {});
  }
}

/**
 * Hands HTTP/1 over to a server of Node's that listens nowhere itself. `node:http` is loaded with the first connection:
 * to import it is to load all of `fetch` too, which takes as long as the rest of the start.
 */
export function http1Connections(handler: RequestListener): (socket: Socket) => void {
  let server: Promise<HttpServer> | undefined;
  return (socket) => {
    server ??= openHttp1(handler);
    void server.then((http) => http.emit("connection", socket));
  };
}

async function openHttp1(handler: RequestListener): Promise<HttpServer> {
  const http = await import("node:http");
  return http.createServer(
    // A client that takes up a connection just when it is closed sees its request fail: the cloud waits ten minutes too.
    { keepAliveTimeout: 600_000, maxHeaderSize: 64 * 1024 },
    handler,
  );
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}

function divert(socket: Socket, protocols: Protocols): void {
  let head: Buffer = Buffer.alloc(0);
  const look = (): void => {
    for (;;) {
      const chunk: unknown = socket.read();
      if (!Buffer.isBuffer(chunk)) return;
      head = Buffer.concat([head, chunk]);
      if (head.length >= http2Preface.length) break;
    }
    socket.off("readable", look);
    socket.unshift(head);
    if (head.toString("latin1", 0, http2Preface.length) === http2Preface) protocols.http2(socket);
    else protocols.http1(socket);
  };
  socket.on("readable", look);
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): EmulatorError {
  if (error.code === "EADDRINUSE") {
    return new EmulatorError("PORT_IN_USE", `Port ${port} on ${host} is taken.`, {
      hint: "Stop what listens there, or choose another port; port 0 takes any free one.",
      cause: error,
    });
  }
  return new EmulatorError(
    "INVALID_OPTIONS",
    `Cannot listen on ${host}:${port}: ${error.message}`,
    {
      hint: "Choose an address of this machine, such as 127.0.0.1, and a port that may be used.",
      cause: error,
    },
  );
}
