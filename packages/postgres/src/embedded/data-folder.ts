import {
  closeSync,
  constants,
  fchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PostgresError } from "../postgres-error.ts";
import { numberIn, parseJsonObject } from "./json-object.ts";

const marker = "ctb-data-postgres.json";
/** What version control and file systems put into a folder that is otherwise empty. */
const harmless = new Set([".gitignore", ".gitkeep", ".keep", ".DS_Store", "lost+found"]);

/**
 * Makes the folder if need be, and returns its real path. It holds `data/` (the cluster), `password`, `server.log`,
 * `lock.N` and a marker that says what it is.
 *
 * @throws {PostgresError} DATA_FOLDER_UNUSABLE when it holds something else, or cannot be read and written;
 * RESOURCES_EXHAUSTED when the disk is full.
 */
export function openDataFolder(dataDir: string): string {
  const path = resolve(dataDir);
  if (path.includes("\0")) {
    throw new PostgresError("INVALID_OPTIONS", "dataDir holds a NUL character.", {
      hint: "Pass the path of a folder.",
    });
  }
  try {
    // Others may pass through, as the server must when it runs as another user; the files below are private.
    makeFolder(path, process.getuid?.() === 0 ? 0o711 : 0o700);
    const folder = realpathSync(path);
    checkOwner(folder);
    if (!readMarker(folder)) {
      checkEmpty(folder);
      writePrivateFile(join(folder, marker), `${JSON.stringify({ format: 1 })}\n`, "w");
    }
    return folder;
  } catch (error) {
    throw folderError(error, path);
  }
}

/** Node.js 24 never returns from `mkdirSync("/proc/x", { recursive: true })`. */
function makeFolder(path: string, mode: number): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path), 0o777);
  makeLast(path, mode);
}

/** Another process may have made it meanwhile. */
function makeLast(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** True when the folder is one of ours. */
function readMarker(folder: string): boolean {
  let text: string;
  try {
    text = readFileSync(join(folder, marker), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
  // An empty marker was left by a full disk or a crash; it is written again.
  if (text.trim() === "") return false;
  const format = numberIn(parseJsonObject(text) ?? {}, "format");
  if (format === 1) return true;
  throw new PostgresError(
    "DATA_FOLDER_UNUSABLE",
    `${join(folder, marker)} is not of a kind that this version knows.`,
    {
      hint: "A newer version of ctb-data made the folder: update, or choose another dataDir.",
    },
  );
}

function checkEmpty(folder: string): void {
  const names = readdirSync(folder).filter((name) => name !== marker && !harmless.has(name));
  if (names.length === 0) return;
  const message = names.includes("PG_VERSION")
    ? `${folder} is the data folder of a PostgreSQL server that ctb-data did not make.`
    : `${folder} is not empty, and no embedded PostgreSQL.`;
  throw new PostgresError("DATA_FOLDER_UNUSABLE", message, {
    hint: "Choose a dataDir that is empty or does not exist. Nothing was changed.",
  });
}

/**
 * Opens a file that only its owner may read, and returns its descriptor. A symbolic link in its place is refused: the folder may
 * belong to somebody whom root must not write for. Root gives the file to the owner of the folder, who will need it
 * when root is gone.
 * @param flag As for `fs.open`: `wx` fails when it exists.
 */
export function openPrivateFile(file: string, flag: "a" | "w" | "wx"): number {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_APPEND, O_TRUNC, O_EXCL } = constants;
  // Windows has no O_NOFOLLOW: there it counts as 0.
  const how = { a: O_APPEND, w: O_TRUNC, wx: O_EXCL }[flag];
  const descriptor = openSync(file, O_WRONLY | O_CREAT | O_NOFOLLOW | how, 0o600);
  try {
    const owner = statSync(dirname(file));
    if (process.getuid?.() === 0 && owner.uid !== 0) fchownSync(descriptor, owner.uid, owner.gid);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Writes a whole file; see {@link openPrivateFile}. */
export function writePrivateFile(file: string, text: string, flag: "w" | "wx" = "wx"): void {
  const descriptor = openPrivateFile(file, flag);
  try {
    writeSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
}

/** What another user prepared could be settings that run programs. */
function checkOwner(folder: string): void {
  const uid = process.getuid?.();
  const { uid: owner } = statSync(folder);
  if (uid === undefined || uid === 0 || owner === uid || owner === 0) return;
  throw new PostgresError(
    "DATA_FOLDER_UNUSABLE",
    `The data folder ${folder} belongs to another user.`,
    {
      hint: "Choose another dataDir, or start as the user who owns it.",
    },
  );
}

const reasons: Readonly<Record<string, readonly [string, string]>> = {
  EACCES: [
    "may not be read and written by this user",
    "Choose another dataDir, or start as the user who owns it.",
  ],
  EPERM: [
    "may not be changed by this user",
    "Choose another dataDir, or start as the user who owns it.",
  ],
  EROFS: ["is on a file system that cannot be written", "Choose a dataDir that can be written."],
  ENOTDIR: ["is not a folder, or is below a file", "Choose another dataDir."],
  EEXIST: ["is a file, or lies below one", "Choose a dataDir that is a folder or does not exist."],
  ENAMETOOLONG: ["has too long a name", "Choose a shorter dataDir."],
  ELOOP: [
    "holds a symbolic link where a file should be, or is one without end",
    "Choose another dataDir.",
  ],
  ENOENT: ["does not exist and cannot be made", "Choose another dataDir."],
};

/** The error to show for a failed operation on a file of the folder. Anything unknown is returned as it is. */
export function folderError(error: unknown, dataDir: string): unknown {
  if (error instanceof PostgresError || !(error instanceof Error) || !("code" in error))
    return error;
  if (error.code === "ENOSPC" || error.code === "EDQUOT") {
    return new PostgresError(
      "RESOURCES_EXHAUSTED",
      `There is no space left for the embedded PostgreSQL in ${dataDir}.`,
      {
        hint: "Free some space (a new server takes 40 MB), or choose another dataDir.",
        cause: error,
      },
    );
  }
  const [what, hint] = reasons[String(error.code)] ?? [
    `cannot be used (${error.message})`,
    "Choose another dataDir.",
  ];
  return new PostgresError("DATA_FOLDER_UNUSABLE", `The data folder ${dataDir} ${what}.`, {
    hint,
    cause: error,
  });
}
