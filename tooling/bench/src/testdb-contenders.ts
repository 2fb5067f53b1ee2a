import { spawn } from "node:child_process";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import type { EmbeddedPostgres } from "@ctb-data/postgres/embedded";
import type { TestDatabase, TestDatabases } from "@ctb-data/test-fixtures";
import { PGlite } from "@electric-sql/pglite";
import { Client } from "pg";
import type { Contender } from "./measure.ts";
import type { TestdbProject } from "./testdb-projects.ts";

const countTables =
  "SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'pg%'";

function check(found: unknown, { tables, title }: TestdbProject): void {
  if (found !== tables) throw new Error(`${title}: ${String(found)} tables instead of ${tables}`);
}

/** Ours: a copy, connected to and asked once. */
export function copies(name: string, databases: TestDatabases, project: TestdbProject): Contender {
  let database: TestDatabase | undefined;
  return {
    name,
    prepare: async () => await databases.ready(),
    run: async () => {
      database = await databases.create();
      await database.db.query("SELECT 1");
    },
    verify: async () => {
      const answer = await database?.db.query<{ tables: number }>(countTables);
      check(answer?.rows[0]?.tables, project);
      await database?.close();
    },
  };
}

/** The usual way: a new database, and every file sent to it. No tool around it that takes time of its own. */
export function migrations(server: EmbeddedPostgres, project: TestdbProject): Contender {
  const peer = peerDatabase(server, "bench_migrations", project);
  return {
    name: "CREATE DATABASE + migrations",
    prepare: peer.prepare,
    run: async () => {
      await peer.admin("CREATE DATABASE bench_migrations");
      const client = new Client(server.urlOf("bench_migrations"));
      await client.connect();
      for (const sql of project.files) await client.query(sql);
      await client.end();
    },
    verify: peer.verify,
  };
}

/** PostgreSQL compiled to WebAssembly, in this process and in memory. */
export function pglite(project: TestdbProject): Contender {
  let database: PGlite | undefined;
  return {
    name: "PGlite",
    run: async () => {
      database = await PGlite.create();
      for (const sql of project.files) await database.exec(sql);
    },
    verify: async () => {
      const answer = await database?.query<{ tables: number }>(countTables);
      check(answer?.rows[0]?.tables, project);
      await database?.close();
    },
  };
}

/** `pg_dump | psql` where both speak the server's version, else `psql` with the files: what is left of it without the dump. */
export function psql(server: EmbeddedPostgres, project: TestdbProject, dumps: boolean): Contender {
  const peer = peerDatabase(server, "bench_psql", project);
  const load = async (): Promise<void> => {
    await peer.admin("CREATE DATABASE bench_psql");
    const args = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", server.urlOf("bench_psql")];
    const child = spawn("psql", args, { stdio: ["pipe", "ignore", "inherit"] });
    const ended = once(child, "close");
    if (dumps) {
      const url = server.urlOf("bench_model");
      const dump = spawn("pg_dump", ["--no-owner", "-d", url], { stdio: ["ignore", "pipe", "inherit"] }); // prettier-ignore
      await pipeline(dump.stdout, child.stdin);
    } else {
      child.stdin.end(project.files.join("\n"));
    }
    await ended;
  };
  return {
    name: dumps ? "pg_dump | psql" : "psql < files",
    prepare: async () => {
      await peer.prepare();
      if (dumps) await makeModel(server, project);
    },
    run: load,
    verify: peer.verify,
  };
}

async function makeModel(server: EmbeddedPostgres, project: TestdbProject): Promise<void> {
  await server.dropDatabase("bench_model");
  await server.createDatabase("bench_model");
  const client = new Client(server.urlOf("bench_model"));
  await client.connect();
  for (const sql of project.files) await client.query(sql);
  await client.end();
}

interface PeerDatabase {
  readonly prepare: () => Promise<void>;
  readonly verify: () => Promise<void>;
  /** On a session that is open before the time runs. */
  readonly admin: (sql: string) => Promise<void>;
}

function peerDatabase(
  server: EmbeddedPostgres,
  name: string,
  project: TestdbProject,
): PeerDatabase {
  let admin: Client | undefined;
  return {
    prepare: async () => {
      await server.dropDatabase(name);
      admin = new Client(server.url);
      await admin.connect();
    },
    admin: async (sql) => {
      await admin?.query(sql);
    },
    verify: async () => {
      const client = new Client(server.urlOf(name));
      await client.connect();
      const { rows } = await client.query<{ tables: number }>(countTables);
      await client.end();
      await admin?.query(`DROP DATABASE ${name}`);
      await admin?.end();
      check(rows[0]?.tables, project);
    },
  };
}
