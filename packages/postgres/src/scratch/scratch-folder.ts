import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statfsSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Files in memory, on Linux. */
const memory = "/dev/shm";
const gibibyte = 1024 ** 3;

/**
 * Where the embedded server of a project's tests keeps its data: in memory where there is plenty of it (4 GiB of `/dev/shm` and 8 GiB
 * altogether free), else below the `node_modules` of the workspace, else in the temporary folder. In memory a database is there in
 * half the time, and some file systems slow down with every database that is dropped. An idle server takes 100 to 300 MB.
 *
 * @param near a folder of the project; everybody in its workspace gets the same answer.
 */
export function scratchFolder(near: string): string {
  const root = workspaceOf(near);
  const user = process.getuid?.() ?? "user";
  const id = createHash("sha256").update(root).digest("hex").slice(0, 8);
  const candidates = [
    ...(hasPlentyOfMemory() ? [join(memory, `ctb-data-test-${user}-${id}`)] : []),
    ...(existsSync(join(root, "node_modules"))
      ? [join(root, "node_modules", ".cache", "ctb-data", `test-postgres-${user}`)]
      : []),
  ];
  const temporary = join(tmpdir(), `ctb-data-test-postgres-${user}-${id}`);
  return candidates.find(isOurs) ?? temporary;
}

/** The nearest folder above that has a lockfile or is a repository; else the one with a manifest; else the folder itself. */
function workspaceOf(near: string): string {
  const start = realpathSync(near);
  const above: string[] = [start];
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder))
    above.push(dirname(folder));
  const having = (names: readonly string[]): string | undefined =>
    above.find((folder) => names.some((name) => existsSync(join(folder, name))));
  return having(rootMarks) ?? having(["package.json"]) ?? start;
}

const rootMarks = [
  "pnpm-workspace.yaml", "pnpm-lock.yaml", "package-lock.json", "yarn.lock", "bun.lock", ".git",
]; // prettier-ignore

function hasPlentyOfMemory(): boolean {
  try {
    const { type, bavail, bsize } = statfsSync(memory);
    const tmpfs = 0x0102_1994;
    const kibibytes = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
    return (
      type === tmpfs && bavail * bsize >= 4 * gibibyte && Number(kibibytes) * 1024 >= 8 * gibibyte
    );
  } catch {
    return false;
  }
}

/** Makes the folder. False when it cannot be, cannot be written, or belongs to somebody else. */
function isOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    const { uid } = lstatSync(folder);
    return (
      lstatSync(folder).isDirectory() && (process.getuid === undefined || uid === process.getuid())
    );
  } catch {
    return false;
  }
}
