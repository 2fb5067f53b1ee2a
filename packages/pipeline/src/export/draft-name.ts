import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isGone, processPlace } from "../process-place.ts";

/**
 * `.ctb-export-<machine>-<process>-<start>-<random>.tmp`: who writes it, so that the next export in the folder can tell what a process
 * that was killed has left from what another is writing.
 */
const pattern =
  /^\.ctb-export-(?<machine>[\da-f]{12})-(?<pid>\d{1,10})-(?<start>\d{1,20})-[\da-f]{12}\.tmp$/;

/** What nobody has written to for so long is not written by anybody: for files of other machines, of which nothing else is known. */
const forgottenMs = 7 * 24 * 60 * 60 * 1000;

/** A name in the same folder, so in the same file system, that nobody else has. */
export function draftIn(folder: string): string {
  const random = randomBytes(6).toString("hex");
  return join(
    folder,
    `.ctb-export-${machine()}-${process.pid}-${startOf("self") ?? "0"}-${random}.tmp`,
  );
}

/** Removes what killed exports have left in a folder. Never what a live process writes. Never rejects. */
export async function removeLeftDrafts(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const groups = pattern.exec(name)?.groups;
    if (groups === undefined) continue;
    const path = join(folder, name);
    const { machine: of = "", pid = "", start = "" } = groups;
    const left = of === machine() ? !isAlive(pid, start) : await isForgotten(path);
    if (left) await rm(path, { force: true }).catch(() => undefined);
  }
}

let known: string | undefined;

/** This boot of this machine, and this space of process numbers: containers of one machine share files, but not those. */
function machine(): string {
  known ??= createHash("sha256").update(processPlace()).digest("hex").slice(0, 12);
  return known;
}

/** When a process started, in ticks since the boot; undefined where the system does not tell. */
function startOf(pid: string): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program, in parentheses, may hold anything.
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

/** A number is given again: only with the same start is it the same process. */
function isAlive(pid: string, start: string): boolean {
  if (isGone(Number(pid))) return false;
  const now = startOf(pid);
  return now === undefined || start === "0" || now === start;
}

async function isForgotten(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > forgottenMs;
}
