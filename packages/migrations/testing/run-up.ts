// A runner as a process of its own, for tests that kill it: node run-up.ts <url> <dir>. One line per event on stdout.
import { writeSync } from "node:fs";
import { openPostgres } from "@ctb-data/postgres";
import { migrateUp, MigrationError, retry } from "../src/index.ts";

const [url = "", dir = ""] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);
const options = { dir, onProgress: (event: { readonly kind: string }) => say(event.kind) };

await using db = await openPostgres({ url, applicationName: "the runner" });
try {
  await migrateUp(db, options);
} catch (error) {
  if (!(error instanceof MigrationError) || error.code !== "UNFINISHED") throw error;
  await retry(db, options);
  await migrateUp(db, options);
}
say("done");
