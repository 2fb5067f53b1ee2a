import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@ctb-data/postgres/embedded";
import { scratchFolder, serverForTests } from "@ctb-data/postgres/scratch";
import { openTestDatabases } from "@ctb-data/test-fixtures";
import { type Contender, compare, type Figure } from "./measure.ts";
import type { Aim, BenchResult, Comparison } from "./report.ts";
import { benchSeeding } from "./seed-bench.ts";
import { copies, migrations, pglite, psql } from "./testdb-contenders.ts";
import { largeTestdb, seedTestdb, type TestdbProject } from "./testdb-projects.ts";

const execute = promisify(execFile);

interface Setting {
  readonly server: EmbeddedPostgres;
  readonly rounds: number;
  readonly clients: Clients;
  readonly notes: readonly string[];
}

/** The programs of PostgreSQL on this machine. */
interface Clients {
  readonly psql: string | undefined;
  readonly pgDump: string | undefined;
}

/** Times an isolated migrated database: ours, cold and from the pool, against how it is done elsewhere, on one server; and how fast rows come into one. */
export async function benchTestdb(options: { readonly quick: boolean }): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), "ctb-data-bench-"));
  // Where the package keeps its own, too: in memory, if there is plenty.
  const dataDir = await mkdtemp(join(dirname(scratchFolder(process.cwd())), "ctb-data-bench-"));
  const server = await startEmbeddedPostgres({ ...serverForTests, dataDir });
  try {
    const clients = { psql: await versionOf("psql"), pgDump: await versionOf("pg_dump") };
    const setting: Setting = {
      server,
      rounds: options.quick ? 5 : 30,
      clients,
      notes: notesOf(server, clients, dataDir),
    };
    const comparisons: Comparison[] = [];
    for (const project of [await seedTestdb(), await largeTestdb(folder)])
      comparisons.push(await compareProject(setting, project));
    comparisons.push(...(await benchSeeding({ quick: options.quick, server })));
    return {
      comparisons,
      packages: ["@electric-sql/pglite", "pg"],
      programs: { postgres: server.version, psql: clients.psql ?? "not installed: left out" },
    };
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function compareProject(setting: Setting, project: TestdbProject): Promise<Comparison> {
  const { server, rounds, clients, notes } = setting;
  const options = { url: server.url, migrations: project.migrations };
  await using cold = await openTestDatabases(options);
  await using warm = await openTestDatabases({ ...options, warm: 2 });
  const [ours, ready] = ["ctb-data, a copy", "ctb-data, from the pool"];
  const contenders: readonly Contender[] = [
    copies(ours, cold, project),
    copies(ready, warm, project),
    migrations(server, project),
    pglite(project),
    ...(clients.psql === undefined ? [] : [psql(server, project, canDump(server, clients))]),
  ];
  const figures = await compare(contenders, { rounds });
  const copy = find(figures, ours);
  const pool = find(figures, ready);
  const other = find(figures, "CREATE DATABASE + migrations");
  return {
    title: `an isolated database with ${project.title}, connected to`,
    figures,
    aims: [
      atMost("a copy under 20 ms", copy, 20),
      atMost("from the pool under 5 ms", pool, 5),
      atLeast("a copy at least 10 x migrations each time", other / copy),
      atLeast("from the pool at least 10 x migrations each time", other / pool),
    ],
    notes,
  };
}

const find = (figures: readonly Figure[], name: string): number =>
  figures.find((figure) => figure.name === name)?.medianMs ?? Number.NaN;

const atMost = (text: string, ms: number, limit: number): Aim => ({
  text,
  reached: ms < limit,
  measured: `${ms.toFixed(1)} ms`,
});

const atLeast = (text: string, times: number): Aim => ({
  text,
  reached: times >= 10,
  measured: `${times.toFixed(1)} x`,
});

const major = (version: string): number => Number.parseInt(version, 10);

/** An older pg_dump refuses a newer server. */
function canDump({ version }: EmbeddedPostgres, { pgDump }: Clients): boolean {
  return pgDump !== undefined && major(pgDump) >= major(version);
}

function notesOf(server: EmbeddedPostgres, clients: Clients, dataDir: string): readonly string[] {
  const place = dataDir.startsWith(tmpdir()) ? "on disk" : dirname(dataDir);
  const dump = canDump(server, clients)
    ? []
    : [
        `pg_dump ${clients.pgDump ?? "is not here"} does not dump PostgreSQL ${server.version}: psql with the files stands for pg_dump | psql, which takes longer`,
      ];
  return [
    `the server's data: ${place}; all but PGlite use this one server, without fsync`,
    ...dump,
  ];
}

async function versionOf(program: string): Promise<string | undefined> {
  try {
    const { stdout } = await execute(program, ["--version"]);
    return /\d+(?:\.\d+)*/.exec(stdout)?.[0];
  } catch {
    return undefined;
  }
}
