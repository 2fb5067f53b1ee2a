import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A door between a program and a server, for faults that a network makes. */
export interface TcpProxy extends AsyncDisposable {
  readonly url: string;
  /** Connections that are open now. */
  readonly open: number;
  /** Cuts every connection. */
  cut(): void;
  /** From now on: cuts a connection when the program sends this text, before (default) or after it went through. */
  cutAt(text: string | undefined, when?: "before" | "after"): void;
}

/** Stands before the server of a database URL. */
export async function startTcpProxy(databaseUrl: string): Promise<TcpProxy> {
  const target = new URL(databaseUrl);
  const pairs = new Set<readonly [Socket, Socket]>();
  let trap: { readonly text: string; readonly after: boolean } | undefined;
  const server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname.replaceAll(/[[\]]/g, ""));
    const pair = [near, far] as const;
    pairs.add(pair);
    const close = (): void => {
      near.destroy();
      far.destroy();
      pairs.delete(pair);
    };
    for (const socket of pair) socket.on("error", close).on("close", close);
    far.on("data", (chunk) => void near.write(chunk));
    near.on("data", (chunk) => {
      if (trap === undefined || !chunk.includes(trap.text)) far.write(chunk);
      else if (!trap.after) close();
      else {
        // The answer is lost, not the question.
        far.removeAllListeners("data").on("data", close);
        far.write(chunk);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String(portOf(server.address()));
  const cut = (): void => {
    for (const sockets of pairs) for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    get open() {
      return pairs.size;
    },
    cut,
    cutAt: (text, when = "before") => {
      trap = text === undefined ? undefined : { text, after: when === "after" };
    },
    [Symbol.asyncDispose]: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}
