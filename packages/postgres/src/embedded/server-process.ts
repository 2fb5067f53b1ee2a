import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PostgresError } from "../postgres-error.ts";
import { clusterAddress, type Cluster } from "./cluster.ts";
import type { Guardian } from "./guardian.ts";
import { serverMark } from "./leftover-server.ts";
import { parsePostmasterPid } from "./postmaster-pid.ts";
import type { ServerLog } from "./server-log.ts";
import { serverEnvironment } from "./usable-binaries.ts";

/** A server that accepts connections. */
export interface ServerProcess {
  readonly port: number;
  readonly pid: number;
  /** Resolves when it and all its processes are gone, for whatever reason. */
  readonly ended: Promise<void>;
  /** Whether that is so. */
  hasEnded(): boolean;
  /**
   * Fast shutdown: open transactions are rolled back, everything committed is kept. Immediate: without the last checkpoint, as for
   * a server whose files are gone.
   */
  stop(how: "fast" | "immediate"): Promise<void>;
}

/** What decides how the server runs. */
export interface ServerPlan {
  readonly durable: boolean;
  readonly settings: Readonly<Record<string, string>>;
  /** This one or none. */
  readonly port: number | undefined;
  /** Taken when it is free. */
  readonly preferredPort: number | undefined;
}

interface Surroundings {
  readonly cluster: Cluster;
  readonly guardian: Guardian;
  readonly log: ServerLog;
  readonly signal: AbortSignal;
}

/**
 * Starts the server of a cluster on 127.0.0.1 and waits until it is ready, however long recovery takes.
 *
 * @throws {PostgresError} PORT_IN_USE, RESOURCES_EXHAUSTED or SERVER_FAILED.
 */
export async function startServerProcess(
  plan: ServerPlan,
  around: Surroundings,
): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const port = plan.port ?? (await choosePort(attempt === 1 ? plan.preferredPort : undefined));
    around.log.forget();
    const server = launch(port, plan, around);
    const ready = await waitUntilReady(server, around);
    if (ready) return server;
    around.signal.throwIfAborted();
    const { tail } = around.log;
    if (/could not bind .*in use|could not create any TCP\/IP sockets/.test(tail)) {
      if (plan.port === undefined && attempt < 5) continue;
      throw new PostgresError("PORT_IN_USE", `Port ${port} of 127.0.0.1 is taken.`, {
        hint: "Leave out port to get a free one, or choose another.",
      });
    }
    // The backends of a server that was killed need a moment to notice.
    if (/pre-existing shared memory block .* is still in use/.test(tail) && attempt < 40) {
      await sleep(250);
      continue;
    }
    throw startError(around.cluster.folder, tail);
  }
}

function launch(
  port: number,
  plan: ServerPlan,
  { cluster, guardian, log }: Surroundings,
): ServerProcess {
  const { pgdata, cwd } = clusterAddress(cluster.path, cluster.user);
  const settings = {
    ...(plan.durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
    ...plan.settings,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    log_destination: "stderr",
    logging_collector: "off",
  };
  const child = spawn(
    cluster.binaries.postgres,
    [
      "-D",
      pgdata,
      "-p",
      String(port),
      "-c",
      serverMark,
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    { ...cluster.user, cwd, env: serverEnvironment, stdio: ["ignore", "ignore", "pipe"] },
  );
  if (child.pid !== undefined) guardian.watch(child.pid);
  child.stderr.on("data", (chunk: Buffer) => {
    log.write(chunk);
  });
  let over = false;
  const ended = ending(child).finally(() => {
    over = true;
  });
  return {
    port,
    pid: child.pid ?? 0,
    ended,
    hasEnded: () => over,
    stop: async (how) => {
      await stop(child, how);
    },
  };
}

/** The pipe of messages closes when the last process of the server is gone, but a program that a query started may keep it. */
async function ending(child: ChildProcess): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => {
      resolve();
    });
    child.once("error", () => {
      resolve();
    });
  });
  await new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
    child.once("error", () => {
      resolve();
    });
  });
  await Promise.race([closed, sleep(5000)]);
}

async function stop(child: ChildProcess, how: "fast" | "immediate"): Promise<void> {
  const running = (): boolean =>
    child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  for (const [signal, waitMs] of [
    ["SIGINT", 30_000],
    ["SIGQUIT", 5000],
    ["SIGKILL", 5000],
  ] as const) {
    if (!running()) return;
    if (how === "immediate" && signal === "SIGINT") continue;
    const exited = once(child, "exit");
    child.kill(signal);
    await Promise.race([exited, sleep(waitMs, undefined, { ref: false })]);
  }
}

/** True when it accepts connections, false when it ended. */
async function waitUntilReady(
  server: ServerProcess,
  { cluster, signal }: Surroundings,
): Promise<boolean> {
  while (!server.hasEnded()) {
    if (signal.aborted) {
      await server.stop("fast");
      await server.ended;
      return false;
    }
    const found = readPidFile(cluster.path);
    if (found?.pid === server.pid && found.status === "ready") return true;
    await Promise.race([server.ended, sleep(4)]);
  }
  return false;
}

function readPidFile(path: string): ReturnType<typeof parsePostmasterPid> {
  try {
    return parsePostmasterPid(readFileSync(join(path, "postmaster.pid"), "utf8"));
  } catch {
    return undefined;
  }
}

async function choosePort(preferred: number | undefined): Promise<number> {
  if (preferred !== undefined && (await probe(preferred)) === preferred) return preferred;
  const free = await probe(0);
  if (free !== undefined) return free;
  throw new PostgresError("RESOURCES_EXHAUSTED", "There is no free port on 127.0.0.1.", {
    hint: "Close some programs, or allow this one to listen.",
  });
}

async function probe(port: number): Promise<number | undefined> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(undefined);
    });
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === "object" ? address?.port : undefined);
      });
    });
  });
}

function startError(folder: string, tail: string): PostgresError {
  if (/No space left on device|could not resize shared memory/.test(tail)) {
    return new PostgresError(
      "RESOURCES_EXHAUSTED",
      `There is no space left for the PostgreSQL server in ${folder}.\n${tail}`,
      {
        hint: "Free some space on the disk, or in /dev/shm when the lines above name it.",
      },
    );
  }
  return new PostgresError(
    "SERVER_FAILED",
    `The PostgreSQL server in ${folder} did not start. It says:\n${tail}`,
    {
      hint: `The whole log is ${join(folder, "server.log")}.`,
    },
  );
}
