import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { readLock } from "../src/embedded/generation-lock.ts";
import { commandLineOf, processIdentity } from "../src/embedded/process-identity.ts";

/** A process, safe against its number being used again. */
export interface KnownProcess {
  readonly pid: number;
  readonly identity: string;
  readonly command: string;
}

/** Everything that runs for the server of a data folder. */
export interface ServerProcesses {
  readonly supervisor: KnownProcess;
  readonly postmaster: KnownProcess;
  readonly guardian: KnownProcess;
  /** These and the processes that they started. */
  readonly all: readonly KnownProcess[];
}

/** Looks up the processes of a running server. */
export function serverProcesses(folder: string): ServerProcesses {
  const supervisor = knownProcess(readLock(folder)?.pid ?? 0);
  const all = [supervisor, ...descendantsOf(supervisor.pid).map(knownProcess)];
  const find = (part: string): KnownProcess => {
    const found = all.find(({ command }) => command.includes(part));
    if (found === undefined) throw new Error(`There is no ${part} among ${JSON.stringify(all)}`);
    return found;
  };
  return {
    supervisor,
    postmaster: find("cluster_name=ctb-data"),
    guardian: find("ctb-data-guardian"),
    all,
  };
}

/** Those that still live. */
export function alive(processes: readonly KnownProcess[]): readonly KnownProcess[] {
  return processes.filter(({ pid, identity }) => processIdentity(pid) === identity);
}

/** Resolves when all are gone. The test's own time limit is the limit. */
export async function untilGone(processes: readonly KnownProcess[]): Promise<void> {
  while (alive(processes).length > 0) await sleep(10);
}

function knownProcess(pid: number): KnownProcess {
  return { pid, identity: processIdentity(pid) ?? "", command: commandLineOf(pid) };
}

function descendantsOf(pid: number): readonly number[] {
  const parents = parentByProcess();
  const below = (parent: number): readonly number[] =>
    parents.flatMap((entry) => (entry.parent === parent ? [entry.pid, ...below(entry.pid)] : []));
  return below(pid);
}

function parentByProcess(): readonly { readonly pid: number; readonly parent: number }[] {
  if (process.platform !== "linux") {
    const lines = execFileSync("ps", ["-axo", "pid=,ppid="], { encoding: "utf8" })
      .trim()
      .split("\n");
    return lines.map((line) => {
      const [pid = "", parent = ""] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent) };
    });
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        return {
          pid: Number(name),
          parent: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]),
        };
      } catch {
        return [];
      }
    });
}
