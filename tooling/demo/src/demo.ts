import { join } from "node:path";
import { openFirestore } from "@ctb-data/firestore";
import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { startEmbeddedPostgres } from "@ctb-data/postgres/embedded";
import { loadRegistry } from "@ctb-data/registry";
import { backingUp } from "./backing-up.ts";
import { paint, say } from "./console.ts";
import { ctbData } from "./ctb-data-process.ts";
import { compareStores, type DocumentServer, queryDocuments, writeDocuments } from "./documents.ts";
import { type FirestoreProcess, startFirestoreProcess } from "./firestore-process.ts";
import { mending } from "./mending.ts";
import { pipelining, preparing } from "./pipelining.ts";
import type { Project } from "./project.ts";
import { queryKysely, queryModels } from "./queries.ts";
import { runSteps, type Step } from "./steps.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const registryFile = "db/registry/clnt_column_registry.yml";

/** Runs the whole demo in a temporary folder, and leaves nothing behind: also when it is stopped, or a step fails. */
export async function runDemo(signal: AbortSignal): Promise<void> {
  await using folder = await temporaryFolder();
  await using resources = new AsyncDisposableStack();
  say(
    paint(
      "bold",
      "ctb-data: one column registry, from a vendor's file through Firestore and PostgreSQL to two vendors",
    ),
  );
  say(`in ${folder.path}, which is removed at the end`);
  say();
  const at = (path: string): string => join(folder.path, path);
  const cli: Project["cli"] = async (command, { expected = 0, env = {} } = {}) => {
    await ctbData({ dir: folder.path, signal, env }, command.split(" "), expected);
  };
  let opened: Promise<OpenedDatabase> | undefined;
  const server = async (): Promise<OpenedDatabase> =>
    await (opened ??= openDatabase(folder.path, { resources, signal }));
  const database = async (): Promise<Postgres> => (await server()).db;
  const replaceDatabase = async (): Promise<void> => {
    await (await server()).replace();
  };
  let served: Promise<DocumentServer> | undefined;
  const documents = async (): Promise<DocumentServer> =>
    await (served ??= openDocuments(folder.path, { resources, signal }));
  const project = { at, cli, database, replaceDatabase, documents };
  const steps = [
    ...building(project),
    ...pipelining(project),
    ...asking(project),
    ...documenting(project),
    ...migrating(project),
    ...backingUp(project),
    ...mending(project),
  ];
  await runSteps(steps, signal);
}

function building(project: Project): readonly Step[] {
  const { cli, database, documents } = project;
  return [
    { title: "Lay down a project", run: async () => await cli("init") },
    preparing(project),
    {
      title: "Start PostgreSQL",
      run: async () => {
        const db = await database();
        const { rows } = await db.query<{ version: string }>(
          "SELECT current_setting('server_version') AS version",
        );
        say(`PostgreSQL ${rows[0]?.version ?? ""}, from npm: nothing to install.`);
      },
    },
    { title: "Apply the migrations", run: async () => await cli("migrate up") },
    {
      title: "Start Firestore",
      run: async () => {
        const { process, firestore } = await documents();
        say(`${firestore.description}: process ${process().pid}, with its data on the disk.`);
      },
    },
  ];
}

function asking({ database }: Project): readonly Step[] {
  return [
    { title: "Ask through the models", run: async () => await queryModels(await database()) },
    { title: "Ask through Kysely", run: async () => await queryKysely(await database()) },
  ];
}

function documenting({ cli, database, documents }: Project): readonly Step[] {
  return [
    {
      title: "Write the companies as documents, and kill the server in between",
      run: async () => await writeDocuments(await database(), await documents()),
    },
    {
      title: "Ask Firestore",
      run: async () => await queryDocuments((await documents()).firestore),
    },
    {
      title: "Compare PostgreSQL and Firestore",
      run: async () => await compareStores(await database(), (await documents()).firestore),
    },
    {
      title: "Check every document against the registry",
      run: async () => {
        const { address } = (await documents()).process();
        await cli("firestore validate", { env: { FIRESTORE_EMULATOR_HOST: address } });
      },
    },
  ];
}

function migrating({ cli }: Project): readonly Step[] {
  return [
    { title: "See where the migrations stand", run: async () => await cli("migrate status") },
    {
      title: "Roll back the newest one, and up again",
      run: async () => {
        await cli("migrate rollback --yes");
        await cli("migrate up");
      },
    },
    {
      title: "Try to roll back what holds data: refused",
      run: async () => await cli("migrate rollback --to 0 --yes", { expected: 4 }),
    },
    {
      title: "Check that the generated files are current",
      run: async () => await cli("generate --check"),
    },
  ];
}

interface OpenOptions {
  readonly resources: AsyncDisposableStack;
  readonly signal: AbortSignal;
}

interface OpenedDatabase {
  readonly db: Postgres;
  readonly replace: Project["replaceDatabase"];
}

/** The server that the command line finds in this folder too: the last one to leave stops it. */
async function openDatabase(
  dir: string,
  { resources, signal }: OpenOptions,
): Promise<OpenedDatabase> {
  const registry = await loadRegistry(join(dir, registryFile));
  const dataDir = join(dir, ".ctb-data/postgres");
  const server = resources.use(await startEmbeddedPostgres({ dataDir, signal }));
  const db = resources.use(await openPostgres({ url: server.url, registry, signal }));
  const replace = async (): Promise<void> => {
    await using other = await openPostgres({ url: server.urlOf("template1"), signal });
    await other.query("DROP DATABASE postgres WITH (FORCE)");
    await other.query("CREATE DATABASE postgres TEMPLATE template0");
  };
  return { db, replace };
}

async function openDocuments(
  dir: string,
  { resources, signal }: OpenOptions,
): Promise<DocumentServer> {
  const registry = await loadRegistry(join(dir, registryFile));
  const dataDir = join(dir, ".ctb-data/firestore");
  let process = resources.use(await startFirestoreProcess(dataDir));
  const restart = async (): Promise<FirestoreProcess> =>
    (process = resources.use(await startFirestoreProcess(dataDir, process.port)));
  const firestore = await openFirestore({
    registry,
    projectId: "demo-ctb-data",
    emulatorHost: process.address,
    signal,
  });
  return {
    firestore: resources.use(firestore),
    process: () => process,
    dataDir,
    restart,
    signal,
  };
}
