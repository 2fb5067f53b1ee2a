import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What a process of its own is to do, and when it dies. */
export interface FixProcess {
  readonly work: "fix" | "undo";
  readonly url: string;
  /** Of an undo. */
  readonly run: string;
  /**
   * It kills itself at this moment: twice the number of statements that it has sent before, and one more for just behind the sending of
   * the next. What the server was sent, it may well do.
   */
  readonly moment: number;
}

const script = fileURLToPath(new URL("fix-program.ts", import.meta.url));

/** Runs it. Undefined when it was killed; else how many moments the whole has. */
export async function fixProcess({
  work,
  url,
  run,
  moment,
}: FixProcess): Promise<number | undefined> {
  const parameters = ["--conditions=@ctb-data/source", script, work, url, run, String(moment)];
  const child = spawn(process.execPath, parameters, { stdio: ["ignore", "pipe", "pipe"] });
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
