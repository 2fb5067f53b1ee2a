import { spawnSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * What tells a process from a later one with the same number: when it began. `undefined` when there is no such process
 * (a zombie counts as none), `"running"` where the system does not tell when it began.
 */
export function processIdentity(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (process.platform === "linux") {
    const stat = textOf(`/proc/${pid}/stat`);
    // The name in brackets may hold spaces and brackets; the fields after it may not. State is the 3rd, start the 22nd.
    const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
    if (fields[0] === undefined || fields[0] === "Z" || fields[0] === "X") return undefined;
    return `${bootIdentity()}:${fields[19] ?? ""}`;
  }
  if (!mayExist(pid)) return undefined;
  if (process.platform === "win32") return "running";
  const { stdout } = spawnSync("/bin/ps", ["-o", "lstart=", "-p", String(pid)], {
    encoding: "utf8",
    env: { LC_ALL: "C" },
  });
  return stdout?.trim() || undefined;
}

/** Differs after each start of the machine; empty where the system does not tell. */
export function bootIdentity(): string {
  return textOf("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
}

/** Names the set of processes that this one can see: numbers of processes mean nothing in another container or machine. */
export function machineIdentity(): string {
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

function mayExist(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
