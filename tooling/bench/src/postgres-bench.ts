import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { schemaSql } from "@ctb-data/postgres";
import { startEmbeddedPostgres } from "@ctb-data/postgres/embedded";
import { loadRegistry, type Registry } from "@ctb-data/registry";
import { Client } from "pg";
import { compare, type Figure } from "./measure.ts";
import {
  type Access,
  type NewClient,
  openContenders,
  preparedText,
} from "./postgres-contenders.ts";
import type { BenchResult, Comparison } from "./report.ts";

/** Times the model layer against raw `pg`, MikroORM, Kysely and Drizzle on one embedded server, one connection each. */
export async function benchPostgres(options: { readonly quick: boolean }): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), "ctb-data-bench-"));
  const server = await startEmbeddedPostgres({ dataDir: join(folder, "postgres"), durable: false });
  try {
    await server.createDatabase("bench");
    const url = server.urlOf("bench");
    const registry = await loadRegistry(
      fileURLToPath(import.meta.resolve("@ctb-data/registry/seed/clnt_column_registry.yml")),
    );
    await createTables(url, registry);
    const contenders = await openContenders(url, registry);
    try {
      return {
        comparisons: await compareAll({ contenders, url, quick: options.quick }),
        packages: ["pg", "pg-copy-streams", "@mikro-orm/postgresql", "kysely", "drizzle-orm"],
        programs: { postgres: server.version },
      };
    } finally {
      await Promise.all(contenders.map(async (contender) => await contender.close()));
    }
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Setting {
  readonly contenders: readonly Access[];
  readonly url: string;
  readonly quick: boolean;
}

async function createTables(url: string, registry: Registry): Promise<void> {
  const db = new Client({ connectionString: url });
  await db.connect();
  await db.query(schemaSql(registry));
  await db.end();
}

/** Emptied before each timed run, so that every contender meets the same table. */
async function emptied(url: string): Promise<void> {
  const db = new Client({ connectionString: url });
  await db.connect();
  await db.query("TRUNCATE clients RESTART IDENTITY CASCADE");
  await db.end();
}

async function compareAll(setting: Setting): Promise<readonly Comparison[]> {
  return [
    await compareSingleRows(setting),
    await compareManyIn(setting),
    await compareManyOut(setting),
    await compareCopy(setting),
  ];
}

async function compareSingleRows({ contenders, url, quick }: Setting): Promise<Comparison> {
  const clients = newClients(quick ? 200 : 1000);
  const figures = await compare(
    contenders.map(({ name, roundTrip }) => ({
      name,
      prepare: async () => await emptied(url),
      run: async () => {
        for (const client of clients) {
          await roundTrip(client);
        }
      },
    })),
    { rounds: quick ? 3 : 11 },
  );
  return {
    title: `One row in and out, ${clients.length} times (INSERT … RETURNING, then SELECT by key)`,
    figures,
    count: { of: clients.length, unit: "rows" },
    aims: [atMost("single rows within 1.3 x of raw pg", figures, 1.3)],
  };
}

async function compareManyIn({ contenders, url, quick }: Setting): Promise<Comparison> {
  const clients = newClients(quick ? 1000 : 10_000);
  const figures = await compare(
    contenders.map(({ name, insertMany }) => ({
      name,
      prepare: async () => await emptied(url),
      run: async () => await insertMany(clients),
    })),
    { rounds: quick ? 2 : 7 },
  );
  return {
    title: `${clients.length.toLocaleString("en-US")} rows in (one call, rows given back)`,
    figures,
    count: { of: clients.length, unit: "rows" },
    aims: [],
    notes: ["raw pg: two arrays and unnest; MikroORM gives back the keys only"],
  };
}

async function compareManyOut({ contenders, url, quick }: Setting): Promise<Comparison> {
  const clients = newClients(quick ? 1000 : 10_000);
  await emptied(url);
  await contenders[0]?.insertMany(clients);
  const figures = await compare(
    contenders.map(({ name, readMany }) => ({
      name,
      run: async () => {
        const rows = await readMany(clients.length);
        if (rows.length !== clients.length) {
          throw new Error(`${name} read ${rows.length} of ${clients.length} rows.`);
        }
      },
    })),
    { rounds: quick ? 3 : 15 },
  );
  return {
    title: `${clients.length.toLocaleString("en-US")} rows out`,
    figures,
    count: { of: clients.length, unit: "rows" },
    aims: [],
    notes: [
      "raw pg, MikroORM, Kysely and Drizzle give a Date, which drops microseconds; ctb-data does not",
    ],
  };
}

async function compareCopy({ contenders, url, quick }: Setting): Promise<Comparison> {
  const clients = newClients(quick ? 100_000 : 1_000_000);
  preparedText(clients);
  const figures = await compare(
    contenders.flatMap(({ name, copy }) =>
      copy === undefined
        ? []
        : [
            {
              name: name === "raw pg" ? "raw COPY of ready text" : `${name} copyIn of objects`,
              prepare: async () => await emptied(url),
              run: async () => await copy(clients),
            },
          ],
    ),
    { rounds: quick ? 2 : 5 },
  );
  return {
    title: `${clients.length.toLocaleString("en-US")} rows by COPY`,
    figures,
    count: { of: clients.length, unit: "rows" },
    aims: [atMost("bulk in at least 0.8 of raw COPY", figures, 1 / 0.8)],
    notes: ["the raw text is made before the clock starts"],
  };
}

function atMost(
  text: string,
  figures: readonly Figure[],
  limit: number,
): Comparison["aims"][number] {
  const ratio = figures.find(({ name }) => name.startsWith("ctb-data"))?.ratio ?? Infinity;
  return { text, reached: ratio <= limit, measured: `${ratio.toFixed(2)} x its time` };
}

function newClients(count: number): readonly NewClient[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `Client number ${index}`,
    email: `client.${index}@example.org`,
  }));
}
