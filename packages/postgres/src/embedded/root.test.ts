import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Client } from "pg";
import { expect, test } from "vitest";
import { type Program, runProgram } from "../../testing/program.ts";
import { serverProcesses, untilGone } from "../../testing/server-processes.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { startEmbeddedPostgres } from "../embedded.ts";
import { canReach } from "./server-user.ts";

const root = process.getuid?.() === 0;
const ordinary = { uid: 65_534, gid: 65_534 };
// Whoever is not root tests the ordinary user with every other test.
const reachable = root && canReach(import.meta.filename, ordinary);

async function setting(url: string, name: string): Promise<unknown> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<{ value: unknown }>("SELECT current_setting($1) AS value", [name]))
      .rows[0]?.value;
  } finally {
    await client.end();
  }
}

function userOf(pid: number): number {
  return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** A program of an ordinary user, with a copy of Node.js where that user can reach it. */
function ordinaryProgram(folder: string, code: string): Program {
  const node = join(folder, "node");
  if (!existsSync(node)) copyFileSync(process.execPath, node);
  const embedded = new URL("../embedded.ts", import.meta.url).href;
  return runProgram(
    `const { startEmbeddedPostgres } = await import(${JSON.stringify(embedded)}); ${code}`,
    {
      ...ordinary,
      node,
      cwd: folder,
      env: { HOME: folder },
    },
  );
}

test.skipIf(!root)(
  "root runs the server as another user, who owns the cluster and nothing else",
  async () => {
    await using folder = testFolder();
    await using server = await startEmbeddedPostgres({
      dataDir: join(folder.path, "data"),
      durable: false,
    });
    const { postmaster, supervisor } = serverProcesses(server.dataDir);
    const user = userOf(postmaster.pid);
    expect(user).not.toBe(0);
    expect(statSync(join(server.dataDir, "data")).uid).toBe(user);
    expect(statSync(join(server.dataDir, "password")).uid).toBe(0);
    expect(userOf(supervisor.pid)).toBe(0);
  },
);

test.skipIf(!root)(
  "root's data stay where they were asked for, also below a folder that only root may enter",
  async () => {
    await using folder = testFolder();
    const home = join(folder.path, "root");
    mkdirSync(home, { mode: 0o700 });
    const dataDir = join(home, "project", ".ctb-data", "postgres");
    const first = await startEmbeddedPostgres({ dataDir });
    await first.createDatabase("kept");
    expect(await setting(first.url, "data_directory")).toBe("/proc/self/cwd");
    const { all } = serverProcesses(dataDir);
    await first.close();
    await untilGone(all);
    expect(statSync(join(dataDir, "data", "PG_VERSION")).isFile()).toBe(true);
    await using second = await startEmbeddedPostgres({ dataDir });
    expect(await setting(second.urlOf("kept"), "server_encoding")).toBe("UTF8");
  },
);

test.skipIf(!root)(
  "where the server's user can go, the server knows its folder by its own name",
  async () => {
    await using folder = testFolder();
    chmodSync(folder.path, 0o711);
    await using server = await startEmbeddedPostgres({
      dataDir: join(folder.path, "data"),
      durable: false,
    });
    expect(await setting(server.url, "data_directory")).toBe(join(folder.path, "data", "data"));
  },
);

test.skipIf(!reachable)(
  "an ordinary user starts, restarts and joins a server, and leaves nothing (needs root to become one)",
  async () => {
    await using folder = testFolder();
    chmodSync(folder.path, 0o755);
    const home = join(folder.path, "home");
    mkdirSync(home, { mode: 0o700 });
    chownSync(home, ordinary.uid, ordinary.gid);
    const dataDir = join(home, "data");
    await using program = ordinaryProgram(
      folder.path,
      `const options = { dataDir: ${JSON.stringify(dataDir)}, durable: false };
     await (await startEmbeddedPostgres(options)).close();
     const server = await startEmbeddedPostgres(options);
     await server.createDatabase("mine");
     console.log(server.url);
     setInterval(() => {}, 1000);`,
    );
    const url = await program.line();
    const { all, supervisor, postmaster } = serverProcesses(dataDir);
    expect([userOf(supervisor.pid), userOf(postmaster.pid)]).toEqual([ordinary.uid, ordinary.uid]);
    // Root may join, and what it leaves in the folder belongs to the folder's owner.
    const joined = await startEmbeddedPostgres({ dataDir, durable: false });
    expect(joined.url).toBe(url);
    await joined.close();
    program.child.kill("SIGKILL");
    await program.ended();
    await untilGone(all);
    await (await startEmbeddedPostgres({ dataDir, durable: false })).close();
    for (const name of ["server.log", "port", "password"]) {
      expect([name, statSync(join(dataDir, name)).uid]).toEqual([name, ordinary.uid]);
    }
    await using again = ordinaryProgram(
      folder.path,
      `const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, durable: false });
     console.log(server.port); await server.close();`,
    );
    expect(Number(await again.line())).toBeGreaterThan(0);
    expect(await again.ended()).toBe(0);
  },
);

test.skipIf(!reachable)(
  "an ordinary user is told when a folder is root's (needs root to become one)",
  async () => {
    await using folder = testFolder();
    chmodSync(folder.path, 0o755);
    const dataDir = join(folder.path, "data");
    await (await startEmbeddedPostgres({ dataDir, durable: false })).close();
    await using program = ordinaryProgram(
      dirname(dataDir),
      `const error = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} }).catch((error) => error);
     console.log(error.code + ": " + error.message);`,
    );
    expect(await program.line()).toBe(
      `DATA_FOLDER_UNUSABLE: The data folder ${dataDir} may not be read and written by this user.`,
    );
  },
);

test.skipIf(!reachable)(
  "an ordinary user does not use a folder that another one prepared (needs root to become one)",
  async () => {
    await using folder = testFolder();
    chmodSync(folder.path, 0o755);
    const dataDir = join(folder.path, "data");
    mkdirSync(dataDir);
    chmodSync(dataDir, 0o777);
    chownSync(dataDir, 1234, 1234);
    await using program = ordinaryProgram(
      folder.path,
      `const error = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} }).catch((error) => error);
     console.log(error.code + ": " + error.message);`,
    );
    expect(await program.line()).toBe(
      `DATA_FOLDER_UNUSABLE: The data folder ${dataDir} belongs to another user.`,
    );
  },
);
