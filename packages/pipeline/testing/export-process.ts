import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** An export in a process of its own, and when it kills itself. */
export interface ExportProcess {
  readonly url: string;
  readonly registry: string;
  readonly blueprint: string;
  readonly file: string;
  /** Before the first row, between rows, or when only the names are missing. */
  readonly moment: "begin" | "rows" | "ready";
}

const script = fileURLToPath(new URL("export-program.ts", import.meta.url));

/** @throws {Error} when it was not killed. */
export async function killedExport(process_: ExportProcess): Promise<void> {
  const parameters = ["--conditions=@ctb-data/source", script, JSON.stringify(process_)];
  const child = spawn(process.execPath, parameters, { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  await once(child, "close");
  if (child.signalCode !== "SIGKILL")
    throw new Error(`The export ended with ${child.exitCode}: ${stderr}`);
}
