import { randomBytes } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { stringIn } from "./json-object.ts";
import { isProof, type LeaseMessage, onMessages, proofOf, sendMessage } from "./lease-message.ts";
import { readServerRequest, type ServerRequest } from "./server-request.ts";

/** One process that uses the server. It ends with its connection, however the process ends. */
export interface Lease {
  readonly request: ServerRequest;
  readonly wantsLog: boolean;
  send(message: LeaseMessage): void;
  /** Sends a last message and hangs up; resolves when the message is on its way. */
  end(message: LeaseMessage): Promise<void>;
}

/** What the desk tells its supervisor. */
export interface LeaseEvents {
  onOpen(lease: Lease): void;
  /** The process asks to leave, and waits for the answer. */
  onLeave(lease: Lease): void;
  onLost(lease: Lease): void;
}

/** Where processes take and return their leases: a port of 127.0.0.1, which works for every path and system. */
export class LeaseDesk {
  readonly token: string = randomBytes(32).toString("base64url");
  readonly #server: Server;
  readonly #events: LeaseEvents;

  constructor(events: LeaseEvents) {
    this.#events = events;
    this.#server = createServer((socket) => {
      this.#greet(socket);
    });
  }

  /** Resolves with the port. */
  async open(): Promise<number> {
    return await new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", () => {
        const address = this.#server.address();
        resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
      });
    });
  }

  /** Takes nobody else in. */
  close(): void {
    this.#server.close();
  }

  #greet(socket: Socket): void {
    const challenge = randomBytes(16).toString("hex");
    let lease: Lease | undefined;
    let left = false;
    socket.setNoDelay(true);
    socket.setTimeout(10_000, () => {
      if (lease === undefined) socket.destroy();
    });
    socket.on("error", () => {
      // Followed by close.
    });
    socket.on("close", () => {
      if (lease !== undefined && !left) this.#events.onLost(lease);
    });
    onMessages(socket, (message) => {
      if (lease !== undefined) {
        if (message["leave"] !== true || left) return;
        left = true;
        this.#events.onLeave(lease);
        return;
      }
      if (!isProof(stringIn(message, "proof"), this.token, "client", challenge)) {
        socket.destroy();
        return;
      }
      lease = leaseOf(socket, message);
      lease.send({
        proof: proofOf(this.token, "supervisor", stringIn(message, "challenge") ?? ""),
      });
      this.#events.onOpen(lease);
    });
    sendMessage(socket, { challenge });
  }
}

function leaseOf(socket: Socket, message: LeaseMessage): Lease {
  return {
    request: readServerRequest(message["request"]),
    wantsLog: message["log"] === true,
    send: (sent) => {
      sendMessage(socket, sent);
    },
    end: async (sent) => {
      if (!socket.writable) return;
      await new Promise<void>((resolve) => {
        socket.once("close", () => {
          resolve();
        });
        socket.end(`${JSON.stringify(sent)}\n`, () => {
          resolve();
        });
      });
    },
  };
}
