import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { openPostgres, schemaSql, type Postgres } from "@ctb-data/postgres";
import type { EmbeddedPostgres } from "@ctb-data/postgres/embedded";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import { seedDatabase } from "@ctb-data/test-fixtures";
import { compare, type Contender, type Figure } from "./measure.ts";
import type { Comparison } from "./report.ts";

const execute = promisify(execFile);

/** A table to fill. */
interface Shape {
  readonly title: string;
  readonly table: string;
  readonly registry: Registry;
  readonly rows: number;
}

/** Seeding against raw COPY of the very same rows: the seed's `clients`, and a table of 30 columns. */
export async function benchSeeding(options: {
  readonly quick: boolean;
  readonly server: EmbeddedPostgres;
}): Promise<readonly Comparison[]> {
  const rows = options.quick ? 100_000 : 1_000_000;
  const folder = await mkdtemp(join(tmpdir(), "ctb-data-seed-"));
  try {
    const comparisons: Comparison[] = [];
    for (const shape of [clients(rows), wide(options.quick ? rows / 2 : rows / 5)]) {
      comparisons.push(await compareSeeding(shape, { ...options, folder }));
    }
    return comparisons;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareSeeding(
  shape: Shape,
  { quick, server, folder }: { readonly quick: boolean; readonly server: EmbeddedPostgres; readonly folder: string },
): Promise<Comparison> {
  const { table, registry, rows } = shape;
  const name = `bench_seed_${table}`;
  await server.dropDatabase(name);
  await server.createDatabase(name);
  const url = server.urlOf(name);
  try {
    await using db = await openPostgres({ url, registry });
    await db.withConnection(async (connection) => await connection.query(`DO $do$ BEGIN ${schemaSql(registry)} END $do$`));
    await seedDatabase(db, { registry, count: rows });
    const chunks = await copiedOut(db, table);
    const file = join(folder, `${table}.copy`);
    await pipeline(chunks, createWriteStream(file));
    const contenders = [rawCopy(db, table, chunks), ...(await psqlCopy(url, table, file)), seeding(db, shape)];
    const figures = await compare(
      contenders.map((contender) => ({
        ...contender,
        prepare: async () => void (await db.query(`TRUNCATE ${table} RESTART IDENTITY`)),
        verify: async () => await verifyRows(db, table, rows),
      })),
      { rounds: quick ? 2 : 3, warmUp: !quick },
    );
    return comparisonOf(shape, figures);
  } finally {
    await server.dropDatabase(name);
  }
} // prettier-ignore

function comparisonOf({ title, rows }: Shape, figures: readonly Figure[]): Comparison {
  const ratio = figures.find(({ name }) => name === "seedDatabase")?.ratio ?? Number.NaN;
  return {
    title: `${title}, ${rows.toLocaleString("en-US")} rows`,
    figures,
    count: { of: rows, unit: "rows" },
    aims: [
      {
        text: "at least 0.5 of the rate of raw COPY",
        reached: ratio <= 2,
        measured: `${(1 / ratio).toFixed(2)} of it`,
      },
    ],
    notes: [
      "raw COPY sends bytes that are ready in memory, of the very rows that seeding makes, over a connection of the same client",
    ],
  };
}

function rawCopy(db: Postgres, table: string, chunks: readonly Buffer[]): Contender {
  const sql = `COPY ${table} FROM STDIN`;
  return {
    name: "raw COPY",
    run: async () =>
      await db.withConnection(
        async (connection) => await connection.copyIn(sql, Readable.from(chunks)),
      ),
  };
}

async function psqlCopy(url: string, table: string, file: string): Promise<readonly Contender[]> {
  try {
    await execute("psql", ["--version"]);
  } catch {
    return [];
  }
  const args = ["-X", "-q", "-v", "ON_ERROR_STOP=1", url, "-c", `\\copy ${table} FROM '${file}'`];
  return [{ name: String.raw`psql \copy`, run: async () => await execute("psql", args) }];
}

function seeding(db: Postgres, { registry, rows }: Shape): Contender {
  return {
    name: "seedDatabase",
    run: async () => await seedDatabase(db, { registry, count: rows }),
  };
}

async function verifyRows(db: Postgres, table: string, rows: number): Promise<void> {
  const { rows: found } = await db.query<{ count: bigint }>(`SELECT count(*) FROM ${table}`);
  if (Number(found[0]?.count) !== rows) throw new Error(`There are not ${rows} rows in ${table}.`);
}

async function copiedOut(db: Postgres, table: string): Promise<readonly Buffer[]> {
  return await db.withConnection(async (connection) => {
    const chunks: Buffer[] = [];
    for await (const chunk of connection.copyOut(`COPY ${table} TO STDOUT`)) chunks.push(Buffer.from(chunk)); // prettier-ignore
    return chunks;
  });
}

const clients = (rows: number): Shape => ({
  title: "Seeding the seed's clients (a serial key, a unique e-mail address)",
  table: "clients",
  rows,
  registry: parseRegistry(
    `
tables:
  clients:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: name, type: varchar(255), nullable: false }
      - { name: email, type: varchar(255), unique: true }
      - { name: created_at, type: timestamp, default: now() }
`,
    { file: "clients.yml" },
  ),
});

const wideTypes = [
  "text", "varchar(40)", "integer", "bigint", "numeric(12,2)", "double precision", "boolean", "uuid", "date",
  "timestamp", "timestamptz", "jsonb", "inet", "text[]",
]; // prettier-ignore

const wide = (rows: number): Shape => ({
  title: "Seeding a table of 30 columns of 14 types",
  table: "wide",
  rows,
  registry: parseRegistry(
    JSON.stringify({
      tables: {
        wide: {
          columns: [
            { name: "id", type: "bigserial", primary_key: true },
            { name: "code", type: "text", unique: true, nullable: false },
            ...Array.from({ length: 28 }, (_, index) => ({
              name: `c${index + 1}`,
              type: wideTypes[index % wideTypes.length],
            })),
          ],
        },
      },
    }),
    { file: "wide.yml" },
  ),
});
