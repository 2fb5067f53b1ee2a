import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { testFolder } from "../../testing/test-folder.ts";
import { openDataFolder } from "./data-folder.ts";
import { type Lock, readLock } from "./generation-lock.ts";
import { locateBinaries } from "./locate-binaries.ts";
import { parsePostmasterPid } from "./postmaster-pid.ts";
import { processIdentity } from "./process-identity.ts";
import { ServerLease } from "./server-lease.ts";
import type { ServerRequest } from "./server-request.ts";
import { ServerSupervisor } from "./server-supervisor.ts";

// The supervisor in this process, without the program around it.

/** Made once: the tests run one after the other, and each leaves no server. */
const shared = testFolder();
const folder = openDataFolder(shared.path);
afterAll(async () => {
  await shared[Symbol.asyncDispose]();
});

const fast: ServerRequest = { durable: false };

/** The locks of earlier tests name this process, which lives: they are told to be abandoned. */
function supervise(staleGeneration = readLock(folder)?.generation ?? 0): {
  readonly supervisor: ServerSupervisor;
  readonly ended: Promise<number>;
} {
  const supervisor = new ServerSupervisor({ folder, binaries: locateBinaries(), staleGeneration });
  return { supervisor, ended: supervisor.run() };
}

async function takeLease(request: ServerRequest, stopped: string[] = []): Promise<ServerLease> {
  const wishes = {
    request,
    onLog: undefined,
    onStopped: (error: Error) => {
      stopped.push(error.message);
    },
  };
  let lock: Lock | undefined;
  for (;;) {
    lock = readLock(folder);
    const lease = lock === undefined ? undefined : await ServerLease.open(lock, wishes, 5000);
    if (lease !== undefined) return lease;
    await sleep(5);
  }
}

function serverPid(): number {
  return parsePostmasterPid(readFileSync(join(folder, "data", "postmaster.pid"), "utf8"))?.pid ?? 0;
}

test("a supervisor starts a server for its first lease and ends with its last", async () => {
  const { ended } = supervise();
  const first = await takeLease(fast);
  const server = await first.server();
  const second = await takeLease(fast);
  expect(await second.server()).toEqual(server);
  const pid = serverPid();
  await first.close();
  expect(processIdentity(pid)).toBeDefined();
  second.abandon();
  expect(await ended).toBe(0);
  expect(processIdentity(pid)).toBeUndefined();
});

test("a second supervisor of one folder gives way", async () => {
  const first = supervise();
  const lease = await takeLease(fast);
  await lease.server();
  expect(await supervise(0).ended).toBe(3);
  lease.abandon();
  expect(await first.ended).toBe(0);
});

test("a lease that wants another server is refused, and the one there is stays", async () => {
  const { ended } = supervise();
  const lease = await takeLease(fast);
  const server = await lease.server();
  const other = await takeLease({ durable: true });
  await expect(other.server()).rejects.toMatchObject({ code: "DATA_FOLDER_IN_USE" });
  const same = await takeLease(fast);
  expect(await same.server()).toEqual(server);
  lease.abandon();
  same.abandon();
  expect(await ended).toBe(0);
});

test("every lease is told why there is no server", async () => {
  const taken = createServer();
  onTestFinished(() => {
    taken.close();
  });
  await once(taken.listen(0, "127.0.0.1"), "listening");
  const address = taken.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const { ended } = supervise();
  const leases = await Promise.all([takeLease({ ...fast, port }), takeLease({ ...fast, port })]);
  for (const lease of leases)
    await expect(lease.server()).rejects.toMatchObject({ code: "PORT_IN_USE" });
  expect(await ended).toBe(1);
});

test("the last port is used again only when it is free", async () => {
  const taken = createServer();
  onTestFinished(() => {
    taken.close();
  });
  await once(taken.listen(0, "127.0.0.1"), "listening");
  const address = taken.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  writeFileSync(join(folder, "port"), String(port));
  const { ended } = supervise();
  const lease = await takeLease(fast);
  const server = await lease.server();
  expect(server?.port).toBeGreaterThan(0);
  expect(server?.port).not.toBe(port);
  lease.abandon();
  await ended;
});

test("a supervisor that is told to stop ends its server, and those who use it are told", async () => {
  const { supervisor, ended } = supervise();
  const stopped: string[] = [];
  const lease = await takeLease(fast, stopped);
  await lease.server();
  const pid = serverPid();
  supervisor.stop();
  expect(await ended).toBe(0);
  expect(processIdentity(pid)).toBeUndefined();
  await expect
    .poll(() => stopped)
    .toEqual(["The embedded PostgreSQL was stopped by another process."]);
});

test("a server that dies is told to those who use it, with its last words", async () => {
  const { ended } = supervise();
  const stopped: string[] = [];
  const lease = await takeLease(fast, stopped);
  await lease.server();
  process.kill(serverPid(), "SIGQUIT");
  expect(await ended).toBe(1);
  await expect.poll(() => stopped.join("\n")).toContain("received immediate shutdown request");
});

test("a supervisor to which nobody comes ends without having started anything", async () => {
  const { supervisor, ended } = supervise();
  supervisor.stop();
  expect(await ended).toBe(0);
});
