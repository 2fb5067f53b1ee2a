import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { openFirestore } from "@ctb-data/firestore";
import { openPostgres } from "@ctb-data/postgres";
import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import {
  type CliResult,
  resultOf,
  runCliProcess,
  startCliProcess,
} from "../../testing/cli-process.ts";
import { testDir } from "../../testing/test-dir.ts";

const registryFile = "db/registry/clnt_column_registry.yml";
const registryText =
  "tables: { pets: { columns: [{ name: id, type: serial, primary_key: true }, { name: name, type: text }], firestore: true } }\n";
const registry = parseRegistry(registryText);

/** What `dev --json` prints. */
interface Running {
  readonly url: string;
  readonly firestore: { readonly port: number; readonly projectId: string };
  readonly variables: Readonly<Record<string, string>>;
}

interface Dev extends Running, AsyncDisposable {
  readonly process: ChildProcess;
  readonly ended: Promise<CliResult>;
}

/** `dev --json` in a folder, as soon as it runs. */
async function startDev(cwd: string, ...args: readonly string[]): Promise<Dev> {
  const child = startCliProcess(["dev", "--json", ...args], { cwd });
  const ended = resultOf(child);
  const [line]: readonly unknown[] = child.stdout === null ? [] : await once(child.stdout, "data");
  const running: Running = JSON.parse(String(line));
  return {
    ...running,
    process: child,
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function openDocuments({ variables }: Running) {
  return await openFirestore({
    registry,
    projectId: variables["FIREBASE_PROJECT_ID"],
    emulatorHost: variables["FIRESTORE_EMULATOR_HOST"],
  });
}

test("dev runs both databases until Ctrl-C, shares them with other commands, and keeps their data", async () => {
  await using dir = await testDir({
    "migrations/001_pets.sql": "CREATE TABLE pets (id int);\n",
    [registryFile]: registryText,
  });
  await using dev = await startDev(dir.path, "--migrate");
  {
    await using db = await openPostgres({ url: dev.url });
    await db.query("INSERT INTO pets VALUES (7)");
    await using documents = await openDocuments(dev);
    await documents.document("pets/7").set({ name: "Rex" });
  }
  const status = await runCliProcess(["migrate", "status"], { cwd: dir.path });
  expect(status).toMatchObject({
    code: 0,
    stderr: "Embedded PostgreSQL in .ctb-data/postgres (no DATABASE_URL).\n",
  });
  const during = await runCliProcess(["firestore", "validate", "--json"], { cwd: dir.path });
  expect(during).toMatchObject({
    code: 0,
    stderr: `Embedded Firestore in .ctb-data/firestore, run by process ${dev.process.pid ?? 0} (no FIREBASE_PROJECT_ID, no FIRESTORE_EMULATOR_HOST).\n`,
  });
  expect(JSON.parse(during.stdout)).toMatchObject({ fits: true, documents: 1 });
  dev.process.kill("SIGINT");
  expect((await dev.ended).code).toBe(130);
  await expect(openPostgres({ url: dev.url, connectRetries: 0 })).rejects.toMatchObject({
    code: "CONNECTION_FAILED",
  });
  const after = await runCliProcess(["migrate", "verify", "--json"], { cwd: dir.path });
  expect(JSON.parse(after.stdout)).toMatchObject({ ok: true, checked: 1 });
  const documents = await runCliProcess(["firestore", "validate", "--json"], { cwd: dir.path });
  expect(JSON.parse(documents.stdout)).toMatchObject({ fits: true, documents: 1 });
  expect(await dir.read(".ctb-data/.gitignore")).toBe("*\n");
});

test("a second dev in the same folder is locked out, and told by whom", async () => {
  await using dir = await testDir();
  await using dev = await startDev(dir.path);
  const second = await runCliProcess(["dev"], { cwd: dir.path });
  expect(second.code).toBe(5);
  const { port } = new URL(dev.url);
  expect(second.stderr).toContain(
    `error: ctb-data dev runs in this folder already: process ${dev.process.pid ?? 0}, PostgreSQL on port ${port}, Firestore on port ${dev.firestore.port}. (LOCKED)\nhint: `,
  );
  const json = await runCliProcess(["dev", "--json"], { cwd: dir.path });
  expect({ code: json.code, stdout: json.stdout }).toEqual({ code: 5, stdout: "" });
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "LOCKED" } });
});

test("a dev that was killed leaves nothing broken: the next one has the data, on the same port", async () => {
  await using dir = await testDir();
  await using killed = await startDev(dir.path);
  {
    await using documents = await openDocuments(killed);
    await documents.document("pets/1").set({ name: "Rex" });
  }
  killed.process.kill("SIGKILL");
  await killed.ended;
  await using next = await startDev(dir.path);
  expect(next.firestore.port).toBe(killed.firestore.port);
  await using documents = await openDocuments(next);
  const pet = await documents.document("pets/1").get();
  expect(pet?.data).toEqual({ name: "Rex" });
});

test("with --check-indexes a query is refused that the cloud would refuse", async () => {
  await using dir = await testDir();
  await runCliProcess(["init"], { cwd: dir.path });
  await using dev = await startDev(dir.path, "--check-indexes");
  await using documents = await openDocuments(dev);
  const blueprints = documents.documents("blueprints");
  await expect(blueprints.where("clientId", "==", "1").get()).resolves.toEqual([]);
  await expect(
    blueprints.where("clientId", "==", "1").orderBy("createdAt").get(),
  ).rejects.toMatchObject({ code: "INDEX_MISSING" });
});

test("dev prints variables that can be copied into .env, and says what ends it", async () => {
  await using dir = await testDir({ ".env": "FIREBASE_PROJECT_ID=my-project\n" });
  const child = startCliProcess(["dev"], { cwd: dir.path });
  child.stdout?.on("data", (text: Buffer) => {
    if (text.includes("Ctrl-C stops both.")) {
      child.kill("SIGTERM");
    }
  });
  const { code, stdout, stderr } = await resultOf(child);
  expect(code).toBe(130);
  expect(stdout).toMatch(/^DATABASE_URL=postgres:\/\/\S+@127\.0\.0\.1:\d+\/postgres$/mu);
  expect(stdout).toMatch(/^FIRESTORE_EMULATOR_HOST=127\.0\.0\.1:\d+$/mu);
  expect(stdout).toMatch(/^FIREBASE_PROJECT_ID=demo-ctb-data$/mu);
  expect(stdout).toMatch(/^GCLOUD_PROJECT=demo-ctb-data$/mu);
  expect(stderr).toContain(
    "warning: FIREBASE_PROJECT_ID (from .env:1) is set: other commands use that Firestore, not this one.",
  );
});

test("dev in production is refused with 4", async () => {
  await using dir = await testDir();
  const { code, stderr } = await runCliProcess(["dev"], {
    cwd: dir.path,
    env: { NODE_ENV: "production" },
  });
  expect(code).toBe(4);
  expect(stderr).toContain("(EMBEDDED_IN_PRODUCTION)");
});
