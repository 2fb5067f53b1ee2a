import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";

/** Linux tells what each process holds and has used; elsewhere these figures are left out. */
export const hasProcessFigures: boolean = existsSync("/proc/self/stat");

/** Ticks per second of the times in /proc: the same on all systems that Node runs on. */
const ticksPerSecond = 100;

interface ProcessFigures {
  readonly pid: number;
  readonly parent: number;
  /** Its own, and that of its children that have ended. */
  readonly cpuSeconds: number;
}

async function figuresOf(pid: number): Promise<ProcessFigures | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "latin1");
    // Its name may hold anything, and stands in parentheses.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { pid, parent: Number(fields[1]), cpuSeconds: ticks / ticksPerSecond };
  } catch {
    return undefined;
  }
}

/** A process and all below it. */
async function treeOf(root: number): Promise<readonly ProcessFigures[]> {
  const names = (await readdir("/proc")).map(Number).filter((pid) => Number.isInteger(pid));
  const all = (await Promise.all(names.map(figuresOf))).filter((one) => one !== undefined);
  const found = new Set([root]);
  for (let size = 0; size < found.size;) {
    size = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all.filter(({ pid }) => found.has(pid));
}

/** What a process and all that it started have used so far, in seconds of one core. NaN where this is not known. */
export async function cpuSecondsOf(root: number): Promise<number> {
  if (!hasProcessFigures) return Number.NaN;
  return (await treeOf(root)).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

/** The parent of a process; 0 where this is not known. */
export async function parentOf(pid: number): Promise<number> {
  return (await figuresOf(pid))?.parent ?? 0;
}

/** Each process of a tree with the most that it ever held, MiB. */
export async function peaksOf(root: number): Promise<ReadonlyMap<number, number>> {
  const peaks = new Map<number, number>();
  if (!hasProcessFigures) return peaks;
  for (const { pid } of await treeOf(root)) {
    try {
      const status = await readFile(`/proc/${pid}/status`, "latin1");
      const kibibytes = /^VmHWM:\s+(\d+)/mu.exec(status)?.[1];
      if (kibibytes !== undefined) peaks.set(pid, Number(kibibytes) / 1024);
    } catch {
      // It has ended.
    }
  }
  return peaks;
}
