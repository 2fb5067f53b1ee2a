import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** One file of the seed. */
export interface SeedFile {
  /** `001_initial_schema.sql` */
  readonly file: string;
  readonly content: string;
}

/** The migrations that a new project starts with: clients, blueprints, imo_processes and their indexes, each with its way back. */
export async function readSeedMigrations(): Promise<readonly SeedFile[]> {
  // By name: the same from src/, from dist/ and from a program that this is bundled into.
  const manifest = createRequire(import.meta.url).resolve("@ctb-data/migrations/package.json");
  const folder = join(dirname(manifest), "seed");
  const files = (await readdir(folder)).toSorted();
  return await Promise.all(
    files.map(async (file) => ({ file, content: await readFile(join(folder, file), "utf8") })),
  );
}
