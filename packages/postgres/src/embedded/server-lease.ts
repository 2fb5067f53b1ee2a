import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { PostgresError } from "../postgres-error.ts";
import { Deferred } from "./deferred.ts";
import type { Lock } from "./generation-lock.ts";
import { parseJsonObject, stringIn } from "./json-object.ts";
import {
  errorFrom,
  isProof,
  type LeaseMessage,
  onMessages,
  proofOf,
  sendMessage,
} from "./lease-message.ts";
import { processIdentity } from "./process-identity.ts";
import type { ServerRequest } from "./server-request.ts";

/** The running server, as its supervisor describes it. */
export interface RunningServer {
  readonly port: number;
  readonly version: string;
}

/** What a process asks of a lease. */
export interface LeaseWishes {
  readonly request: ServerRequest;
  readonly onLog: ((line: string) => void) | undefined;
  /** The server ended though this process had not closed it. */
  readonly onStopped: ((error: PostgresError) => void) | undefined;
}

/** This process's right to a server. The server lives at least as long as the connection behind it. */
export class ServerLease {
  readonly #socket: Socket;
  readonly #lock: Lock;
  readonly #wishes: LeaseWishes;
  readonly #outcome = new Deferred<RunningServer | undefined>();
  readonly #ended: Promise<void>;
  #proven = false;
  #handed = false;
  #leaving = false;
  #error: PostgresError | undefined;

  private constructor(socket: Socket, lock: Lock, wishes: LeaseWishes) {
    this.#socket = socket;
    this.#lock = lock;
    this.#wishes = wishes;
    this.#ended = new Promise((resolve) => {
      socket.once("close", () => {
        resolve();
      });
    });
  }

  /** Connects to the holder of a lock and introduces itself; `undefined` when that is not there or somebody else. */
  static async open(
    lock: Lock,
    wishes: LeaseWishes,
    waitMs: number,
  ): Promise<ServerLease | undefined> {
    if (lock.port < 1 || lock.port > 65_535) return undefined;
    const socket = connect({ host: "127.0.0.1", port: lock.port, noDelay: true });
    const lease = new ServerLease(socket, lock, wishes);
    const proven = new Promise<boolean>((resolve) => {
      socket.on("error", () => {
        // Followed by close.
      });
      socket.on("close", () => {
        resolve(false);
        lease.#onClose();
      });
      onMessages(socket, (message) => {
        lease.#onMessage(message);
        if (lease.#proven) resolve(true);
      });
    });
    const patience = setTimeout(() => socket.destroy(), waitMs);
    const good = await proven;
    clearTimeout(patience);
    return good ? lease : undefined;
  }

  /**
   * Resolves when the server is ready; with `undefined` when it was just ending, so that another must be started.
   * @throws {PostgresError} what kept it from starting.
   */
  async server(): Promise<RunningServer | undefined> {
    return await this.#outcome.promise;
  }

  /** From now on the lease does not keep the process alive. */
  unref(): void {
    this.#socket.unref();
  }

  /** Gives the lease back at once, without waiting for anything. */
  abandon(): void {
    this.#leaving = true;
    this.#socket.destroy();
  }

  /** Gives the lease back; when it was the last, resolves after the server and its supervisor are gone. */
  async close(): Promise<void> {
    if (!this.#leaving) {
      this.#leaving = true;
      sendMessage(this.#socket, { leave: true });
    }
    // The socket may not keep the process alive any more, but whoever waits for this must see the end.
    const awake = setInterval(() => {}, 1000);
    try {
      await this.#ended;
      if (this.#lastToLeave) await this.#supervisorEnd();
    } finally {
      clearInterval(awake);
    }
  }

  #lastToLeave = false;
  #challenge = randomBytes(16).toString("hex");

  async #supervisorEnd(): Promise<void> {
    for (let waited = 0; waited < 2000; waited += 2) {
      if (processIdentity(this.#lock.pid) !== this.#lock.identity) return;
      await sleep(2);
    }
  }

  #onMessage(message: LeaseMessage): void {
    const challenge = stringIn(message, "challenge");
    if (!this.#proven) {
      if (challenge !== undefined) {
        const { request, onLog } = this.#wishes;
        const proof = proofOf(this.#lock.token, "client", challenge);
        sendMessage(this.#socket, {
          proof,
          challenge: this.#challenge,
          request,
          log: onLog !== undefined,
        });
      } else if (
        isProof(stringIn(message, "proof"), this.#lock.token, "supervisor", this.#challenge)
      ) {
        this.#proven = true;
      } else {
        this.#socket.destroy();
      }
    } else if (message["ready"] === true) {
      this.#handed = true;
      this.#outcome.resolve({
        port: Number(message["port"]),
        version: stringIn(message, "version") ?? "",
      });
    } else if (message["failed"] !== undefined) {
      this.#error = errorFrom(parseJsonObject(JSON.stringify(message["failed"])) ?? {});
    } else if (message["closed"] === true) {
      this.#lastToLeave = true;
    } else {
      const line = stringIn(message, "log");
      if (line !== undefined) this.#wishes.onLog?.(line);
    }
  }

  #onClose(): void {
    if (!this.#handed) {
      if (this.#error === undefined) this.#outcome.resolve(undefined);
      else this.#outcome.reject(this.#error);
    } else if (!this.#leaving) {
      this.#leaving = true;
      const error =
        this.#error ??
        new PostgresError(
          "SERVER_FAILED",
          "The embedded PostgreSQL was stopped by another process.",
          {
            hint: "Start it again.",
          },
        );
      this.#wishes.onStopped?.(error);
    }
  }
}
