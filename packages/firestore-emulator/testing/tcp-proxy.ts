import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Stands between a client and a server, to break what they have between them. */
export interface TcpProxy {
  readonly port: number;
  /** Breaks all connections; new ones can be made. */
  cut(): void;
  close(): void;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(targetPort, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- A server that listens on a port has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}
