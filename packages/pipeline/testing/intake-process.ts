import type { IntakeReport } from "../src/intake/intake-options.ts";
import { killableProcess } from "./killable-process.ts";

/** What a process of its own takes in. */
export interface IntakeTask {
  readonly url: string;
  readonly host: string;
  readonly project: string;
  readonly file: string;
  /** It kills itself with SIGKILL at this moment. Undefined: never. */
  readonly moment?: number;
}

/** Runs it. Undefined when it was killed; else how many moments the whole has. */
export async function intakeProcess(
  task: IntakeTask,
): Promise<{ readonly moments: number; readonly report: IntakeReport } | undefined> {
  const said = await killableProcess(new URL("intake-program.ts", import.meta.url), [task]);
  return said === undefined ? undefined : JSON.parse(said);
}
