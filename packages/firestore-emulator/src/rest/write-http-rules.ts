import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { httpRulesOf } from "./http-rules-of.ts";

// Copies what `@google-cloud/firestore` says of the paths of the service. It is apart from the messages, which gRPC needs too.
const manifest = createRequire(import.meta.url).resolve("@google-cloud/firestore/package.json");
const shipped = readFileSync(join(dirname(manifest), "build/protos/v1.json"), "utf8");
writeFileSync(
  new URL("http-rules.json", import.meta.url),
  `${JSON.stringify(httpRulesOf(JSON.parse(shipped)))}\n`,
);
