import { collectGarbage } from "../src/retention/collect-garbage.ts";
import { pruneBackups } from "../src/retention/prune-backups.ts";
import { openFolderStorage } from "../src/storage/folder/folder-storage.ts";
import { storedBackups } from "./policy-archive.ts";
import { faultStorage } from "./policy-fault-storage.ts";

/** Runs prune or gc on a folder and kills itself before a change: `node policy-run-killed.ts prune|gc DIR COUNT NOW`. */
const [, , work, dir = "", count, time = ""] = process.argv;
const now = (): Date => new Date(time);
let changes = 0;
const storage = faultStorage(await openFolderStorage({ dir }), async () => {
  if (changes === Number(count)) {
    process.kill(process.pid, "SIGKILL");
    // The signal is on its way: nothing else may happen before it is here.
    await new Promise(() => undefined);
  }
  changes += 1;
});
const common = { storage, now, maxSkewMs: Infinity };
if (work === "prune")
  await pruneBackups({
    ...common,
    backups: await storedBackups(storage),
    policy: { retentionDays: 3, minKeep: 2 },
    allowMany: true,
    evidence: "delete",
  });
else await collectGarbage(common);
