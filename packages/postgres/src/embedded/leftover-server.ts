import { chownSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PostgresError } from "../postgres-error.ts";
import type { Cluster } from "./cluster.ts";
import { parsePostmasterPid } from "./postmaster-pid.ts";
import { commandLineOf, processIdentity, workingDirectoryOf } from "./process-identity.ts";

/** Every server that this package starts says so in its command line. */
export const serverMark = "cluster_name=ctb-data";

/**
 * Clears the way for a new server: stops one that lost its supervisor, and disarms the pid file of one that is dead while another
 * process has its number now.
 *
 * @throws {PostgresError} DATA_FOLDER_IN_USE when a server runs there that this package did not start.
 */
export async function endLeftoverServer(cluster: Cluster): Promise<void> {
  const file = join(cluster.path, "postmaster.pid");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return;
  }
  const pid = parsePostmasterPid(text)?.pid;
  if (pid === undefined) {
    // Empty: its writer was killed at once, or the disk was full. PostgreSQL would refuse to start.
    rmSync(file, { force: true });
    return;
  }
  const identity = processIdentity(pid);
  if (identity === undefined) return;
  const command = commandLineOf(pid);
  if (!isServerOf(pid, command, cluster.path)) {
    disarm(file, text, cluster);
    return;
  }
  if (!command.includes(serverMark)) {
    throw new PostgresError(
      "DATA_FOLDER_IN_USE",
      `A PostgreSQL server that ctb-data did not start (process ${pid}) uses ${cluster.path}.`,
      {
        hint: "Stop it, or choose another dataDir.",
      },
    );
  }
  await stopProcess(pid, identity);
}

function isServerOf(pid: number, command: string, path: string): boolean {
  const folder = workingDirectoryOf(pid);
  if (folder !== undefined) return /\bpostgres\b/.test(command) && folder === realpathSync(path);
  return command.includes("postgres") && command.includes(path);
}

/**
 * Deleting the file would also switch off PostgreSQL's check for orphaned backends, which looks up the memory key in it. A
 * number that no process can have leaves that check on.
 */
function disarm(file: string, text: string, { folder, user }: Cluster): void {
  const draft = join(folder, `.pid-${process.pid}`);
  rmSync(draft, { force: true });
  writeFileSync(draft, text.replace(/^-?\d+/, "2147483646"), { mode: 0o600, flag: "wx" });
  if (user !== undefined) chownSync(draft, user.uid, user.gid);
  renameSync(draft, file);
}

/** Asks nicely first: fast shutdown, then an immediate one, then kill. */
async function stopProcess(pid: number, identity: string): Promise<void> {
  for (const [signal, waitMs] of [
    ["SIGINT", 20_000],
    ["SIGQUIT", 5000],
    ["SIGKILL", 5000],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone meanwhile.
    }
    for (let waited = 0; waited < waitMs; waited += 10) {
      if (processIdentity(pid) !== identity) return;
      await sleep(10);
    }
  }
}
