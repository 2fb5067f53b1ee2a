import { killableProcess } from "./killable-process.ts";
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
  const said = await killableProcess(new URL("middle-program.ts", import.meta.url), [place, task]);
  return said === undefined ? undefined : Number(said);
}
