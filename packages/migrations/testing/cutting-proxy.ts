import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** What a proxy does with a chunk from the client. */
export type Verdict =
  | "forward"
  /** Neither the server gets it, nor does the connection live on. */
  | "cut"
  /** The server gets it, and the client never an answer. */
  | "forward and cut";

export interface CuttingProxy extends AsyncDisposable {
  /** The URL of the server, with this proxy in between. */
  readonly url: string;
  /** From now on nobody can connect. */
  closeDoor(): void;
}

/** A TCP proxy in front of a PostgreSQL server that can break a connection at a chosen moment. */
export async function cuttingProxy(
  serverUrl: string,
  judge: (text: string) => Verdict,
): Promise<CuttingProxy> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let open = true;
  const server = createServer((client) => {
    if (!open) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(target.port), target.hostname);
    sockets.add(client).add(upstream);
    for (const socket of [client, upstream]) socket.on("error", () => undefined);
    upstream.pipe(client);
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    client.on("data", (chunk) => {
      const verdict = judge(chunk.toString("latin1"));
      if (verdict === "cut") {
        client.destroy();
        return;
      }
      if (verdict === "forward") {
        upstream.write(chunk);
        return;
      }
      // The answer shows that the server is done; it goes no further than here.
      upstream.unpipe(client);
      upstream.write(chunk);
      upstream.once("data", () => client.destroy()).resume();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = new URL(serverUrl);
  url.hostname = "127.0.0.1";
  url.port = typeof address === "object" && address ? String(address.port) : "";
  return {
    url: url.href,
    closeDoor: () => {
      open = false;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
