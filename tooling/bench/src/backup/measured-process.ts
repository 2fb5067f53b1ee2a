import { spawn } from "node:child_process";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { peaksOf } from "./process-tree.ts";

/** What a program took. */
export interface Usage {
  /** User and system time of it and of all that it started, in seconds of one core. */
  readonly cpuSeconds: number;
  /** The most that its processes held, each at its own peak, together. NaN where the system does not tell. */
  readonly peakMiB: number;
  readonly stdout: string;
}

/** How often memory is looked at. A peak lasts: the system keeps it as long as the process lives. */
const lookMs = 40;

/**
 * Runs a program to its end.
 *
 * @throws {Error} with what it said last, when it fails.
 */
export async function runMeasured(
  command: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>> = {},
): Promise<Usage> {
  // The shell's `times` knows what its children used, on every system.
  const child = spawn("sh", ["-c", '"$@"; status=$?; times >&3; exit $status', "sh", ...command], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...environment },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const texts = ["", "", ""];
  [child.stdout, child.stderr, child.stdio[3]].forEach((stream, index) => {
    stream?.on("data", (chunk: Buffer) => {
      texts[index] = (texts[index] + chunk.toString()).slice(-20_000);
    });
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  const looking = new AbortController();
  const peak = watchPeak(child.pid ?? 0, looking.signal);
  const status = await ended.finally(() => {
    looking.abort();
  });
  const [stdout = "", stderr = "", times = ""] = texts;
  if (status !== 0) {
    // Not its arguments: they hold passwords and keys.
    throw new Error(`${basename(command[0])} ended with ${status}: ${stderr.trim()}`);
  }
  return { stdout, cpuSeconds: childSeconds(times), peakMiB: await peak };
}

async function watchPeak(root: number, signal: AbortSignal): Promise<number> {
  const peaks = new Map<number, number>();
  while (!signal.aborted) {
    // The shell itself does not count.
    for (const [pid, peak] of await peaksOf(root)) if (pid !== root) peaks.set(pid, peak);
    await sleep(lookMs, undefined, { signal }).catch(() => {});
  }
  return peaks.size === 0 ? Number.NaN : [...peaks.values()].reduce((sum, one) => sum + one, 0);
}

/** `times` writes two lines, the second for the children: `0m1.23s 0m0.45s`. */
function childSeconds(times: string): number {
  const matches = [...times.matchAll(/(\d+)m([\d.,]+)s/gu)].slice(2, 4);
  const seconds = matches.map(
    ([, minutes, rest = ""]) => Number(minutes) * 60 + Number(rest.replace(",", ".")),
  );
  return seconds.length === 2 ? seconds.reduce((sum, one) => sum + one, 0) : Number.NaN;
}
