import {
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
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
    mkdirSync(dirname(path), { recursive: true });
    // Others may pass through, as the server must when it runs as another user; the files below are private.
    mkdirSync(path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    const folder = realpathSync(path);
    if (!readMarker(folder)) {
      checkEmpty(folder);
      writePrivateFile(join(folder, marker), `${JSON.stringify({ format: 1 })}\n`, "w");
    }
    return folder;
  } catch (error) {
    throw folderError(error, path);
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
 * Writes a file that only its owner may read. Root gives it to the owner of the folder, who will need it when
 * root is gone.
 */
export function writePrivateFile(file: string, text: string, flag: "a" | "w" | "wx" = "wx"): void {
  writeFileSync(file, text, { mode: 0o600, flag });
  if (process.getuid?.() !== 0) return;
  const owner = statSync(dirname(file));
  if (owner.uid !== 0) chownSync(file, owner.uid, owner.gid);
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
  EEXIST: ["is a file", "Choose a dataDir that is a folder or does not exist."],
  ENAMETOOLONG: ["has too long a name", "Choose a shorter dataDir."],
  ELOOP: ["leads through a loop of symbolic links", "Choose another dataDir."],
  ENOENT: ["does not exist any more", "It was deleted meanwhile: start again."],
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
