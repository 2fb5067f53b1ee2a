import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

// Copies the protocol as `@google-cloud/firestore` ships it, so that this package needs no client library to run.
const manifest = createRequire(import.meta.url).resolve("@google-cloud/firestore/package.json");
const shipped = readFileSync(join(dirname(manifest), "build/protos/v1.json"), "utf8");
writeFileSync(
  new URL("firestore-v1.json", import.meta.url),
  `${JSON.stringify(JSON.parse(shipped))}\n`,
);
