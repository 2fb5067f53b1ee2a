import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("firestore-server.ts", import.meta.url));

/** A Firestore server in a process of its own. */
export interface FirestoreProcess extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** For FIRESTORE_EMULATOR_HOST. */
  readonly address: string;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

/** Starts it on a port; 0 takes any. @throws {Error} when it ends before it listens. */
export async function startFirestoreProcess(
  dataDir: string,
  wantedPort = 0,
): Promise<FirestoreProcess> {
  const args = ["--conditions=@ctb-data/source", main, dataDir, String(wantedPort)];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const port = await portOf(child);
  return {
    pid: child.pid ?? 0,
    port,
    address: `127.0.0.1:${port}`,
    kill: async () => {
      await end(child, () => child.kill("SIGKILL"));
    },
    [Symbol.asyncDispose]: async () => {
      await end(child, () => child.stdin?.end());
    },
  };
}

async function portOf(child: ChildProcess): Promise<number> {
  const said = new Promise<number>((resolve, reject) => {
    child.stdout?.once("data", (text: Buffer) => {
      resolve(Number(text.toString()));
    });
    child.once("exit", (code, signal) => {
      reject(new Error(`The Firestore server ended with ${code ?? signal} before it listened.`));
    });
  });
  return await said;
}

async function end(child: ChildProcess, ask: () => unknown): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = once(child, "exit");
  ask();
  await ended;
}
