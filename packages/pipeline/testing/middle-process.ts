import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { MiddleKind } from "./middle-registry.ts";
import type { MiddleWorld } from "./middle-world.ts";

/** What a runner in a process of its own is to do. */
export interface MiddleTask {
  readonly kind: MiddleKind;
  readonly promote: boolean;
  readonly batch: number;
  readonly parts: number;
  readonly leaseMs: number;
  /** It kills itself with SIGKILL at this moment. Undefined: never. */
  readonly moment?: number | undefined;
}

/** Where the process finds the stores. */
export interface MiddlePlace {
  readonly url: string;
  readonly host: string;
  readonly project: string;
}

const script = fileURLToPath(new URL("middle-program.ts", import.meta.url));

/** Runs it. Undefined when it was killed; else how many moments the whole has had. */
export async function middleProcess(
  world: MiddleWorld,
  task: MiddleTask,
): Promise<number | undefined> {
  const place: MiddlePlace = {
    url: world.url,
    host: world.firestoreHost,
    project: world.project,
  };
  const parameters = [script, JSON.stringify(place), JSON.stringify(task)];
  const flags = ["--conditions=@ctb-data/source", ...parameters];
  const child = spawn(process.execPath, flags, { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  await once(child, "close");
  if (child.signalCode === "SIGKILL") return undefined;
  if (child.exitCode === 0) return Number(stdout);
  throw new Error(`The runner ended with ${child.exitCode}: ${stderr}`);
}
