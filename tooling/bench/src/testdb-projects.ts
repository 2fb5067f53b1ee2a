import { readdir, readFile, writeFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { seedProject } from "@ctb-data/test-fixtures";

/** What a test database must have. */
export interface TestdbProject {
  readonly title: string;
  readonly tables: number;
  /** The folder of migrations. */
  readonly migrations: string;
  /** What stands in it, in its order. */
  readonly files: readonly string[];
}

/** The seed's schema: three tables, four files. */
export async function seedTestdb(): Promise<TestdbProject> {
  const { migrations } = await seedProject();
  return { title: "the seed's schema", tables: 3, migrations, files: await filesOf(migrations) };
}

/** A hundred tables in twenty files, each with keys, an index, and a reference to the one before. */
export async function largeTestdb(folder: string): Promise<TestdbProject> {
  const migrations = join(folder, "large");
  await mkdir(migrations);
  const count = 100;
  for (let first = 0; first < count; first += 5) {
    const name = `${String(first / 5 + 1).padStart(3, "0")}_tables.sql`;
    const tables = Array.from({ length: 5 }, (_, at) => tableSql(first + at));
    await writeFile(join(migrations, name), tables.join("\n"));
  }
  return { title: "100 tables", tables: count, migrations, files: await filesOf(migrations) };
}

function tableSql(number: number): string {
  const before = number === 0 ? "" : `, before_id integer REFERENCES table_${number - 1} (id)`;
  return `CREATE TABLE table_${number} (id serial PRIMARY KEY, name varchar(255) NOT NULL, email varchar(255) UNIQUE,
    amount numeric(12,2) CHECK (amount >= 0), config jsonb, created_at timestamp DEFAULT now()${before});
CREATE INDEX table_${number}_name ON table_${number} (name);`;
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => /^\d+_[^.]+\.sql$/.test(name)).toSorted();
  return await Promise.all(names.map(async (name) => await readFile(join(folder, name), "utf8")));
}
