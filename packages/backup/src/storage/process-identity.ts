import { readFileSync, readlinkSync } from "node:fs";

/** Enough to say for sure, on the same machine, that a process has ended. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The boot of the machine, and the namespace in which its process ids mean something. Empty where neither is known. */
  readonly machine: string;
  /** When the process began, in ticks since that boot: another process of the same id began at another time. */
  readonly started: string;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, machine: machine(), started: startOf(process.pid) ?? "" };
}

/** Whether it is this process. */
export function isOwnProcess({ pid, machine: where, started }: ProcessIdentity): boolean {
  const own = ownIdentity();
  return where !== "" && where === own.machine && pid === own.pid && started === own.started;
}

/** Whether a process has ended for sure. False when it cannot be known: on another machine, in another container, without /proc. */
export function hasEnded({ pid, machine: where, started }: ProcessIdentity): boolean {
  return where !== "" && started !== "" && where === machine() && startOf(pid) !== started;
}

/** A namespace's number is used again only when all its processes have ended, so that equal ones are the same one. */
function machine(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return "";
  }
}

function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Behind the name, which is in brackets and may hold anything; field 22 of proc(5). A zombie has ended.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
