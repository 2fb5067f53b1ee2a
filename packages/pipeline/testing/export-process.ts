import { killableProcess } from "./killable-process.ts";

/** An export in a process of its own, and when it kills itself. */
export interface ExportProcess {
  readonly url: string;
  readonly registry: string;
  readonly blueprint: string;
  readonly file: string;
  /** Before the first row, between rows, or when only the names are missing. */
  readonly moment: "begin" | "rows" | "ready";
}

/** @throws {Error} when it was not killed. */
export async function killedExport(process_: ExportProcess): Promise<void> {
  const said = await killableProcess(new URL("export-program.ts", import.meta.url), [process_]);
  if (said !== undefined) throw new Error("The export came to its end.");
}
