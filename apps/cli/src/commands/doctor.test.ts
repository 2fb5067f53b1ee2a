import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import { openPostgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { runCliOnTerminal, runCliProcess } from "../../testing/cli-process.ts";
import { testDir } from "../../testing/test-dir.ts";
import { displayWidth } from "../terminal/display-width.ts";

interface Report {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly result: string }[];
}

function resultsOf(stdout: string): Readonly<Record<string, string>> {
  const report: Report = JSON.parse(stdout);
  return Object.fromEntries(report.checks.map(({ name, result }) => [name, result]));
}

test("a fresh project has one thing to do: migrate; after that all is well", async () => {
  await using database = await createTestDatabase();
  const env = { DATABASE_URL: database.url };
  await using dir = await testDir();
  await runCliProcess(["init"], { cwd: dir.path });
  const fresh = await runCliProcess(["doctor", "--json"], { cwd: dir.path, env });
  expect(fresh).toMatchObject({
    code: 0,
    stderr:
      "Embedded Firestore in .ctb-data/firestore (no FIREBASE_PROJECT_ID, no FIRESTORE_EMULATOR_HOST).\n",
  });
  expect(resultsOf(fresh.stdout)).toEqual({
    node: "ok",
    configuration: "ok",
    "encryption key": "ok",
    "encrypted columns": "ok",
    registry: "ok",
    "vendor blueprints": "ok",
    "generated files": "ok",
    database: "ok",
    TLS: "ok",
    host: "ok",
    migrations: "warn",
    constraints: "ok",
    Firestore: "ok",
  });
  await runCliProcess(["migrate", "up"], { cwd: dir.path, env });
  const after = await runCliProcess(["doctor"], { cwd: dir.path, env });
  expect(after.code).toBe(0);
  expect(after.stdout).toContain("All is well.");
});

test("constraints that PostgreSQL does not keep are named, with what looks for rows that break them", async () => {
  await using database = await createTestDatabase();
  await using db = await openPostgres({ url: database.url });
  await db.query(`CREATE TABLE a (id int PRIMARY KEY, n int CHECK (n > 0));
    CREATE TABLE b (a_id int REFERENCES a, c_id int);
    ALTER TABLE b ADD CONSTRAINT b_c FOREIGN KEY (c_id) REFERENCES a NOT VALID;
    ALTER TABLE b ADD CONSTRAINT b_m FOREIGN KEY (c_id) REFERENCES a;
    ALTER TABLE a ADD CONSTRAINT a_m CHECK (n < 9) NOT VALID;`);
  await using dir = await testDir({ "db/registry/clnt_column_registry.yml": documents });
  const { stdout } = await runCliProcess(["doctor", "--json"], {
    cwd: dir.path,
    env: { DATABASE_URL: database.url },
  });
  const report: { readonly checks: readonly Report["checks"][number][] } = JSON.parse(stdout);
  expect(report.checks.find(({ name }) => name === "constraints")).toEqual({
    name: "constraints",
    result: "warn",
    found:
      "2 of 5 references and checks are not kept: a_m of a is not validated, b_c of b is not validated",
    todo: "Rows may break them: ctb-data integrity check",
  });
});

test("blueprints without the tables that runs are kept in are a warning", async () => {
  await using database = await createTestDatabase();
  await using dir = await testDir({
    "db/registry/clnt_column_registry.yml":
      "tables: { clients: { columns: [{ name: id, type: serial, primary_key: true }] } }\n",
    "db/vendor_blueprints/a.yml":
      "{ vendor: a, version: 1, export: { source: clients, output: csv, fields: { ID: id } } }\n",
  });
  const { stdout } = await runCliProcess(["doctor", "--json"], {
    cwd: dir.path,
    env: { DATABASE_URL: database.url },
  });
  const report: Report = JSON.parse(stdout);
  expect(report.checks.find(({ name }) => name === "vendor blueprints")).toEqual({
    name: "vendor blueprints",
    result: "warn",
    found:
      "1 file in db/vendor_blueprints, and no table blueprints and imo_processes in the registry",
    todo: "ctb-data imo keeps its runs there: ctb-data init shows how they look.",
  });
});

const documents = "collections: { notes: { fields: { text: string } } }\n";

/** The checks of Firestore in a project with these variables, and all that was printed. */
async function firestoreChecks(
  env: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): Promise<{ readonly checks: Report["checks"]; readonly printed: string }> {
  await using database = await createTestDatabase();
  await using dir = await testDir({ "db/registry/clnt_column_registry.yml": documents, ...files });
  const { stdout, stderr } = await runCliProcess(["doctor", "--json", "--verbose"], {
    cwd: dir.path,
    env: { DATABASE_URL: database.url, ...env },
  });
  const report: Report = JSON.parse(stdout);
  const checks = report.checks.filter(({ name }) => /^(?:Firestore|service account)$/u.test(name));
  return { checks, printed: stdout + stderr };
}

test("an emulator is told from the cloud, with its project and how long it took", async () => {
  await using emulator = await startFirestoreEmulator();
  const env = { FIRESTORE_EMULATOR_HOST: emulator.address, FIREBASE_PROJECT_ID: "my-project" };
  const { checks } = await firestoreChecks(env);
  expect(checks).toEqual([
    {
      name: "Firestore",
      result: "ok",
      found: expect.stringMatching(
        /^project my-project, the emulator at 127\.0\.0\.1:\d+, \d+ ms$/u,
      ),
    },
  ]);
  const production = await firestoreChecks({ ...env, NODE_ENV: "production" });
  expect(production.checks).toMatchObject([
    { result: "warn", todo: "NODE_ENV is production: unset FIRESTORE_EMULATOR_HOST." },
  ]);
});

test("an emulator that does not answer is a failure with what to do", async () => {
  const { checks } = await firestoreChecks({ FIRESTORE_EMULATOR_HOST: "127.0.0.1:1" });
  expect(checks).toMatchObject([
    {
      name: "Firestore",
      result: "fail",
      found: expect.stringContaining("127.0.0.1:1"),
      todo: expect.any(String),
    },
  ]);
});

test("a service account that is none is a failure of its own, and its key is never printed", async () => {
  const missing = await firestoreChecks({
    FIREBASE_PROJECT_ID: "my-project",
    FIREBASE_PRIVATE_KEY_PATH: "account.json",
  });
  expect(missing.checks).toMatchObject([
    {
      name: "service account",
      result: "fail",
      found: expect.stringContaining("account.json cannot be read: ENOENT."),
    },
  ]);
  const account = { project_id: "my-project", client_email: "a@b.c", private_key: "hunter22-key" };
  const broken = await firestoreChecks(
    { FIREBASE_PRIVATE_KEY_PATH: "account.json" },
    { "account.json": JSON.stringify(account) },
  );
  expect(broken.checks).toMatchObject([{ name: "service account", result: "fail" }]);
  const half = await firestoreChecks({ FIREBASE_PRIVATE_KEY: "hunter22-key" });
  expect(half.checks).toMatchObject([
    {
      result: "fail",
      found: "FIREBASE_PRIVATE_KEY is set, and FIREBASE_CLIENT_EMAIL is not. (INVALID_CONFIG)",
    },
  ]);
  const wrong = await firestoreChecks({
    FIREBASE_PROJECT_ID: "my-project",
    FIREBASE_PRIVATE_KEY: "-----BEGIN PRIVATE KEY-----\\nhunter22-key\\n-----END PRIVATE KEY-----",
    FIREBASE_CLIENT_EMAIL: "a@b.c",
  });
  expect(wrong.checks).toMatchObject([{ name: "service account", result: "fail" }]);
  for (const { printed } of [missing, broken, half, wrong]) {
    expect(printed).not.toContain("hunter22");
  }
});

test("a registry without documents needs no Firestore", async () => {
  const { checks } = await firestoreChecks(
    { NODE_ENV: "production" },
    {
      "db/registry/clnt_column_registry.yml":
        "tables: { t: { columns: [{ name: id, type: serial, primary_key: true }] } }\n",
    },
  );
  expect(checks).toMatchObject([{ result: "ok", found: "not used: no table has documents" }]);
});

test("each failure is a line of its own with what to do, and the exit code is 1", async () => {
  await using dir = await testDir({
    "db/registry/clnt_column_registry.yml": "tables: { pets: { colums: [] } }\n",
    ".env":
      "DATABASE_URL=postgres://u:hunter22@127.0.0.1:1/d\nDATA_ENCRYPTION_KEY=hunter22-too-short\n",
  });
  const { code, stdout, stderr } = await runCliProcess(["doctor", "--json"], { cwd: dir.path });
  expect(code).toBe(1);
  expect(resultsOf(stdout)).toMatchObject({
    node: "ok",
    registry: "fail",
    database: "fail",
    "encryption key": "fail",
  });
  expect(stdout + stderr).not.toContain("hunter22");
});

test("a configuration that is wrong is a failure of its own, not the end of it", async () => {
  await using dir = await testDir({ ".env": "DATABASE_POOL_SIZE=none\n" });
  const { code, stdout } = await runCliProcess(["doctor", "--json"], { cwd: dir.path });
  expect(code).toBe(1);
  expect(resultsOf(stdout)).toEqual({ node: "ok", configuration: "fail" });
});

test("a column that is to be encrypted needs a key", async () => {
  await using dir = await testDir({
    "db/registry/clnt_column_registry.yml":
      "tables: { pets: { columns: [{ name: id, type: serial, primary_key: true }, { name: chip, type: text, encrypted: true }] } }\n",
  });
  const { stdout } = await runCliProcess(["doctor", "--json"], {
    cwd: dir.path,
    env: { DATABASE_URL: "postgres://127.0.0.1:1/d" },
  });
  expect(resultsOf(stdout)).toMatchObject({ "encrypted columns": "fail", "encryption key": "ok" });
});

test("the table fits a terminal of 60 columns", async () => {
  await using dir = await testDir();
  const { stdout } = await runCliOnTerminal(["doctor"], {
    cwd: dir.path,
    env: { DATABASE_URL: "postgres://127.0.0.1:1/d" },
    columns: 60,
  });
  expect(stdout.split(/\r?\n/u).filter((line) => displayWidth(line) > 60)).toEqual([]);
});
