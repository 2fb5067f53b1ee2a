import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a program said. */
export interface ProgramResult {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Property tests: ten examples, a hundred with SLOW=1. */
export const propertyRuns: { readonly numRuns: number } = {
  numRuns: process.env["SLOW"] === "1" ? 100 : 10,
};

/** True when a program can be started. Tests that need one skip themselves without it. */
export function hasProgram(name: string): boolean {
  return spawnSync(name, ["--help"], { stdio: "ignore" }).error === undefined;
}

/** Runs a program to its end. */
export function runProgram(
  name: string,
  args: readonly string[],
  options: { readonly input?: string | Uint8Array; readonly cwd?: string } = {},
): ProgramResult {
  const { status, stdout, stderr } = spawnSync(name, args, {
    ...options,
    maxBuffer: 256 * 1024 * 1024,
  });
  return { status, stdout, stderr: stderr.toString() };
}

/** A folder that goes away when the test ends. */
export function createTestFolder(): Disposable & { readonly path: (name: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), "ctb-keys-"));
  return {
    path: (name) => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
