import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PostgresError } from "../postgres-error.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { folderError, writePrivateFile } from "./data-folder.ts";
import { Deferred } from "./deferred.ts";
import { acquireLock, type Lock, touchLock } from "./generation-lock.ts";
import { type Guardian, startGuardian } from "./guardian.ts";
import { type Lease, LeaseDesk } from "./lease-desk.ts";
import { errorMessage, type LeaseMessage } from "./lease-message.ts";
import { endLeftoverServer } from "./leftover-server.ts";
import { machineIdentity, processIdentity } from "./process-identity.ts";
import { ServerLog } from "./server-log.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";
import { conflictOf, type ServerRequest } from "./server-request.ts";
import { serverUserOf } from "./server-user.ts";
import type { SupervisorPlan } from "./supervisor-plan.ts";
import { usableBinaries } from "./usable-binaries.ts";

const firstLeaseMs = 5000;
const touchMs = 1000;

interface RunningRequest extends ServerRequest {
  readonly port: number;
  readonly version: string;
}

interface Keeping {
  readonly server: ServerProcess;
  readonly request: ServerRequest;
  readonly log: ServerLog;
  readonly version: string;
}

/** Owns one server for as long as anybody holds a lease. */
export class ServerSupervisor {
  readonly #plan: SupervisorPlan;
  readonly #desk: LeaseDesk;
  readonly #leases = new Set<Lease>();
  readonly #leaving = new Set<Lease>();
  readonly #stopping = new AbortController();
  readonly #first = new Deferred<ServerRequest | undefined>();
  #folderGone = false;
  #guardian: Guardian | undefined;
  #running: RunningRequest | undefined;

  constructor(plan: SupervisorPlan) {
    this.#plan = plan;
    this.#desk = new LeaseDesk({
      onOpen: (lease) => {
        this.#open(lease);
      },
      onLeave: (lease) => {
        this.#leave(lease);
      },
      onLost: (lease) => {
        this.#drop(lease);
      },
    });
  }

  /** Resolves with the exit code when the server is gone: 0, 1 when every lease was told why not, 3 when somebody else has the folder. */
  async run(): Promise<number> {
    const lock = await this.#acquire();
    if (lock === undefined) return 3;
    const pulse = this.#pulse(lock);
    try {
      await this.#serve();
      await this.#farewell({ closed: true });
      return 0;
    } catch (error) {
      const failed = { failed: errorMessage(startErrorOf(error, this.#plan.folder)) };
      // Whoever started this process may not have come yet, and would start another one.
      await Promise.race([this.#first.promise, sleep(2000)]);
      await this.#farewell(failed);
      return 1;
    } finally {
      clearInterval(pulse);
      this.#desk.close();
    }
  }

  /** Ends the server though somebody may use it. */
  stop(): void {
    this.#first.resolve(undefined);
    this.#stopping.abort();
  }

  async #acquire(): Promise<Lock | undefined> {
    const { folder, staleGeneration } = this.#plan;
    const port = await this.#desk.open();
    const identity = processIdentity(process.pid) ?? "";
    const holder = {
      pid: process.pid,
      identity,
      machine: machineIdentity(),
      port,
      token: this.#desk.token,
    };
    const lock = acquireLock(folder, holder, staleGeneration);
    if (lock === undefined) this.#desk.close();
    return lock;
  }

  async #serve(): Promise<void> {
    const { folder, binaries } = this.#plan;
    const { signal } = this.#stopping;
    const path = join(folder, "data");
    const user = serverUserOf(path);
    const cluster: Cluster = { folder, path, user, binaries: usableBinaries(binaries, user) };
    // The process that started this one may be gone already; whoever comes first decides.
    const patience = setTimeout(() => {
      this.#first.resolve(undefined);
    }, firstLeaseMs);
    const request = await this.#first.promise;
    clearTimeout(patience);
    if (request === undefined || signal.aborted) return;
    this.#guardian = startGuardian();
    const log = new ServerLog(join(folder, "server.log"), (line) => {
      for (const lease of this.#leases) if (lease.wantsLog) lease.send({ log: line });
    });
    try {
      await openCluster(cluster, request.durable, signal);
      await endLeftoverServer(cluster);
      const server = await startServerProcess(
        {
          durable: request.durable,
          settings: request.settings ?? {},
          port: request.port,
          preferredPort: lastPort(folder),
        },
        { cluster, guardian: this.#guardian, log, signal },
      );
      writePrivateFile(join(folder, "port"), `${server.port}\n`, "w");
      await this.#keep({ server, request, log, version: cluster.binaries.version });
    } catch (error) {
      // Whoever waited has left, so nobody needs to be told.
      if (!signal.aborted) throw error;
    } finally {
      await this.#guardian.dismiss();
    }
  }

  /** Until the last lease ends, or the server by itself. */
  async #keep({ server, request, log, version }: Keeping): Promise<void> {
    const { signal } = this.#stopping;
    this.#running = { ...request, port: server.port, version };
    for (const lease of this.#leases) this.#hand(lease);
    const asked = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => {
        resolve();
      });
      if (signal.aborted) resolve();
    });
    await Promise.race([server.ended, asked]);
    if (!signal.aborted) {
      throw new PostgresError(
        "SERVER_FAILED",
        `The PostgreSQL server in ${this.#plan.folder} stopped by itself. Its last words:\n${log.tail}`,
        {
          hint: "Start it again; nothing that was committed is lost unless durable was false.",
        },
      );
    }
    await server.stop(this.#folderGone ? "immediate" : "fast");
    await server.ended;
  }

  #open(lease: Lease): void {
    this.#first.resolve(lease.request);
    if (this.#stopping.signal.aborted) {
      void lease.end({ stopping: true });
      return;
    }
    this.#leases.add(lease);
    this.#hand(lease);
  }

  /** Hands out the server once it runs, or says why this process cannot have it. */
  #hand(lease: Lease): void {
    if (this.#running === undefined) return;
    const conflict = conflictOf(this.#running, lease.request);
    if (conflict === undefined) {
      const { port, version } = this.#running;
      lease.send({ ready: true, port, version });
      return;
    }
    const error = new PostgresError(
      "DATA_FOLDER_IN_USE",
      `The PostgreSQL server in ${this.#plan.folder} is running ${conflict}.`,
      {
        hint: "Close it in the other process first, or ask for the same as it did.",
      },
    );
    void lease.end({ failed: errorMessage(error) });
    this.#drop(lease);
  }

  /** The last to leave is answered when the server is gone. */
  #leave(lease: Lease): void {
    if (this.#leases.size > 1) {
      void lease.end({ left: true });
    } else {
      this.#leaving.add(lease);
    }
    this.#drop(lease);
  }

  #drop(lease: Lease): void {
    this.#leases.delete(lease);
    if (this.#leases.size === 0) this.#stopping.abort();
  }

  /** A process that was stopped in the debugger does not keep this one waiting. */
  async #farewell(message: LeaseMessage): Promise<void> {
    const said = [...this.#leases, ...this.#leaving].map(async (lease) => {
      await lease.end(message);
    });
    this.#leases.clear();
    await Promise.race([Promise.all(said), sleep(1000)]);
  }

  /** Other machines see that this one lives; a folder that was deleted ends the server. */
  #pulse(lock: Lock): NodeJS.Timeout {
    return setInterval(() => {
      if (touchLock(lock)) return;
      this.#folderGone = true;
      this.#stopping.abort();
    }, touchMs);
  }
}

function lastPort(folder: string): number | undefined {
  try {
    const port = Number.parseInt(readFileSync(join(folder, "port"), "utf8"), 10);
    return port > 0 && port < 65_536 ? port : undefined;
  } catch {
    return undefined;
  }
}

/** Whatever was thrown, as the error of a start. */
export function startErrorOf(error: unknown, folder: string): PostgresError {
  const known = folderError(error, folder);
  if (known instanceof PostgresError) return known;
  const reason = error instanceof Error ? error.message : String(error);
  return new PostgresError(
    "SERVER_FAILED",
    `The PostgreSQL server in ${folder} could not be started: ${reason}`,
    {
      hint: "This is a fault of ctb-data: please report it.",
      cause: error,
    },
  );
}
