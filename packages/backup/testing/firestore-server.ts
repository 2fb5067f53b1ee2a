import { startFirestoreEmulator, type FirestoreEmulator } from "@ctb-data/firestore-emulator";

/** An emulator that keeps its data on disk and can go away and come back on the same port. */
export interface MortalServer extends AsyncDisposable {
  readonly host: string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startMortalServer(dataDir: string): Promise<MortalServer> {
  let server: FirestoreEmulator = await startFirestoreEmulator({ port: 0, dataDir });
  const { port, host } = server;
  return {
    host: `${host}:${port}`,
    stop: async () => await server.close(),
    start: async () => void (server = await startFirestoreEmulator({ port, dataDir })),
    [Symbol.asyncDispose]: async () => await server.close(),
  };
}
