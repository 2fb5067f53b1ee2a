import { setImmediate } from "node:timers/promises";
import { openFirestore } from "@ctb-data/firestore";
import { parseKeyring } from "@ctb-data/models";
import { openPostgres } from "@ctb-data/postgres";
import { checkDocuments } from "../src/documents/check-documents.ts";
import { repairDocuments } from "../src/documents/repair-documents.ts";
import { restoreDocuments } from "../src/documents/restore-documents.ts";
import { parsedPlantRegistry } from "./document-plants.ts";
import { withSessions } from "./document-world.ts";
import { plantedKeptTable, readKept, tableJournal } from "./table-journal.ts";

// Repairs or restores in a process of its own, and kills itself before, at or behind one of its steps.

const [work = "", url = "", host = "", project = "", key = "", killAt = ""] = process.argv.slice(2);
const registry = parsedPlantRegistry();
const keyring = parseKeyring(key);
await using postgres = await openPostgres({ url, registry, keyring, poolSize: 6 });
const opened = await openFirestore({ registry, projectId: project, emulatorHost: host, keyring });
await using firestore = opened;

let step = 0;
function killHere(): void {
  if (step === Number(killAt)) process.kill(process.pid, "SIGKILL");
  step += 1;
}

// Each write of documents is three steps: before it is sent, on its way, and behind it.
const { raw } = firestore;
const write = raw.write.bind(raw);
Object.defineProperty(raw, "write", {
  value: async (...args: Parameters<typeof write>) => {
    killHere();
    const sent = write(...args);
    await setImmediate();
    killHere();
    const summary = await sent;
    killHere();
    return summary;
  },
});

if (work === "repair") {
  await withSessions(postgres, async (sessions) => {
    const stores = { registry, firestore, keyring, rows: { sessions, now: postgres } };
    const { findings } = await checkDocuments(stores, { settleMs: 0, strategy: "set-null" });
    const journal = tableJournal(postgres, killHere);
    const fixable = findings.filter(({ fix }) => fix !== undefined);
    await repairDocuments(stores, fixable, { settleMs: 0, strategy: "set-null", journal });
  });
} else {
  const kept = await readKept(postgres);
  for (let start = 0; start < kept.length; start += 4) {
    const restored = await restoreDocuments(firestore, kept.slice(start, start + 4));
    killHere();
    await postgres.query(`UPDATE ${plantedKeptTable} SET done = true WHERE id = ANY ($1)`, [
      restored.map(({ kept: { id } }) => id),
    ]);
    killHere();
  }
}
process.stdout.write(String(step));
