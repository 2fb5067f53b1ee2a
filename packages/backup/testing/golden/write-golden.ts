import { existsSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Firestore, openFirestore } from "@ctb-data/firestore";
import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import { openPostgres } from "@ctb-data/postgres";
import { startEmbeddedPostgres } from "@ctb-data/postgres/embedded";
import { parseRegistry } from "@ctb-data/registry";
import { archiveFormat } from "../../src/archive/backup-manifest.ts";
import {
  createBackup,
  type CreateBackupOptions,
  generateIdentity,
  generateSigningKey,
  listBackups,
  openStorage,
  pruneBackups,
  recipientOf,
  type ScratchStores,
  type Storage,
  verifyBackup,
  type VerifyLevel,
} from "../../src/index.ts";
import { runProgram } from "../keys-programs.ts";
import { findLocalPostgres, startLocalPostgres } from "../local-postgres.ts";
import { checksumsOf, type GoldenArchive, goldenFolder } from "./golden-archive.ts";
import { readOverRest, statedDocuments, writeOverRest } from "./rest-documents.ts";
import { statePostgres } from "./stated-postgres.ts";

/*
 * Writes the golden archives of the format that this version writes into `format-<n>/`. They are kept for ever: every later version must
 * restore them, and `src/golden-archives.test.ts` makes sure of it. Run once per format, by hand, from packages/backup:
 *
 *   node --conditions=@ctb-data/source testing/golden/write-golden.ts
 *
 * It needs Debian's PostgreSQL (`pg_config`, `initdb`, `pg_dump`) for the archive whose schema pg_dump wrote, and `psql`. A folder that is
 * there is never written over: an archive that can be made again proves nothing about old ones. What the archives hold is in
 * `content/`; what is expected of them is said by PostgreSQL itself and by the documents as they were written down there.
 */

const content = (name: string): string => join(goldenFolder, "content", name);
const target = join(goldenFolder, `format-${archiveFormat}`);
if (existsSync(target)) {
  throw new Error(`${target} is there: golden archives are never written again.`);
}
const bin = await findLocalPostgres();
if (bin === undefined) {
  throw new Error("The programs of a PostgreSQL server are not on this machine.");
}

const identities = [generateIdentity(), generateIdentity()];
const { secretKey: signingKey, publicKey } = generateSigningKey();
const keys = { identities, signingKey, trustedKeys: [publicKey] };
const age = { kind: "age", recipients: identities.map((one) => recipientOf(one)) } as const;
const project = "golden-source";
const lines = await readFile(content("documents.ndjson"), "utf8");
const firestoreFiles = [
  { name: "firestore.indexes.json", content: '{ "indexes": [], "fieldOverrides": [] }\n' },
  { name: "firestore.rules", content: "rules_version = '2';\nservice cloud.firestore {}\n" },
];

await using cleaning = new AsyncDisposableStack();
const work = await mkdtemp(join(tmpdir(), "ctb-golden-"));
// The server does not run as root.
await chmod(work, 0o711);
cleaning.defer(async () => {
  await rm(work, { recursive: true, force: true });
});
const embedded = cleaning.use(
  await startEmbeddedPostgres({ dataDir: join(work, "postgres"), durable: false }),
);
const local = cleaning.use(await startLocalPostgres(bin));
const emulator = await startFirestoreEmulator({ port: 0 });
cleaning.defer(async () => {
  await emulator.close();
});

await embedded.createDatabase("golden");
const newer = embedded.urlOf("golden");
const older = await local.createDatabase("golden");
runFiles(newer, ["schema.sql", "schema-18.sql"]);
runFiles(older, ["schema.sql"]);
const firestore = await openDocuments(project);
const database = { host: emulator.address, project };
await writeOverRest(database, lines);
const stated = statedDocuments(lines, { from: project, to: project });
if (!isDeepStrictEqual(await readOverRest(database), stated)) {
  throw new Error("The emulator does not hold the documents as they are written down.");
}

await make("encrypted", { url: newer, firestore, encryption: age, pruned: true });
await make("clear", { url: newer, firestore, encryption: { kind: "none" } });
await make("pg-dump", { url: older, encryption: age, schema: "pg_dump" });
await make("firestore-only", { firestore, encryption: age });
await writeKeys();
await writeFile(join(target, "SHA256SUMS"), await checksumsOf(target));
process.stdout.write(`${target} is written.\n`);

function runFiles(url: string, files: readonly string[]): void {
  for (const file of files) {
    const args = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", content(file), url];
    const { status, stderr } = runProgram("psql", args);
    if (status !== 0) throw new Error(`psql ended with ${status}: ${stderr}`);
  }
}

async function openDocuments(projectId: string): Promise<Firestore> {
  const registry = parseRegistry("tables: {}\n", { file: "none.yml" });
  return cleaning.use(await openFirestore({ registry, projectId, emulatorHost: emulator.address }));
}

interface Making {
  readonly url?: string;
  readonly firestore?: Firestore;
  readonly encryption: NonNullable<CreateBackupOptions["encryption"]>;
  readonly schema?: "catalog" | "pg_dump";
  /** There was one before it, which prune removed. */
  readonly pruned?: boolean;
}

/** Makes one archive, with evidence of its verification beside it. */
async function make(name: string, making: Making): Promise<void> {
  const { url, firestore: documents, encryption, schema = "catalog", pruned = false } = making;
  const dir = join(work, name);
  await using postgres = url === undefined ? undefined : await openPostgres({ url });
  await using storage = await openStorage({ url: dir });
  const expected = postgres && (await statePostgres(postgres));
  const options: CreateBackupOptions = {
    storage,
    encryption,
    signingKey,
    // Several parts of one table.
    splitBytes: 65_536,
    ...(postgres && url !== undefined && { postgres, schema: { source: schema, url } }),
    ...(documents && { firestore: documents, firestoreFiles }),
  };
  if (pruned) await createBackup(options);
  const { id, record } = await createBackup(options);
  for (const level of ["hashes", "contents", "drill"] as const) await verify(storage, id, level);
  if (pruned) await pruneOthers(storage);
  const to = join(target, name);
  const roots = ["backups", "verify", ...(pruned ? ["tombstones"] : [])];
  // Not `locks`: they belong to who is at work.
  for (const root of roots)
    await cp(join(dir, root), join(to, "repository", root), { recursive: true });
  const archive: GoldenArchive = {
    id,
    previous: record.previous,
    encryption: encryption.kind,
    schemaSource: postgres === undefined ? null : schema,
    project: documents === undefined ? null : project,
  };
  await writeJson(join(to, "archive.json"), archive);
  if (expected) await writeJson(join(to, "expected-postgres.json"), expected);
  if (documents) await writeFile(join(to, "expected-documents.ndjson"), lines);
}

async function verify(storage: Storage, id: string, level: VerifyLevel): Promise<void> {
  const name = `drill-${id}`;
  const openScratch = async (): Promise<ScratchStores> => {
    await embedded.createDatabase(name);
    const postgres = await openPostgres({ url: embedded.urlOf(name) });
    return {
      postgres,
      firestore: await openDocuments(`drill-${id.slice(-8)}`),
      description: "a throwaway place",
      close: async () => await postgres.close(),
    };
  };
  const evidence = await verifyBackup({ ...keys, storage, id, level, openScratch });
  if (!evidence.ok) throw new Error(evidence.findings.join(" "));
}

async function pruneOthers(storage: Storage): Promise<void> {
  const backups = await listBackups(storage, keys);
  const policy = { retentionDays: 0, minKeep: 1 };
  const { deleted, problems } = await pruneBackups({ storage, backups, policy, allowMany: true });
  if (deleted.length !== 1) throw new Error(`Not pruned: ${JSON.stringify(problems)}`);
}

async function writeKeys(): Promise<void> {
  const folder = join(target, "test-keys");
  const warning = "TEST KEY: made for the golden archives and public on purpose. Never use it.";
  await mkdir(folder);
  for (const [index, identity] of identities.entries())
    await writeFile(join(folder, `identity-${index + 1}.txt`), `# ${warning}\n${identity}\n`);
  const text = `untrusted comment: ${warning}\n${publicKey}\n`;
  await writeFile(join(folder, "signing.pub"), text);
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(value, undefined, 1)}\n`);
}
