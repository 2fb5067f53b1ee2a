import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lastChange } from "../firestore/server-program.ts";

/** How the packages under test are run. */
export interface OwnBuild {
  /** Arguments of Node. */
  readonly conditions: readonly string[];
  readonly description: string;
}

const ofBackup: readonly string[] = ["registry", "models", "postgres", "firestore", "backup"];

/** The built packages where each is newer than its source, else the source. */
export async function ownBuild(packages: readonly string[] = ofBackup): Promise<OwnBuild> {
  for (const name of packages) {
    const root = fileURLToPath(new URL(`../../../../packages/${name}`, import.meta.url));
    const builtAt = await stat(join(root, "dist", "index.js")).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    if (builtAt < (await lastChange(join(root, "src")))) {
      return {
        conditions: ["--conditions=@ctb-data/source"],
        description: `the source, because ${name} is not built or its build is older (starts later, holds more memory)`,
      };
    }
  }
  return { conditions: [], description: "the build (dist)" };
}
