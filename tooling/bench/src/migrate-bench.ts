import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@ctb-data/postgres/embedded";
import { resolveBinary } from "dbmate";
import { Client } from "pg";
import { type Contender, compare, type Figure } from "./measure.ts";
import type { BenchResult, Comparison } from "./report.ts";

const execute = promisify(execFile);

/** A tool that applies migrations: how its files look, and how a user starts it. */
interface Tool {
  readonly name: string;
  readonly fileName: (number: number) => string;
  readonly content: (sql: string) => string;
  readonly command: (dir: string, url: string) => readonly [file: string, ...args: string[]];
  /** Where it writes down what it has applied. */
  readonly history?: string;
}

/** Builds and times one process per run, as a user starts it: the same 500 migrations for every tool. */
export async function benchMigrate(options: { readonly quick: boolean }): Promise<BenchResult> {
  const count = options.quick ? 50 : 500;
  const rounds = options.quick ? 1 : 5;
  const folder = await mkdtemp(join(tmpdir(), "ctb-data-bench-"));
  const server = await startEmbeddedPostgres({ dataDir: join(folder, "postgres") });
  try {
    const psql = await psqlVersion();
    const tools = psql === undefined ? toolsWithoutPsql : [...toolsWithoutPsql, psqlTool];
    for (const tool of tools) {
      await writeMigrations(join(folder, databaseOf(tool)), tool, count);
    }
    const setting: Setting = { server, folder, tools, rounds };
    const fresh = await compareFresh(setting, count);
    const pending = await compareNothingPending(setting, count);
    return {
      comparisons: [fresh, pending],
      packages: ["dbmate", "node-pg-migrate", "pg", "libpg-query"],
      programs: { postgres: server.version, psql: psql ?? "not installed: left out" },
    };
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Setting {
  readonly server: EmbeddedPostgres;
  readonly folder: string;
  readonly tools: readonly Tool[];
  readonly rounds: number;
}

async function compareFresh(setting: Setting, count: number): Promise<Comparison> {
  const { server, rounds, tools } = setting;
  const contenders = tools.map((tool): Contender => {
    const database = databaseOf(tool);
    return {
      name: tool.name,
      prepare: async () => {
        await server.dropDatabase(database);
        await server.createDatabase(database);
      },
      run: async () => await runTool(setting, tool),
      verify: async () => await verifyApplied(setting, tool, count),
    };
  });
  const figures = await compare(contenders, { rounds, baseline: "dbmate" });
  const overPsql = ratioOf(figures, "ctb-data", "psql -f");
  return {
    title: `${count} migrations on a fresh database (one process each)`,
    figures,
    count: { of: count, unit: "files" },
    aims: [
      aim("no slower than dbmate", ratioOf(figures, "ctb-data", "dbmate"), 1),
      aim("within 1.5 x of psql -f", overPsql, 1.5),
    ],
    notes: [
      "each migration: CREATE TABLE, CREATE INDEX, ALTER TABLE, in a transaction of its own with its history row (psql: without a history)",
    ],
  };
}

async function compareNothingPending(setting: Setting, count: number): Promise<Comparison> {
  const { rounds, tools } = setting;
  const contenders = tools
    .filter(({ name }) => name !== psqlTool.name)
    .map((tool): Contender => ({
      name: tool.name,
      run: async () => await runTool(setting, tool),
      verify: async () => await verifyApplied(setting, tool, count),
    }));
  const floor: Contender = {
    name: "an empty Node script",
    run: async () => await execute(process.execPath, ["-e", "0"]),
  };
  const figures = await compare([...contenders, floor], { rounds: rounds * 2, baseline: "dbmate" });
  return {
    title: `Nothing pending, ${count} applied (one process each)`,
    figures,
    aims: [
      aim("within 2 x of dbmate", ratioOf(figures, "ctb-data", "dbmate"), 2),
      aim(
        "the same against dbmate as npm installs it (a Node script that starts it)",
        ratioOf(figures, "ctb-data", "dbmate by npm"),
        2,
      ),
    ],
  };
}

function aim(text: string, ratio: number, limit: number): Comparison["aims"][number] {
  return { text, reached: ratio <= limit, measured: `${ratio.toFixed(2)} x` };
}

function ratioOf(figures: readonly Figure[], name: string, other: string): number {
  const medianOfNamed = (wanted: string): number =>
    figures.find((figure) => figure.name === wanted)?.medianMs ?? Number.NaN;
  return medianOfNamed(name) / medianOfNamed(other);
}

async function runTool({ folder, server }: Setting, tool: Tool): Promise<void> {
  const url = server.urlOf(databaseOf(tool));
  const [file, ...args] = tool.command(join(folder, databaseOf(tool)), url);
  await execute(file, args, {
    cwd: folder,
    env: { PATH: process.env["PATH"], DATABASE_URL: url, NO_COLOR: "1" },
    maxBuffer: 2 ** 26,
  });
}

/** Every file has its table and its row in the history, once. */
async function verifyApplied({ server }: Setting, tool: Tool, count: number): Promise<void> {
  const client = new Client({ connectionString: server.urlOf(databaseOf(tool)) });
  await client.connect();
  try {
    const { rows } = await client.query<{ tables: number; applied: number }>(
      `SELECT (SELECT count(*)::int FROM pg_tables WHERE tablename ~ '^table_[0-9]+$') AS tables,
        ${tool.history === undefined ? count : `(SELECT count(*)::int FROM ${tool.history})`} AS applied`,
    );
    const { tables = 0, applied = 0 } = rows[0] ?? {};
    if (tables === count && applied === count) return;
    throw new Error(`${tool.name} made ${tables} tables and wrote ${applied} rows, not ${count}.`);
  } finally {
    await client.end();
  }
}

function databaseOf(tool: Tool): string {
  return `bench_${tool.name.replaceAll(/\W+/g, "_")}`;
}

async function writeMigrations(dir: string, tool: Tool, count: number): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (let number = 1; number <= count; number += 1) {
    await writeFile(join(dir, tool.fileName(number)), tool.content(migrationOf(number)));
  }
}

function migrationOf(number: number): string {
  return `CREATE TABLE table_${number} (
  id serial PRIMARY KEY,
  name varchar(255) NOT NULL,
  amount numeric(12,2) DEFAULT 0,
  created_at timestamp DEFAULT now()
);
CREATE INDEX table_${number}_name_idx ON table_${number} (name);
ALTER TABLE table_${number} ADD COLUMN note text;
`;
}

const padded = (number: number): string => String(number).padStart(3, "0");
const bin = (name: string): string =>
  fileURLToPath(new URL(`../node_modules/${name}`, import.meta.url));

const toolsWithoutPsql: readonly Tool[] = [
  {
    name: "dbmate",
    fileName: (number) => `${20260101000000 + number}_table_${number}.sql`,
    content: (sql) => `-- migrate:up\n${sql}\n-- migrate:down\n`,
    command: (dir, url) => [
      resolveBinary(),
      "--no-dump-schema",
      "--url",
      `${url}?sslmode=disable`,
      "--migrations-dir",
      dir,
      "migrate",
    ],
    history: "schema_migrations",
  },
  {
    name: "dbmate by npm",
    fileName: (number) => `${20260101000000 + number}_table_${number}.sql`,
    content: (sql) => `-- migrate:up\n${sql}\n-- migrate:down\n`,
    command: (dir, url) => [
      process.execPath,
      bin("dbmate/dist/cli.js"),
      "--no-dump-schema",
      "--url",
      `${url}?sslmode=disable`,
      "--migrations-dir",
      dir,
      "migrate",
    ],
    history: "schema_migrations",
  },
  {
    name: "ctb-data",
    fileName: (number) => `${padded(number)}_table_${number}.sql`,
    content: (sql) => `-- Migration: table\n-- Created: 2026-01-01\n\nBEGIN;\n${sql}COMMIT;\n`,
    command: (dir) => [
      process.execPath,
      fileURLToPath(new URL("../../../apps/cli/dist/main.js", import.meta.url)),
      "migrate",
      "up",
      "--migrations",
      dir,
    ],
    // One row for "applied"; more would be steps and failures.
    history: "ctb_data.migrations",
  },
  {
    name: "node-pg-migrate",
    fileName: (number) => `${1_700_000_000_000 + number}_table-${number}.sql`,
    content: (sql) => `-- Up Migration\n${sql}\n-- Down Migration\n`,
    command: (dir) => [
      process.execPath,
      createRequire(import.meta.url).resolve("node-pg-migrate/bin/node-pg-migrate"),
      "up",
      "-m",
      dir,
      "--no-verbose",
      // A transaction for each, as all the others do.
      "--no-single-transaction",
    ],
    history: "pgmigrations",
  },
];

const psqlTool: Tool = {
  name: "psql -f",
  fileName: (number) => `${padded(number)}.sql`,
  content: (sql) => `BEGIN;\n${sql}COMMIT;\n`,
  command: (dir, url) => [
    "sh",
    "-c",
    'exec psql -X -q -v ON_ERROR_STOP=1 "$0" $(printf " -f %s" "$1"/*.sql)',
    url,
    dir,
  ],
};

async function psqlVersion(): Promise<string | undefined> {
  try {
    return (await execute("psql", ["--version"])).stdout.trim();
  } catch {
    return undefined;
  }
}
