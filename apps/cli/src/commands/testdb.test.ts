import { join } from "node:path";
import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import { openPostgres } from "@ctb-data/postgres";
import { startEmbeddedPostgres } from "@ctb-data/postgres/embedded";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import { runCliOnTerminal, runCliProcess } from "../../testing/cli-process.ts";
import { testDir } from "../../testing/test-dir.ts";

const registry = {
  "db/registry/clnt_column_registry.yml":
    "tables: { pets: { columns: [{ name: id, type: serial, primary_key: true }, { name: name, type: text, required: true }] } }\n",
};
const project = {
  ...registry,
  "migrations/001_pets.sql": "CREATE TABLE pets (id serial PRIMARY KEY, name text NOT NULL);\n",
};

interface Listed {
  readonly databases: readonly { readonly name: string; readonly ready: boolean }[];
}

async function listed(
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<Listed["databases"]> {
  const { stdout } = await runCliProcess(["testdb", "list", "--json"], { cwd, env });
  const { databases }: Listed = JSON.parse(stdout);
  return databases;
}

test("a database on the embedded server is migrated, stays, is listed, and goes when it is dropped", async () => {
  await using dir = await testDir(project);
  const cwd = dir.path;
  // So that not every command below has to start it.
  await using held = await startEmbeddedPostgres({ dataDir: join(cwd, ".ctb-data/postgres") });
  expect(held.version).toMatch(/^\d+/u);
  const created = await runCliProcess(["testdb", "create"], { cwd });
  expect(created).toMatchObject({
    code: 0,
    stderr: "Embedded PostgreSQL in .ctb-data/postgres (no DATABASE_URL).\n",
  });
  expect(created.stdout).toMatch(
    /^✓ Made testdb_1 on the embedded PostgreSQL, with 1 migration, in .+ It stays until it is dropped\.$/mu,
  );
  expect(created.stdout).toMatch(
    /^DATABASE_URL=postgres:\/\/postgres:[^*\s]+@127\.0\.0\.1:\d+\/testdb_1$/mu,
  );
  expect(created.stdout).toMatch(/^FIREBASE_PROJECT_ID=demo-testdb-1-[0-9a-f]{8}$/mu);
  expect(created.stdout).toContain("Next: ctb-data testdb seed testdb_1\n");
  const second = await runCliProcess(["testdb", "create", "--json"], { cwd });
  expect(JSON.parse(second.stdout)).toMatchObject({ name: "testdb_2", migrations: 1 });
  const list = await runCliProcess(["testdb", "list"], { cwd });
  expect(list.stdout).toMatch(/^testdb_2 .+\ntestdb_1 /mu);
  expect(list.stdout).toContain("2 test databases on the embedded PostgreSQL.\n");

  const unsure = await runCliProcess(["testdb", "drop", "--all"], { cwd });
  expect(unsure).toMatchObject({ code: 4, stdout: "" });
  expect(unsure.stderr).toContain("(CONFIRMATION_NEEDED)");
  const dry = await runCliProcess(["testdb", "drop", "testdb_1", "--dry-run"], { cwd });
  expect(dry.stdout).toBe("Would drop testdb_1. This was a dry run: nothing was changed.\n");
  const one = await runCliProcess(["testdb", "drop", "testdb_1", "--yes"], { cwd });
  expect(one).toMatchObject({ code: 0, stdout: "Dropped testdb_1 on the embedded PostgreSQL.\n" });
  expect(await listed(cwd, {})).toMatchObject([{ name: "testdb_2", ready: true }]);
  await runCliProcess(["testdb", "drop", "--all", "--yes"], { cwd });
  expect(await listed(cwd, {})).toEqual([]);
});

test("on a server of one's own the password is not printed, and its own database is not touched", async () => {
  await using server = await createTestDatabase();
  await using dir = await testDir(registry);
  const cwd = dir.path;
  const env = { DATABASE_URL: server.url };
  const name = `${server.name}_x`;
  const { password } = new URL(server.url);
  const created = await runCliProcess(["testdb", "create", "--name", name], { cwd, env });
  try {
    expect(created).toMatchObject({ code: 0, stderr: "" });
    expect(created.stdout).toContain("with the schema of the registry");
    expect(created.stdout).toMatch(
      new RegExp(`^DATABASE_URL=postgres://[^:]+:\\*\\*\\*@.+/${name}$`, "mu"),
    );
    expect(created.stdout).not.toContain(password);
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    await using db = await openPostgres({ url: url.href });
    expect((await db.query("SELECT * FROM pets")).rowCount).toBe(0);
    const again = await runCliProcess(["testdb", "create", "--name", name], { cwd, env });
    expect(again).toMatchObject({ code: 4, stdout: "" });
    expect(again.stderr).toContain(`There is a database ${name} already. (ALREADY_EXISTS)`);
    const other = await runCliProcess(["testdb", "drop", server.name, "--yes"], { cwd, env });
    expect(other).toMatchObject({ code: 4, stdout: "" });
    expect(other.stderr).toContain(
      `The database ${server.name} was not made by testdb create. (REFUSED)`,
    );
  } finally {
    const dropped = await runCliProcess(["testdb", "drop", name, "--yes"], { cwd, env });
    expect(dropped.code).toBe(0);
  }
});

test("migrations that fail leave no database", async () => {
  await using server = await createTestDatabase();
  await using dir = await testDir({ ...registry, "migrations/001_x.sql": "SELECT 1 / 0;\n" });
  const env = { TEST_DATABASE_URL: server.url, DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" };
  const name = `${server.name}_x`;
  const failed = await runCliProcess(["testdb", "create", "--name", name], { cwd: dir.path, env });
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain("division by zero");
  const nowhere = await runCliProcess(
    ["testdb", "create", "--name", name, "--migrations", "nowhere"],
    { cwd: dir.path, env },
  );
  expect(nowhere.code).toBe(2);
  expect(nowhere.stderr).toContain("(NO_DIRECTORY)");
  const gone = await runCliProcess(["testdb", "drop", name, "--yes"], { cwd: dir.path, env });
  expect(gone).toMatchObject({ code: 2, stdout: "" });
  expect(gone.stderr).toContain(`There is no test database ${name}. (NOT_FOUND)`);
});

test("the Firestore project beside it is named, and cleared with it", async () => {
  await using server = await createTestDatabase();
  await using emulator = await startFirestoreEmulator();
  await using dir = await testDir(registry);
  const cwd = dir.path;
  const env = { DATABASE_URL: server.url, FIRESTORE_EMULATOR_HOST: emulator.address };
  const name = `${server.name}_x`;
  const created = await runCliProcess(["testdb", "create", "--name", name, "--json"], { cwd, env });
  const { variables }: { readonly variables: Readonly<Record<string, string>> } = JSON.parse(
    created.stdout,
  );
  expect(variables["FIRESTORE_EMULATOR_HOST"]).toBe(emulator.address);
  const projectId = variables["FIREBASE_PROJECT_ID"] ?? "";
  expect(projectId).toMatch(/^demo-[a-z0-9-]{1,25}$/u);
  const documents = `http://${emulator.address}/v1/projects/${projectId}/databases/(default)/documents`;
  const headers = { authorization: "Bearer owner" };
  await fetch(`${documents}/notes?documentId=a`, {
    method: "POST",
    headers,
    body: '{"fields":{}}',
  });
  expect((await fetch(`${documents}/notes/a`, { headers })).status).toBe(200);
  await runCliProcess(["testdb", "drop", name, "--yes"], { cwd, env });
  expect((await fetch(`${documents}/notes/a`, { headers })).status).toBe(404);
});

test("a name that PostgreSQL would refuse or cut is wrong usage, and makes no database", async () => {
  await using server = await createTestDatabase();
  await using dir = await testDir(registry);
  const env = { DATABASE_URL: server.url };
  for (const name of ["", "ä".repeat(32)]) {
    const args = ["testdb", "create", "--name", name];
    const { code, stderr } = await runCliProcess(args, { cwd: dir.path, env });
    expect(code).toBe(2);
    expect(stderr).toContain("(USAGE)");
  }
});

test("production is refused, and a pooler", async () => {
  await using dir = await testDir(project);
  for (const env of [
    { NODE_ENV: "production" },
    { DATABASE_URL: "postgres://u:p@ep-x-pooler.eu-central-1.aws.neon.tech/app" },
  ]) {
    for (const args of [["create"], ["list"], ["drop", "--all", "--yes"]]) {
      const refused = await runCliProcess(["testdb", ...args], { cwd: dir.path, env });
      expect({ args, code: refused.code, stdout: refused.stdout }).toEqual({
        args,
        code: 4,
        stdout: "",
      });
      expect(refused.stderr).toContain("(REFUSED)");
    }
  }
});

test("which one is to be dropped must be said, once", async () => {
  for (const args of [["drop"], ["drop", "x", "--all"]]) {
    const { code, stderr } = await runCliProcess(["testdb", ...args], { cwd: "/" });
    expect(code).toBe(2);
    expect(stderr).toContain("(USAGE)");
  }
});

test("the list fits a terminal of 60 columns", async () => {
  await using server = await createTestDatabase();
  await using dir = await testDir(project);
  const env = { DATABASE_URL: server.url };
  const name = `${server.name}_with_a_rather_long_name`;
  await runCliProcess(["testdb", "create", "--name", name], { cwd: dir.path, env });
  const { stdout } = await runCliOnTerminal(["testdb", "list", "--no-color"], {
    cwd: dir.path,
    env,
    columns: 60,
  });
  await runCliProcess(["testdb", "drop", name, "--yes"], { cwd: dir.path, env });
  expect(stdout.split(/\r?\n/u).filter((line) => line.length > 60)).toEqual([]);
  expect(stdout).toContain(name);
});
