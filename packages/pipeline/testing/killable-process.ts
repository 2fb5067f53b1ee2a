import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * Runs a program in a process of its own, to its end.
 *
 * @returns what it printed; undefined when it was killed with SIGKILL.
 * @throws {Error} with what it said on stderr, when it fails.
 */
export async function killableProcess(
  program: URL,
  parameters: readonly unknown[],
): Promise<string | undefined> {
  const script = fileURLToPath(program);
  const texts = parameters.map((parameter) => JSON.stringify(parameter));
  const child = spawn(process.execPath, ["--conditions=@ctb-data/source", script, ...texts], {
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
  if (child.exitCode === 0) return stdout;
  throw new Error(`${script} ended with ${child.exitCode ?? child.signalCode}: ${stderr}`);
}
