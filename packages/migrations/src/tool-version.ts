import { readFileSync } from "node:fs";

let version: string | undefined;

/** The version of this package, for the history. */
export function toolVersion(): string {
  version ??= readVersion();
  return version;
}

function readVersion(): string {
  // The same path from src/ and from dist/.
  const manifest: unknown = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  );
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "";
}
