import { numberIn, parseJsonObject, stringIn } from "./json-object.ts";
import type { Binaries } from "./locate-binaries.ts";

/** What a supervisor is started for. It is an argument of its process: no secrets. */
export interface SupervisorPlan {
  /** The real path of the data folder. */
  readonly folder: string;
  readonly binaries: Binaries;
  /** A lock of another machine that is known to be abandoned; 0 for none. */
  readonly staleGeneration: number;
}

/** Reads the argument of a supervisor. */
export function readSupervisorPlan(text: string): SupervisorPlan {
  const object = parseJsonObject(text) ?? {};
  const binaries = parseJsonObject(JSON.stringify(object["binaries"] ?? {})) ?? {};
  return {
    folder: stringIn(object, "folder") ?? "",
    binaries: {
      nativeDir: stringIn(binaries, "nativeDir") ?? "",
      packageVersion: stringIn(binaries, "packageVersion") ?? "",
    },
    staleGeneration: numberIn(object, "staleGeneration") ?? 0,
  };
}
