import { readdir, readFile } from "node:fs/promises";

/** One file of the seed. */
export interface SeedFile {
  /** `001_initial_schema.sql` */
  readonly file: string;
  readonly content: string;
}

// The same path from src/ and from dist/.
const folder = new URL("../seed/", import.meta.url);

/** The migrations that a new project starts with: clients, blueprints, imo_processes and their indexes, each with its way back. */
export async function readSeedMigrations(): Promise<readonly SeedFile[]> {
  const files = (await readdir(folder)).toSorted();
  return await Promise.all(
    files.map(async (file) => ({ file, content: await readFile(new URL(file, folder), "utf8") })),
  );
}
