import { randomUUID } from "node:crypto";
import { linkSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { draftBeside, replaceFile, syncFolder, writeNewFile } from "./durable-file.ts";
import { fileErrorCode } from "./file-error.ts";
import { bootIdentity, machineIdentity, processIdentity } from "./process-identity.ts";

/** Where a server listens. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** What the holder of a folder wrote about itself. */
export interface LockHolder {
  readonly pid: number;
  /** See {@link processIdentity}. */
  readonly identity: string;
  /** See {@link machineIdentity}. */
  readonly machine: string;
  readonly boot: string;
  /** Tells this lock from one of the same name in a folder that was deleted and made anew. */
  readonly token: string;
  /** Since it listens. */
  readonly address?: ServerAddress;
  /** It gave the folder up by itself. */
  readonly released?: boolean;
}

/** A holder and its place in the row. */
interface Lock {
  readonly holder: LockHolder;
  readonly generation: number;
  readonly file: string;
}

/** How often a holder shows that it lives, and how long those wait for it who cannot see its process. */
const beatMs = 1000;
const patienceMs = 5000;
const namePattern = /^lock\.(\d{1,15})$/u;

/**
 * The lock of a data folder while this process holds it.
 *
 * Locks are numbered files. The one with the highest number counts; nobody deletes that one, also not its holder, so the
 * numbers only grow and two that both believe the holder dead cannot both become the next one.
 */
export class FolderLock {
  /** The machine went down while somebody wrote here: of what was not yet on disk, any part may be missing. */
  readonly afterPowerLoss: boolean;
  #holder: LockHolder;
  readonly #file: string;
  readonly #timer: NodeJS.Timeout;
  #lastBeat = performance.now();
  #lost = false;

  private constructor(lock: Lock, afterPowerLoss: boolean) {
    this.#holder = lock.holder;
    this.#file = lock.file;
    this.afterPowerLoss = afterPowerLoss;
    this.#timer = setInterval(() => this.#beat(), beatMs).unref();
  }

  /** The lock, or who has it. */
  static async acquire(folder: string): Promise<FolderLock | LockHolder> {
    let abandoned = 0;
    for (;;) {
      const last = readLock(folder);
      const state = last ? stateOf(last.holder) : "free";
      if (last && last.generation > abandoned && state !== "free") {
        if (state === "held" || (await isTouched(last.file))) return last.holder;
        abandoned = last.generation;
        continue;
      }
      const lock = createLock(folder, (last?.generation ?? 0) + 1);
      if (!lock) continue;
      const boot = last?.holder.released === true ? "" : last?.holder.boot;
      return new FolderLock(lock, Boolean(boot) && boot !== lock.holder.boot);
    }
  }

  /** Whether this process still holds the folder: nobody deleted it, or took it over while this process stood still. */
  get isHeld(): boolean {
    if (!this.#lost && performance.now() - this.#lastBeat > 2 * beatMs) this.#beat();
    return !this.#lost;
  }

  publish(address: ServerAddress): void {
    this.#holder = { ...this.#holder, address };
    replaceFile(this.#file, JSON.stringify(this.#holder));
  }

  release(): void {
    clearInterval(this.#timer);
    if (!this.#lost) this.#beat();
    if (this.#lost) return;
    const { address: _, ...holder } = this.#holder;
    replaceFile(this.#file, JSON.stringify({ ...holder, released: true }));
    this.#lost = true;
  }

  #beat(): void {
    try {
      this.#lost = parseHolder(readFileSync(this.#file, "utf8")).token !== this.#holder.token;
      if (this.#lost) return;
      utimesSync(this.#file, new Date(), new Date());
      this.#lastBeat = performance.now();
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(fileErrorCode(error) ?? "")) this.#lost = true;
    }
  }
}

/** Who holds the folder as far as this process can see, at once. */
export function livingHolder(folder: string): LockHolder | undefined {
  const lock = readLock(folder);
  if (!lock) return undefined;
  const state = stateOf(lock.holder);
  const fresh = Math.abs(Date.now() - modified(lock.file)) < patienceMs;
  return state === "held" || (state === "unknown" && fresh) ? lock.holder : undefined;
}

function readLock(folder: string): Lock | undefined {
  for (;;) {
    const generation = Math.max(0, ...generations(folder));
    if (generation === 0) return undefined;
    const file = join(folder, `lock.${generation}`);
    try {
      return { holder: parseHolder(readFileSync(file, "utf8")), generation, file };
    } catch (error) {
      // Superseded and deleted since it was listed.
      if (fileErrorCode(error) !== "ENOENT") throw error;
    }
  }
}

/** A lock that cannot be read is nobody's: it is written whole, so that something else damaged it. */
function parseHolder(text: string): LockHolder {
  const nobody = { pid: 0, identity: "", machine: machineIdentity(), boot: "", token: "" };
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...nobody, ...value } : nobody;
  } catch {
    return nobody;
  }
}

/** Whether the holder lives; `unknown` where its process cannot be seen from here, or not told from a later one. */
function stateOf({ pid, identity, machine, released }: LockHolder): "held" | "free" | "unknown" {
  if (released === true) return "free";
  if (machine !== machineIdentity()) return "unknown";
  const now = processIdentity(pid);
  if (now !== identity) return "free";
  return identity === "running" && pid !== process.pid ? "unknown" : "held";
}

async function isTouched(file: string): Promise<boolean> {
  const before = modified(file);
  for (let waited = 0; waited < patienceMs; waited += 200) {
    await sleep(200);
    if (modified(file) !== before) return true;
  }
  return false;
}

function modified(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -1;
}

/** Becomes the holder of that number, unless somebody else is faster. */
function createLock(folder: string, generation: number): Lock | undefined {
  const file = join(folder, `lock.${generation}`);
  const holder = {
    pid: process.pid,
    identity: processIdentity(process.pid) ?? "",
    machine: machineIdentity(),
    boot: bootIdentity(),
    token: randomUUID(),
  };
  if (!createWhole(file, JSON.stringify(holder))) return undefined;
  const others = generations(folder);
  if (Math.max(...others) > generation) {
    rmSync(file, { force: true });
    return undefined;
  }
  for (const old of others) {
    if (old < generation) rmSync(join(folder, `lock.${old}`), { force: true });
  }
  syncFolder(folder);
  return { holder, generation, file };
}

function generations(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => Number(namePattern.exec(name)?.[1] ?? []));
}

/** A file that exists is complete: it is written under another name first. False when there is one already. */
function createWhole(file: string, text: string): boolean {
  const draft = draftBeside(file);
  writeNewFile(draft, Buffer.from(text));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (fileErrorCode(error) === "EEXIST") return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(fileErrorCode(error) ?? ""))
      throw error;
    return createWithoutLinks(file, text);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** On file systems such as exFAT. Who reads it before it is complete takes it over, which the holder notices by its beat. */
function createWithoutLinks(file: string, text: string): boolean {
  try {
    writeNewFile(file, Buffer.from(text));
    return true;
  } catch (error) {
    if (fileErrorCode(error) === "EEXIST") return false;
    throw error;
  }
}
