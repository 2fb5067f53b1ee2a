import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Stands between a client and a server, and can be closed. */
export interface TcpDoor extends AsyncDisposable {
  /** `127.0.0.1:12345` */
  readonly host: string;
  /** Breaks all connections and refuses new ones. */
  cut(): void;
  /** Takes everything and answers nothing. */
  stall(): void;
  /** Breaks the connection once, after so many bytes of answers, and lets pass again. */
  cutAfter(bytes: number): void;
  /** Lets pass again. */
  open(): void;
}

export async function openTcpDoor(target: string): Promise<TcpDoor> {
  const [targetHost = "", targetPort = ""] = target.split(":");
  const sockets = new Set<Socket>();
  let state: "open" | "cut" | "stalled" = "open";
  let left = Number.POSITIVE_INFINITY;
  const server = createServer((near) => {
    if (state === "cut") {
      near.destroy();
      return;
    }
    const far = connect(Number(targetPort), targetHost);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => void [near.destroy(), far.destroy()]);
      socket.on("close", () => void [near.destroy(), far.destroy(), sockets.delete(socket)]);
    }
    near.on("data", (chunk) => state === "stalled" || far.write(chunk));
    far.on("data", (chunk) => {
      if (state === "stalled") return;
      near.write(chunk);
      left -= chunk.length;
      if (left > 0) return;
      left = Number.POSITIVE_INFINITY;
      // What was written is to arrive first.
      near.end(() => near.destroy());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    host: `127.0.0.1:${port}`,
    cut: () => {
      state = "cut";
      breakAll();
    },
    cutAfter: (bytes) => void (left = bytes),
    stall: () => void (state = "stalled"),
    open: () => void (state = "open"),
    [Symbol.asyncDispose]: async () => {
      breakAll();
      server.close();
      await Promise.resolve();
    },
  };
}
