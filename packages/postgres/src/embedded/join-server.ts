import { setTimeout as sleep } from "node:timers/promises";
import { PostgresError } from "../postgres-error.ts";
import { folderError } from "./data-folder.ts";
import { isTouched, type Lock, lockState, readLock } from "./generation-lock.ts";
import type { Binaries } from "./locate-binaries.ts";
import { type LeaseWishes, type RunningServer, ServerLease } from "./server-lease.ts";
import { startSupervisorProcess, type SupervisorProcess } from "./supervisor-process.ts";

/** What `joinServer` needs to know. */
export interface JoinOptions extends LeaseWishes {
  /** The real path of the data folder. */
  readonly folder: string;
  readonly binaries: Binaries;
  /** Fires when the caller gives up or the time is over; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** A lease and what it is a lease of. */
export interface JoinedServer {
  readonly lease: ServerLease;
  readonly server: RunningServer;
}

const elsewhereMs = 5000;

/**
 * Takes a lease on the server of a folder, and starts one when there is none. Any number of processes may do so at the same
 * moment: all of them end with leases on one server.
 */
export async function joinServer(options: JoinOptions): Promise<JoinedServer> {
  let supervisor: SupervisorProcess | undefined;
  let staleGeneration = 0;
  try {
    for (;;) {
      options.signal.throwIfAborted();
      const lock = readFolderLock(options.folder);
      const state =
        lock === undefined || lock.generation <= staleGeneration ? "free" : lockState(lock);
      const joined =
        lock === undefined || state === "free" ? undefined : await tryLock(lock, options);
      if (joined !== undefined) return joined;
      options.signal.throwIfAborted();
      const { ended = true, complaint } = supervisor?.state() ?? {};
      if (complaint !== undefined) throw complaint;
      if (lock !== undefined && state === "elsewhere") {
        await refuseIfUsedElsewhere(lock, options.folder);
        staleGeneration = lock.generation;
        continue;
      }
      if (state === "free" && ended) {
        supervisor?.release();
        const { folder, binaries } = options;
        supervisor = startSupervisorProcess({ folder, binaries, staleGeneration });
      }
      await sleep(8);
    }
  } finally {
    supervisor?.release();
  }
}

/** A lease from the holder of a lock, once its server is ready; `undefined` when it is gone, going, or does not answer. */
async function tryLock(lock: Lock, options: JoinOptions): Promise<JoinedServer | undefined> {
  const lease = await ServerLease.open(lock, options, 3000);
  if (lease === undefined) return undefined;
  const giveUp = (): void => {
    lease.abandon();
  };
  options.signal.addEventListener("abort", giveUp);
  try {
    if (options.signal.aborted) giveUp();
    const server = await lease.server();
    return server === undefined ? undefined : { lease, server };
  } finally {
    options.signal.removeEventListener("abort", giveUp);
  }
}

function readFolderLock(folder: string): Lock | undefined {
  try {
    return readLock(folder);
  } catch (error) {
    throw folderError(error, folder);
  }
}

async function refuseIfUsedElsewhere(lock: Lock, folder: string): Promise<void> {
  if (!(await isTouched(lock, elsewhereMs))) return;
  const machine = lock.machine.split(" ")[0] ?? "";
  throw new PostgresError(
    "DATA_FOLDER_IN_USE",
    `Another machine or container (${machine}) runs the PostgreSQL server of ${folder}.`,
    {
      hint: "Stop it there, or choose another dataDir.",
    },
  );
}
