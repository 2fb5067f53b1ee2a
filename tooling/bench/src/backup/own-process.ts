// This project's backup or restore, in a process of its own: `node own-process.ts JOB`, the job as JSON.
import {
  createBackup,
  openStorage,
  restoreBackup,
  type BackupEncryption,
  type BackupStores,
} from "@ctb-data/backup";
import { openFirestore } from "@ctb-data/firestore";
import { openPostgres } from "@ctb-data/postgres";
import { parseRegistry } from "@ctb-data/registry";
import type { OwnJob } from "./own-job.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what this bench itself wrote.
const job = JSON.parse(process.argv[2] ?? "") as OwnJob;
const storage = await openStorage({ url: job.dir });
const stores = await openStores();
try {
  process.stdout.write(`${job.work === "create" ? await create() : await restore()}\n`);
} finally {
  await stores.postgres?.close();
  await stores.firestore?.close();
  await storage.close();
}

async function openStores(): Promise<BackupStores> {
  const { postgresUrl, firestore } = job;
  return {
    ...(postgresUrl !== undefined && {
      postgres: await openPostgres({ url: postgresUrl, poolSize: 8 }),
    }),
    ...(firestore !== undefined && {
      firestore: await openFirestore({
        registry: parseRegistry("tables: {}", { file: "bench.yml" }),
        emulatorHost: firestore.host,
        projectId: firestore.project,
      }),
    }),
  };
}

/** Prints which backup was made. */
async function create(): Promise<string> {
  const encryption: BackupEncryption =
    job.encryption === "none"
      ? { kind: "none" }
      : { kind: "age", recipients: [job.keys.recipient] };
  const { id, manifest } = await createBackup({
    ...stores,
    storage,
    source: "bench",
    encryption,
    signingKey: job.keys.signingKey,
    jobs: 2,
    ...(job.postgresUrl !== undefined && {
      schema: {
        url: job.postgresUrl,
        ...(job.pgDump === undefined ? { source: "catalog" as const } : { program: job.pgDump }),
      },
    }),
  });
  return JSON.stringify({ id, documents: manifest.firestore?.documents });
}

/** Prints what came back. */
async function restore(): Promise<string> {
  const { postgres, firestore } = await restoreBackup({
    ...stores,
    storage,
    id: job.id ?? "",
    identities: [job.keys.identity],
    trustedKeys: [job.keys.publicKey],
    jobs: 2,
    // The ramp is a rule of Google's servers, not of an emulator.
    ramp: false,
  });
  return JSON.stringify({ rows: postgres?.rows, documents: firestore?.documents });
}
