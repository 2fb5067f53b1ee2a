import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { testFolder } from "../../testing/test-folder.ts";
import { type Cluster, clusterAddress, openCluster } from "./cluster.ts";
import { openDataFolder } from "./data-folder.ts";
import { startGuardian } from "./guardian.ts";
import { endLeftoverServer } from "./leftover-server.ts";
import { locateBinaries } from "./locate-binaries.ts";
import { processIdentity } from "./process-identity.ts";
import { ServerLog } from "./server-log.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";
import { serverUserOf } from "./server-user.ts";
import { serverEnvironment, usableBinaries } from "./usable-binaries.ts";

/** Made once: the tests run one after the other, and each leaves no server. */
const shared = testFolder();
const { signal } = new AbortController();

function clusterIn(folder: string): Cluster {
  const path = join(folder, "data");
  const user = serverUserOf(path);
  return { folder, path, user, binaries: usableBinaries(locateBinaries(), user) };
}

beforeAll(async () => {
  await openCluster(clusterIn(openDataFolder(shared.path)), false, signal);
});
afterAll(async () => {
  await shared[Symbol.asyncDispose]();
});

async function start(cluster: Cluster, log?: ServerLog): Promise<ServerProcess> {
  const guardian = startGuardian();
  onTestFinished(async () => {
    await guardian.dismiss();
  });
  const plan = { durable: false, settings: {}, port: undefined, preferredPort: undefined };
  const messages = log ?? new ServerLog(join(cluster.folder, "server.log"), () => {});
  return await startServerProcess(plan, { cluster, guardian, log: messages, signal });
}

test("a cluster belongs to the user of its server, and its password file is gone", () => {
  const { path, user, folder } = clusterIn(shared.path);
  expect(statSync(path).uid).toBe(user?.uid ?? process.getuid?.());
  expect(existsSync(join(folder, "pw"))).toBe(false);
  expect(readFileSync(join(folder, "password"), "utf8")).toMatch(/^[\w-]{32}\n$/);
});

test("a cluster of another version, or without one, is refused", async () => {
  const cluster = clusterIn(shared.path);
  const version = join(cluster.path, "PG_VERSION");
  const text = readFileSync(version, "utf8");
  onTestFinished(() => {
    writeFileSync(version, text);
  });
  writeFileSync(version, "9.6\n");
  await expect(openCluster(cluster, false, signal)).rejects.toThrow(
    "was made by PostgreSQL 9.6; installed is 18",
  );
  writeFileSync(version, "");
  await expect(openCluster(cluster, false, signal)).rejects.toThrow("PG_VERSION is missing");
  writeFileSync(version, text);
  await expect(
    openCluster({ ...cluster, folder: join(shared.path, "data", "base") }, false, signal),
  ).rejects.toThrow("The password of the server is missing");
});

test("initdb's own words are in the error when it fails", async () => {
  await using folder = testFolder();
  const broken = {
    ...clusterIn(openDataFolder(folder.path)),
    binaries: { initdb: "/bin/false", postgres: "", version: "18" },
  };
  await expect(openCluster(broken, true, signal)).rejects.toMatchObject({ code: "SERVER_FAILED" });
  expect(existsSync(broken.path)).toBe(false);
});

test("a server without a supervisor is ended, as one that died and one that never was", async () => {
  const cluster = clusterIn(shared.path);
  await endLeftoverServer(cluster);
  const server = await start(cluster);
  expect(processIdentity(server.pid)).toBeDefined();
  await endLeftoverServer(cluster);
  await server.ended;
  expect(processIdentity(server.pid)).toBeUndefined();
  await endLeftoverServer(cluster);
});

test("a server that somebody else started on the cluster is not ended but refused", async () => {
  const cluster = clusterIn(shared.path);
  const { pgdata, cwd } = clusterAddress(cluster.path, cluster.user);
  const args = ["-D", pgdata, "-c", "listen_addresses=", "-c", "unix_socket_directories=."];
  const server = spawn(cluster.binaries.postgres, args, {
    ...cluster.user,
    cwd,
    env: serverEnvironment,
    stdio: "ignore",
  });
  const file = join(cluster.path, "postmaster.pid");
  try {
    while (!existsSync(file) || !readFileSync(file, "utf8").includes("ready")) await sleep(10);
    await expect(endLeftoverServer(cluster)).rejects.toMatchObject({ code: "DATA_FOLDER_IN_USE" });
    expect(server.exitCode).toBeNull();
  } finally {
    server.kill("SIGINT");
    while (server.exitCode === null) await sleep(10);
  }
});

test("the pid file of a dead server is disarmed when another process has its number, and only then", async () => {
  const cluster = clusterIn(shared.path);
  const file = join(cluster.path, "postmaster.pid");
  onTestFinished(() => {
    rmSync(file, { force: true });
  });
  const rest = `\n${cluster.path}\n1\n1\n\n127.0.0.1\n 1 1\nready   \n`;
  writeFileSync(file, `${process.pid}${rest}`);
  await endLeftoverServer(cluster);
  expect(readFileSync(file, "utf8")).toBe(`2147483646${rest}`);
  await endLeftoverServer(cluster);
  expect(readFileSync(file, "utf8")).toBe(`2147483646${rest}`);
  writeFileSync(file, "");
  await endLeftoverServer(cluster);
  expect(existsSync(file)).toBe(false);
});

test("a server that cannot start says why", async () => {
  const cluster = clusterIn(shared.path);
  const control = join(cluster.path, "global", "pg_control");
  const bytes = readFileSync(control);
  onTestFinished(() => {
    writeFileSync(control, bytes);
  });
  writeFileSync(control, bytes.subarray(0, 100));
  const failed = start(cluster);
  await expect(failed).rejects.toMatchObject({ code: "SERVER_FAILED" });
  await expect(failed).rejects.toThrow("pg_control");
});

test("a server can be ended in two ways, and ending it twice is once", async () => {
  const cluster = clusterIn(shared.path);
  const first = await start(cluster);
  await Promise.all([first.stop("immediate"), first.ended]);
  await first.stop("fast");
  const lines: string[] = [];
  const second = await start(
    cluster,
    new ServerLog(join(shared.path, "server.log"), (line) => lines.push(line)),
  );
  expect(lines.join("\n")).toContain("was interrupted");
  await second.stop("fast");
  await second.ended;
  expect(lines.join("\n")).toContain("database system is shut down");
});

test("what lies where a cluster is being made is removed, nothing else", async () => {
  const cluster = clusterIn(shared.path);
  mkdirSync(join(shared.path, "init-0123456789ab"));
  mkdirSync(join(shared.path, "init-mine"));
  await openCluster(cluster, false, signal);
  expect(existsSync(join(shared.path, "init-0123456789ab"))).toBe(false);
  expect(existsSync(join(shared.path, "init-mine"))).toBe(true);
});
