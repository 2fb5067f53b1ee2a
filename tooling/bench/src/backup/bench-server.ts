import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { startEmbeddedPostgres } from "@ctb-data/postgres/embedded";
import { Client } from "pg";
import { freePort } from "./free-port.ts";

const execute = promisify(execFile);

/** A PostgreSQL server for this bench alone. */
export interface BenchServer {
  /** As in `15.18`. */
  readonly version: string;
  /** The folder of its client programs, with a `/` at the end; undefined when they do not belong to this server. */
  readonly programs: string | undefined;
  urlOf(database: string): string;
  close(): Promise<void>;
}

/** The same for all contenders. Large enough that none of them waits for a checkpoint. */
const settings: Readonly<Record<string, string>> = {
  shared_buffers: "1GB",
  maintenance_work_mem: "256MB",
  max_wal_size: "16GB",
  checkpoint_timeout: "1h",
  autovacuum: "off",
};

/** The server that `pg_config` names, so that its pg_dump can take part; else the embedded one, without it. */
export async function startBenchServer(folder: string): Promise<BenchServer> {
  const programs = await installedPrograms();
  return programs === undefined
    ? await startEmbedded(folder)
    : await startInstalled(folder, programs);
}

async function startEmbedded(folder: string): Promise<BenchServer> {
  const server = await startEmbeddedPostgres({ dataDir: join(folder, "postgres"), settings });
  return {
    version: server.version,
    programs: undefined,
    urlOf: (database) => server.urlOf(database),
    close: async () => await server.close(),
  };
}

/** Undefined when a program that is needed is not there. */
async function installedPrograms(): Promise<string | undefined> {
  try {
    const { stdout } = await execute("pg_config", ["--bindir"]);
    const programs = `${stdout.trim()}/`;
    for (const name of ["initdb", "postgres", "pg_dump", "pg_restore"]) {
      await execute(`${programs}${name}`, ["--version"]);
    }
    return programs;
  } catch {
    return undefined;
  }
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root: its files then belong to somebody else. */
async function serverUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    try {
      const ids = await Promise.all(
        ["-u", "-g"].map(async (flag) => Number((await execute("id", [flag, name])).stdout)),
      );
      const [uid = 0, gid = 0] = ids;
      if (uid > 0) return { uid, gid };
    } catch {
      // The next one may be there.
    }
  }
  throw new Error("PostgreSQL refuses to run as root, and there is no user postgres or nobody.");
}

async function startInstalled(folder: string, programs: string): Promise<BenchServer> {
  const user = await serverUser();
  const home = join(folder, "postgres");
  const data = join(home, "data");
  const password = randomBytes(16).toString("hex");
  await mkdir(home, { mode: 0o700 });
  await writeFile(join(home, "password"), password, { mode: 0o600 });
  if (user !== undefined) {
    await chmod(folder, 0o711);
    await chown(home, user.uid, user.gid);
    await chown(join(home, "password"), user.uid, user.gid);
  }
  const environment = { ...user, cwd: home, env: { PATH: process.env["PATH"], LC_ALL: "C" } };
  await execute(
    `${programs}initdb`,
    [
      ["--pgdata", data, "--username", "postgres", "--pwfile", join(home, "password")],
      ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"],
    ].flat(),
    environment,
  );
  const port = await freePort();
  const options = { ...settings, port: String(port), listen_addresses: "127.0.0.1" };
  const flags = Object.entries({ ...options, unix_socket_directories: home }).flatMap(
    ([name, value]) => ["-c", `${name}=${value}`],
  );
  const server = spawn(`${programs}postgres`, ["-D", data, ...flags], {
    ...environment,
    stdio: "ignore",
  });
  const stopped = endOf(server);
  const urlOf = (database: string): string =>
    `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  return {
    version: await firstAnswer(urlOf("postgres"), stopped),
    programs,
    urlOf,
    close: async () => {
      server.kill("SIGINT");
      await stopped;
    },
  };
}

/** When the bench is stopped, the server is, too. */
async function endOf(server: ChildProcess): Promise<void> {
  const kill = (): void => {
    server.kill("SIGQUIT");
  };
  process.once("exit", kill);
  await new Promise<void>((resolve) => {
    server.once("close", () => {
      resolve();
    });
  });
  process.off("exit", kill);
}

async function firstAnswer(url: string, stopped: Promise<void>): Promise<string> {
  let hasEnded = false;
  void stopped.finally(() => {
    hasEnded = true;
  });
  for (let tries = 0; tries < 300; tries += 1) {
    if (hasEnded) throw new Error("The PostgreSQL of this machine ended as soon as it started.");
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
      return rows[0]?.server_version ?? "unknown";
    } catch {
      await sleep(100);
    } finally {
      await client.end().catch(() => {});
    }
  }
  throw new Error("The PostgreSQL of this machine gave no answer within 30 s.");
}
