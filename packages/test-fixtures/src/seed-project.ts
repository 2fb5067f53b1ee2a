import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { loadRegistry, type Registry } from "@ctb-data/registry";

/** What a project starts with: clients, blueprints and imo_processes. */
export interface SeedProject {
  readonly registry: Registry;
  /** The folder of its migrations. */
  readonly migrations: string;
}

let project: Promise<SeedProject> | undefined;

/** The seed as the packages ship it, for tests of code that takes its tables as they are: `createTest(seedProject)`. */
export async function seedProject(): Promise<SeedProject> {
  project ??= readSeedProject();
  return await project;
}

async function readSeedProject(): Promise<SeedProject> {
  // By name: the same from src/ and from dist/.
  const { resolve } = createRequire(import.meta.url);
  const seedOf = (name: string): string => join(dirname(resolve(`${name}/package.json`)), "seed");
  return {
    registry: await loadRegistry(join(seedOf("@ctb-data/registry"), "clnt_column_registry.yml")),
    migrations: seedOf("@ctb-data/migrations"),
  };
}
