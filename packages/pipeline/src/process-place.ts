import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

let place: string | undefined;

/**
 * Where the numbers of processes mean the same as here: this boot of this machine, and on Linux the same namespace of processes, which
 * containers have of their own.
 */
export function processPlace(): string {
  place ??= [
    hostname(),
    textOr("", () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    textOr("", () => readlinkSync("/proc/self/ns/pid")),
  ].join(" ");
  return place;
}

/** Whether there is certainly no process of this number in this place. */
export function isGone(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it is there, and another user's.
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

function textOr(otherwise: string, read: () => string): string {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
