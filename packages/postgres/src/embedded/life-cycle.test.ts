import { spawn } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { type Program, type ProgramOptions, runProgram } from "../../testing/program.ts";
import {
  alive,
  type KnownProcess,
  serverProcesses,
  untilGone,
} from "../../testing/server-processes.ts";
import { testFolder } from "../../testing/test-folder.ts";
import { startEmbeddedPostgres } from "../embedded.ts";
import { readLock } from "./generation-lock.ts";
import { serverUserOf } from "./server-user.ts";

const embedded = new URL("../embedded.ts", import.meta.url).href;

/** A program that starts a server, prints its URL, and then does what `afterwards` says. */
function starter(dataDir: string, afterwards: string, options?: ProgramOptions): Program {
  return runProgram(
    `const { startEmbeddedPostgres } = await import(${JSON.stringify(embedded)});
     const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, durable: false });
     console.log(server.url);
     ${afterwards}`,
    options,
  );
}

async function one(url: string): Promise<unknown> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<{ one: number }>("SELECT 1 AS one")).rows[0]?.one;
  } finally {
    await client.end();
  }
}

function kill({ pid }: KnownProcess): void {
  process.kill(pid, "SIGKILL");
}

/** Made once: the tests below run one after the other, and each begins with no server. */
const shared = testFolder();
afterAll(async () => {
  await shared[Symbol.asyncDispose]();
});

const forever = "setInterval(() => {}, 1000);";

test.each([
  ["returns without close()", "", 0],
  ["calls process.exit()", "process.exit(7);", 7],
  ["throws", "throw new Error('on purpose');", 1],
  ["closes in order", "await server.close();", 0],
])("nothing is left of the server of a program that %s", async (_, afterwards, code) => {
  // The test needs a moment to look.
  await using program = starter(
    shared.path,
    `await new Promise((resolve) => setTimeout(resolve, 500)); ${afterwards}`,
  );
  await program.line();
  const { all } = serverProcesses(shared.path);
  expect(await program.ended()).toBe(code);
  await untilGone(all);
});

test.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const)(
  "nothing is left after %s to the only program",
  async (signal) => {
    await using program = starter(shared.path, forever);
    await program.line();
    const { all } = serverProcesses(shared.path);
    program.child.kill(signal);
    expect(await program.ended()).toBe(signal);
    await untilGone(all);
  },
);

test("nothing is left when a program is killed while its first server is being made", async () => {
  await using folder = testFolder();
  const program = starter(folder.path, forever);
  const drafts = (): readonly string[] =>
    readdirSync(folder.path).filter((name) => name.startsWith("init-"));
  while (drafts().length === 0) await sleep(2);
  const { pid } = readLock(folder.path) ?? { pid: 0 };
  await program[Symbol.asyncDispose]();
  await expect
    .poll(() => alive([{ pid, identity: readLock(folder.path)?.identity ?? "", command: "" }]), {
      timeout: 20_000,
    })
    .toEqual([]);
  // What was half made is not taken for a cluster.
  await using server = await startEmbeddedPostgres({ dataDir: folder.path, durable: false });
  expect(await one(server.url)).toBe(1);
  expect(drafts()).toEqual([]);
});

test("the server stays until the last of its users has gone, and they all use one", async () => {
  await using first = starter(shared.path, forever);
  const url = await first.line();
  const { all } = serverProcesses(shared.path);
  await using second = starter(shared.path, forever);
  expect(await second.line()).toBe(url);
  const third = await startEmbeddedPostgres({ dataDir: shared.path, durable: false });
  expect(third.url).toBe(url);
  first.child.kill("SIGKILL");
  await first.ended();
  second.child.kill("SIGINT");
  await second.ended();
  await sleep(200);
  expect(await one(url)).toBe(1);
  await third.close();
  expect(alive(all)).toEqual([]);
});

test("ten programs that start on one empty folder at the same moment get one server and ten working connections", async () => {
  await using folder = testFolder();
  const dataDir = join(folder.path, "shared");
  const programs = Array.from({ length: 10 }, () =>
    starter(
      dataDir,
      `const { default: { Client } } = await import("pg");
       const client = new Client(server.url);
       await client.connect();
       const { rows } = await client.query("SELECT pg_postmaster_start_time()::text AS begun");
       console.log(rows[0].begun);
       ${forever}`,
      { cwd: join(import.meta.dirname, "../..") },
    ),
  );
  try {
    const urls = await Promise.all(programs.map(async (program) => await program.line()));
    const begun = await Promise.all(programs.map(async (program) => await program.line()));
    expect(new Set(urls).size).toBe(1);
    expect(new Set(begun).size).toBe(1);
  } finally {
    const { all } = serverProcesses(dataDir);
    await Promise.all(programs.map(async (program) => await program[Symbol.asyncDispose]()));
    await untilGone(all);
  }
});

test("a killed supervisor takes the server with it, those who use it are told, and the next start works", async () => {
  const stopped: unknown[] = [];
  const server = await startEmbeddedPostgres({
    dataDir: shared.path,
    durable: false,
    onStopped: (error) => stopped.push(error.code),
  });
  const { supervisor, all } = serverProcesses(shared.path);
  kill(supervisor);
  await untilGone(all);
  await expect.poll(() => stopped).toEqual(["SERVER_FAILED"]);
  await server.close();
  await using next = await startEmbeddedPostgres({ dataDir: shared.path, durable: false });
  expect(await one(next.url)).toBe(1);
});

test("a server whose supervisor and guardian were killed is ended by the next start", async () => {
  const server = await startEmbeddedPostgres({ dataDir: shared.path });
  await server.createDatabase("kept");
  const { supervisor, guardian, postmaster, all } = serverProcesses(shared.path);
  kill(guardian);
  await untilGone([guardian]);
  kill(supervisor);
  await untilGone([supervisor]);
  expect(alive([postmaster])).toHaveLength(1);
  await using next = await startEmbeddedPostgres({ dataDir: shared.path });
  expect(alive(all)).toEqual([]);
  expect(await one(next.urlOf("kept"))).toBe(1);
});

test("a killed postmaster leaves nothing behind, its users are told with its last words, and no commit is lost", async () => {
  const stopped: string[] = [];
  const server = await startEmbeddedPostgres({
    dataDir: shared.path,
    onStopped: (error) => stopped.push(error.message),
  });
  await server.createDatabase("committed");
  const { postmaster, all } = serverProcesses(shared.path);
  kill(postmaster);
  await untilGone(all);
  await expect.poll(() => stopped.join("\n")).toContain("stopped by itself");
  await server.close();
  await using next = await startEmbeddedPostgres({ dataDir: shared.path });
  expect(await one(next.urlOf("committed"))).toBe(1);
});

test("a server ends when its folder is deleted under it, and the folder can be used again at once", async () => {
  await using folder = testFolder();
  const dataDir = join(folder.path, "deleted");
  const server = await startEmbeddedPostgres({ dataDir, durable: false });
  const { all } = serverProcesses(dataDir);
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  await using next = await startEmbeddedPostgres({ dataDir, durable: false });
  expect(await one(next.url)).toBe(1);
  await untilGone(all);
  await server.close();
});

test("a postmaster.pid whose number belongs to another process now does not stand in the way", async () => {
  const first = await startEmbeddedPostgres({ dataDir: shared.path, durable: false });
  const file = join(shared.path, "data", "postmaster.pid");
  const text = readFileSync(file, "utf8");
  await first.close();
  // A process of the user that the server runs as: PostgreSQL by itself takes it for a server and refuses.
  const other = spawn("sleep", ["600"], {
    ...serverUserOf(join(shared.path, "data")),
    stdio: "ignore",
  });
  onTestFinished(() => {
    other.kill("SIGKILL");
  });
  writeFileSync(file, text.replace(/^\d+/, String(other.pid)));
  await using second = await startEmbeddedPostgres({ dataDir: shared.path, durable: false });
  expect(await one(second.url)).toBe(1);
  expect(other.exitCode).toBeNull();
});

test("who wants it durable, or on another port, is refused while it runs otherwise", async () => {
  const dataDir = shared.path;
  await using server = await startEmbeddedPostgres({
    dataDir,
    durable: false,
    settings: { work_mem: "5MB" },
  });
  const refused = async (options: object): Promise<unknown> =>
    await startEmbeddedPostgres({ dataDir, durable: false, ...options }).catch(
      (error: unknown) => error,
    );
  expect(await refused({ durable: true })).toMatchObject({
    code: "DATA_FOLDER_IN_USE",
    message: expect.stringContaining("is running with durable: false, not true") as unknown,
  });
  expect(await refused({ port: 1 })).toMatchObject({ code: "DATA_FOLDER_IN_USE" });
  expect(await refused({ settings: { work_mem: "6MB" } })).toMatchObject({
    code: "DATA_FOLDER_IN_USE",
  });
  await using joined = await startEmbeddedPostgres({
    dataDir,
    durable: false,
    settings: { work_mem: "5MB" },
  });
  expect(joined.url).toBe(server.url);
});

test("a folder that another machine uses is refused while that touches its lock, and taken when it does not", async () => {
  await (await startEmbeddedPostgres({ dataDir: shared.path, durable: false })).close();
  const last = readLock(shared.path)?.generation ?? 0;
  const file = join(shared.path, `lock.${last + 1}`);
  const elsewhere = { pid: 1, identity: "x", machine: "far-away pid:[1]", port: 1, token: "x" };
  writeFileSync(file, JSON.stringify(elsewhere));
  const touching = setInterval(() => {
    appendFileSync(file, " ");
  }, 500);
  const start = startEmbeddedPostgres({ dataDir: shared.path, durable: false });
  await expect(start).rejects.toMatchObject({ code: "DATA_FOLDER_IN_USE" });
  await expect(start).rejects.toThrow("far-away");
  clearInterval(touching);
  await using server = await startEmbeddedPostgres({ dataDir: shared.path, durable: false });
  expect(await one(server.url)).toBe(1);
});

test("leftovers of starts that were killed do no harm", async () => {
  await (await startEmbeddedPostgres({ dataDir: shared.path, durable: false })).close();
  mkdirSync(join(shared.path, "init-0123456789ab", "data"), { recursive: true });
  writeFileSync(join(shared.path, "data", "postmaster.pid"), "");
  writeFileSync(join(shared.path, `lock.${(readLock(shared.path)?.generation ?? 0) + 1}`), "");
  await using server = await startEmbeddedPostgres({ dataDir: shared.path, durable: false });
  expect(await one(server.url)).toBe(1);
  expect(readdirSync(shared.path).filter((name) => name.startsWith("init-"))).toEqual([]);
});
