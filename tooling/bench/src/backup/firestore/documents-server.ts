import { firstAnswer } from "../../firestore/first-answer.ts";
import { ProcessGroup } from "../../firestore/process-group.ts";
import { ownProgram } from "../../firestore/server-program.ts";
import { freePort } from "../free-port.ts";
import { cpuSecondsOf } from "../process-tree.ts";

/** A Firestore server in a process of its own. */
export interface DocumentsServer {
  readonly name: string;
  /** `127.0.0.1:8080` */
  readonly host: string;
  /** What it has used so far, in seconds of one core. */
  cpuSeconds(): Promise<number>;
  stop(): Promise<void>;
}

/** This project's emulator, or with `official` the one that this command starts. */
export async function startDocumentsServer(official: string | undefined): Promise<DocumentsServer> {
  const port = await freePort();
  const own = await ownProgram();
  const command: readonly [string, ...string[]] =
    official === undefined
      ? [process.execPath, ...own.args, "--port", String(port), "--json"]
      : ["sh", "-c", `exec ${official} --host 127.0.0.1 --port ${port}`];
  const { FIRESTORE_EMULATOR_HOST: _host, ...env } = process.env;
  const group = new ProcessGroup(command, { env });
  try {
    await Promise.race([firstAnswer(port, 30_000), group.failed()]);
  } catch (error) {
    await group.stop();
    throw error;
  }
  return {
    name: official === undefined ? "our emulator" : "the official emulator",
    host: `127.0.0.1:${port}`,
    cpuSeconds: async () => await cpuSecondsOf(group.child.pid ?? 0),
    stop: async () => {
      await group.stop();
    },
  };
}
