import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

let version: string | undefined;

/** The version of this package, for the runs. */
export function toolVersion(): string {
  version ??= readVersion();
  return version;
}

function readVersion(): string {
  // By name: the same from src/, from dist/ and from a program that this is bundled into.
  const path = createRequire(import.meta.url).resolve("@ctb-data/integrity/package.json");
  const manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "";
}
