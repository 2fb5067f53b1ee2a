import { openFirestore } from "@ctb-data/firestore";
import { parseKeyring } from "@ctb-data/models";
import { openPostgres } from "@ctb-data/postgres";
import { countedStores } from "./counted-stores.ts";
import type { MiddlePlace, MiddleTask } from "./middle-process.ts";
import { middleRegistry } from "./middle-registry.ts";
import { testKey } from "./middle-world.ts";
import { runTestMiddle } from "./run-test-middle.ts";

/** One runner, which kills itself at a moment: `node middle-program.ts PLACE TASK`. */
const [placeText = "", taskText = ""] = process.argv.slice(2);
const place: MiddlePlace = JSON.parse(placeText);
const task: MiddleTask = JSON.parse(taskText);
const registry = middleRegistry();
const keyring = parseKeyring(testKey);
let moments = 0;

const postgres = await openPostgres({ url: place.url, registry, keyring });
const firestore = await openFirestore({
  registry,
  projectId: place.project,
  emulatorHost: place.host,
  keyring,
});
const stores = countedStores({ registry, keyring, postgres, firestore }, async () => {
  if (moments === task.moment) {
    process.kill(process.pid, "SIGKILL");
    await new Promise(() => undefined);
  }
  moments += 1;
});
await runTestMiddle(stores, task);
await postgres.close();
await firestore.close();
process.stdout.write(`${moments}\n`);
