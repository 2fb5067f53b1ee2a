import { openFirestore } from "@ctb-data/firestore";
import { openPostgres } from "@ctb-data/postgres";
import { createBackup, restoreBackup } from "../src/index.ts";
import { openFolderStorage } from "../src/storage/folder/folder-storage.ts";
import { worldRegistry } from "./backup-world.ts";
import { stepStorage } from "./step-storage.ts";
import { parseWorkflowRun } from "./workflow-process.ts";

/** Makes or restores a backup, and kills itself with SIGKILL before a step: `node workflow-program.ts JSON`. */
const run = parseWorkflowRun(process.argv[2] ?? "");
let steps = 0;
function step(): void {
  if (steps === run.steps) process.kill(process.pid, "SIGKILL");
  steps += 1;
}
const storage = stepStorage(await openFolderStorage({ dir: run.dir }), async () => {
  step();
  // The signal is on its way: nothing else may happen before it is here.
  if (steps > run.steps + 1) await new Promise(() => undefined);
});
const postgres = await openPostgres({ url: run.url });
const firestore = await openFirestore({
  registry: worldRegistry,
  projectId: run.project,
  emulatorHost: run.firestoreHost,
});
const common = { storage, postgres, firestore, onProgress: step };
if (run.work === "create") {
  const encryption = { kind: "age", recipients: [run.recipient] } as const;
  await createBackup({ ...common, encryption, signingKey: run.signingKey, splitBytes: 65_536 });
} else {
  await restoreBackup({ ...common, id: run.id, identities: [run.identity], ramp: false });
}
await firestore.close();
await postgres.close();
process.stdout.write(`${steps}\n`);
