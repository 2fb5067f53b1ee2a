import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { access, chown, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
/** PostgreSQL does not run as root. */
const nobody = 65_534;

/** The folder of the machine's own PostgreSQL; undefined when it has none. */
export const localServer: string | undefined = await findServer();

async function findServer(): Promise<string | undefined> {
  try {
    const bin = (await run("pg_config", ["--bindir"])).stdout.trim();
    for (const program of ["initdb", "postgres", "pg_basebackup"]) await access(join(bin, program));
    return bin;
  } catch {
    return undefined;
  }
}

/** A server and a hot standby of it, which follows it. */
export interface ReplicatedServers extends AsyncDisposable {
  readonly primary: string;
  readonly standby: string;
}

/** Starts both. Disposing of them stops them and removes their folder. */
export async function startReplicatedServers(bin: string): Promise<ReplicatedServers> {
  const folder = await mkdtemp(join(tmpdir(), "ctb-standby-"));
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? { uid: nobody, gid: nobody } : {};
  if (isRoot) await chown(folder, nobody, nobody);
  const options = { ...user, env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8" }, cwd: folder };
  const [first, second] = [join(folder, "first"), join(folder, "second")];
  await run(join(bin, "initdb"), ["-D", first, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"], options); // prettier-ignore
  const servers: ChildProcess[] = [];
  const start = async (data: string): Promise<number> => {
    const port = await freePort();
    const flags = ["fsync=off", `unix_socket_directories=${folder}`].flatMap((one) => ["-c", one]);
    const all = ["-D", data, "-p", String(port), "-h", "127.0.0.1", ...flags];
    const server = spawn(join(bin, "postgres"), all, { ...options, stdio: "ignore" });
    servers.push(server);
    const ready = ["-q", "-h", "127.0.0.1", "-p", String(port)];
    while (!(await succeeds(join(bin, "pg_isready"), ready))) {
      if (server.exitCode !== null) throw new Error("The local server did not start.");
      await sleep(50);
    }
    return port;
  };
  const primary = await start(first);
  await run(join(bin, "pg_basebackup"), ["-D", second, "-R", "-c", "fast", "-d", urlOf(primary)], options); // prettier-ignore
  const standby = await start(second);
  return {
    primary: urlOf(primary),
    standby: urlOf(standby),
    [Symbol.asyncDispose]: async () => {
      for (const server of servers.toReversed()) {
        server.kill("SIGINT");
        if (server.exitCode === null) await once(server, "close");
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function urlOf(port: number): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres`;
}

async function succeeds(program: string, flags: readonly string[]): Promise<boolean> {
  return await run(program, [...flags]).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
