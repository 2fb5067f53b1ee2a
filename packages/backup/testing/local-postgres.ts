import { execFile, type ExecFileException, spawn } from "node:child_process";
import { once } from "node:events";
import { access, chown, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A server of the machine's own PostgreSQL, with a folder of its own. */
export interface LocalPostgres extends AsyncDisposable {
  /** `postgres://postgres@127.0.0.1:PORT/DATABASE` */
  url(database: string): string;
  readonly port: number;
  /** Where pg_dump and psql of the same version are. */
  readonly bin: string;
  createDatabase(name: string): Promise<string>;
}

const run = promisify(execFile);
/** PostgreSQL does not run as root. */
const nobody = 65_534;

/** The folder of the server's programs; undefined when the machine has none. */
export async function findLocalPostgres(): Promise<string | undefined> {
  try {
    const { stdout } = await run("pg_config", ["--bindir"]);
    const bin = stdout.trim();
    for (const program of ["initdb", "postgres"]) await access(join(bin, program));
    return bin;
  } catch {
    return undefined;
  }
}

/** Makes and starts a server. Disposing of it stops it and removes its folder. */
export async function startLocalPostgres(bin: string): Promise<LocalPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "ctb-local-postgres-"));
  const root = process.getuid?.() === 0;
  const user = root ? { uid: nobody, gid: nobody } : {};
  if (root) await chown(folder, nobody, nobody);
  const data = join(folder, "data");
  const env = { PATH: process.env["PATH"], LC_ALL: "C.UTF-8" };
  const init = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"];
  await run(join(bin, "initdb"), init, { ...user, env, cwd: folder });
  const port = await freePort();
  const settings = [
    "fsync=off",
    "wal_level=logical",
    "max_prepared_transactions=2",
    `unix_socket_directories=${folder}`,
  ];
  const server = spawn(
    join(bin, "postgres"),
    ["-D", data, "-p", String(port), "-h", "127.0.0.1", ...settings.flatMap((s) => ["-c", s])],
    { ...user, env, cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
  );
  let log = "";
  server.stderr.on("data", (chunk: Buffer) => {
    log = `${log}${chunk.toString()}`.slice(-20_000);
  });
  const ended = once(server, "close");
  const psql = async (database: string, sql: string): Promise<void> => {
    await run("psql", [
      "-X",
      "-q",
      "-h",
      "127.0.0.1",
      "-p",
      String(port),
      "-U",
      "postgres",
      "-d",
      database,
      "-c",
      sql,
    ]);
  };
  for (;;) {
    if (server.exitCode !== null) throw new Error(`The local server did not start: ${log}`);
    const failed = await psql("postgres", "SELECT 1").catch((error: ExecFileException) => error);
    if (failed === undefined) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const url = (database: string): string =>
    `postgres://postgres@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  return {
    url,
    port,
    bin,
    createDatabase: async (name) => {
      await psql("postgres", `CREATE DATABASE "${name}"`);
      return url(name);
    },
    [Symbol.asyncDispose]: async () => {
      server.kill("SIGINT");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
