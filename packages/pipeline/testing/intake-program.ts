import { openFirestore } from "@ctb-data/firestore";
import { parseKeyring } from "@ctb-data/models";
import { openPostgres } from "@ctb-data/postgres";
import { intakeFile } from "../src/intake/intake-file.ts";
import { countedStores } from "./counted-stores.ts";
import type { IntakeTask } from "./intake-process.ts";
import { middleRegistry } from "./middle-registry.ts";
import { testKey } from "./middle-world.ts";
import { takingBlueprint } from "./taking-world.ts";

/** Takes a file in, and kills itself at a moment: `node intake-program.ts TASK`. */
const task: IntakeTask = JSON.parse(process.argv[2] ?? "");
const registry = middleRegistry();
const keyring = parseKeyring(testKey);
let moments = 0;

const postgres = await openPostgres({ url: task.url, registry, keyring });
const { project: projectId, host: emulatorHost } = task;
const firestore = await openFirestore({ registry, projectId, emulatorHost, keyring });
const onMoment = async (): Promise<void> => {
  if (moments === task.moment) {
    process.kill(process.pid, "SIGKILL");
    await new Promise(() => undefined);
  }
  moments += 1;
};
const stores = countedStores({ registry, keyring, postgres, firestore }, onMoment);
const report = await intakeFile(stores, {
  blueprint: takingBlueprint(),
  file: task.file,
  batch: 20,
  onProgress: ({ kind }) => {
    // Requests that were answered: what is on its way may be done or not.
    if (kind === "count") void onMoment();
  },
});
await postgres.close();
await firestore.close();
process.stdout.write(`${JSON.stringify({ moments, report })}\n`);
