import { randomBytes } from "node:crypto";
import { linkSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writePrivateFile } from "./data-folder.ts";
import { numberIn, parseJsonObject, stringIn } from "./json-object.ts";
import { machineIdentity, processIdentity } from "./process-identity.ts";

/** What the supervisor of a data folder tells about itself. */
export interface LockHolder {
  readonly pid: number;
  /** See {@link processIdentity}. */
  readonly identity: string;
  /** See {@link machineIdentity}. */
  readonly machine: string;
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  /** Both sides prove to each other that they know it. */
  readonly token: string;
}

/** A holder and its place in the row. */
export interface Lock extends LockHolder {
  readonly generation: number;
  readonly file: string;
}

const namePattern = /^lock\.(\d{1,15})$/;

/**
 * The newest lock of a folder, whether its holder lives or not.
 *
 * Locks are numbered files. The one with the highest number counts; nobody deletes that one, also not its holder, so the
 * numbers only grow and two that both believe the holder dead cannot both become the next one.
 */
export function readLock(folder: string): Lock | undefined {
  const generation = highestGeneration(folder);
  if (generation === 0) return undefined;
  const file = join(folder, `lock.${generation}`);
  let object;
  try {
    object = parseJsonObject(readFileSync(file, "utf8"));
  } catch (error) {
    // Superseded and deleted since it was listed.
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return readLock(folder);
    throw error;
  }
  const lock = {
    pid: numberIn(object ?? {}, "pid") ?? 0,
    identity: stringIn(object ?? {}, "identity") ?? "",
    machine: stringIn(object ?? {}, "machine") ?? machineIdentity(),
    port: numberIn(object ?? {}, "port") ?? 0,
    token: stringIn(object ?? {}, "token") ?? "",
  };
  return { ...lock, generation, file };
}

/** Whether the holder lives, as far as this machine can tell; `"elsewhere"` when it cannot. */
export function lockState(lock: Lock): "held" | "free" | "elsewhere" {
  if (lock.machine !== machineIdentity()) return "elsewhere";
  return processIdentity(lock.pid) === lock.identity ? "held" : "free";
}

/** The process that holds a folder, if any does on this machine. */
export function holderOf(folder: string): number | undefined {
  try {
    const lock = readLock(folder);
    return lock !== undefined && lockState(lock) === "held" ? lock.pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Becomes the holder; `undefined` when somebody else is.
 * @param staleGeneration A lock of another machine that is known to be abandoned.
 */
export function acquireLock(
  folder: string,
  holder: LockHolder,
  staleGeneration = 0,
): Lock | undefined {
  for (;;) {
    const last = readLock(folder);
    if (last !== undefined && last.generation > staleGeneration && lockState(last) !== "free")
      return undefined;
    const generation = (last?.generation ?? 0) + 1;
    const file = join(folder, `lock.${generation}`);
    if (!createWhole(folder, file, JSON.stringify(holder))) continue;
    if (highestGeneration(folder) > generation) {
      rmSync(file, { force: true });
      continue;
    }
    for (const old of generations(folder)) {
      if (old < generation) rmSync(join(folder, `lock.${old}`), { force: true });
    }
    return { ...holder, generation, file };
  }
}

/** Shows other machines that the holder lives. False when the lock is gone, because the folder is. */
export function touchLock(lock: Lock): boolean {
  try {
    utimesSync(lock.file, new Date(), new Date());
    return true;
  } catch (error) {
    return !(
      error instanceof Error &&
      "code" in error &&
      (error.code === "ENOENT" || error.code === "ENOTDIR")
    );
  }
}

/** Whether a holder that cannot be asked still touches its lock; takes `waitMs` to say no. */
export async function isTouched(lock: Lock, waitMs: number): Promise<boolean> {
  const modified = (): number => statSync(lock.file, { throwIfNoEntry: false })?.mtimeMs ?? -1;
  const before = modified();
  for (let waited = 0; waited < waitMs; waited += 200) {
    await sleep(200);
    if (modified() !== before) return true;
  }
  return false;
}

function generations(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => Number(namePattern.exec(name)?.[1] ?? []));
}

function highestGeneration(folder: string): number {
  return Math.max(0, ...generations(folder));
}

/** A file that exists is complete: it is written under another name first. */
function createWhole(folder: string, file: string, text: string): boolean {
  const draft = join(folder, `.new-${randomBytes(8).toString("hex")}`);
  writePrivateFile(draft, text);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
