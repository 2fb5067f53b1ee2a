import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { DocumentWorld } from "./document-world.ts";

const script = fileURLToPath(new URL("repair-program.ts", import.meta.url));

/**
 * Repairs or restores in a process of its own. Undefined when it was killed; else how many steps the whole has.
 *
 * @param killAt the step, from 0; undefined lets it live.
 */
export async function repairProcess(
  { url, firestoreHost, project, key }: DocumentWorld,
  work: "repair" | "restore",
  killAt?: number,
): Promise<number | undefined> {
  const parameters = [work, url, firestoreHost, project, key, String(killAt ?? "never")];
  const child = spawn(process.execPath, ["--conditions=@ctb-data/source", script, ...parameters], {
    stdio: ["ignore", "pipe", "pipe"],
  });
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
  throw new Error(`${work} ended with ${child.exitCode}: ${stderr}`);
}
