import { stripVTControlCharacters } from "node:util";
import { openPostgres, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { expect, test } from "vitest";
import {
  type CliOptions,
  resultOf,
  runCliOnTerminal,
  runCliProcess,
  startCliProcess,
} from "../../testing/cli-process.ts";
import { testDir, type TestDir } from "../../testing/test-dir.ts";

const files = {
  "db/registry/clnt_column_registry.yml": `tables:
  owners:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: email, type: varchar(80), required: true, unique: true, format: email }
  pets:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: owner_id, type: integer, required: true, references: owners.id }
      - { name: kind, type: text, enum: [cat, dog] }
`,
};

/** A project on a server of its own, and a test database that was made there. */
interface Made extends AsyncDisposable {
  readonly dir: TestDir;
  readonly env: Readonly<Record<string, string>>;
  readonly name: string;
  readonly db: Postgres;
  /** What `create` has printed. */
  readonly stdout: string;
}

async function made(...flags: readonly string[]): Promise<Made> {
  await using opening = new AsyncDisposableStack();
  const server = opening.use(await createTestDatabase());
  const dir = opening.use(await testDir(files));
  const env = { DATABASE_URL: server.url };
  const name = `${server.name}_x`;
  const { code, stdout } = await runCliProcess(["testdb", "create", "--name", name, ...flags], {
    cwd: dir.path,
    env,
  });
  expect(code).toBe(0);
  opening.defer(async () => {
    await runCliProcess(["testdb", "drop", name, "--yes"], { cwd: dir.path, env });
  });
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  const db = opening.use(await openPostgres({ url: url.href }));
  const opened = opening.move();
  return {
    dir,
    env,
    name,
    db,
    stdout,
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}

async function rowsIn(db: Postgres, table: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
  return rows[0]?.n ?? -1;
}

test("create fills the database when it is told how many rows, and seed adds more to the last one", async () => {
  await using filled = await made("--count", "40");
  expect(filled.stdout).toMatch(/^owners +40\npets +40$/mu);
  expect(filled.stdout).toMatch(/^✓ 80 rows in 2 tables, .+ rows\/s\.$/mu);
  expect(await rowsIn(filled.db, "pets")).toBe(40);
  const options = { cwd: filled.dir.path, env: filled.env };
  const more = await runCliProcess(
    ["testdb", "seed", filled.name, "--count", "60", "--table", "pets", "--seed", "7", "--json"],
    options,
  );
  expect({ code: more.code }).toEqual({ code: 0 });
  expect(JSON.parse(more.stdout)).toMatchObject({
    database: filled.name,
    tables: [{ table: "pets", rows: 60 }],
    rows: 60,
  });
  expect([await rowsIn(filled.db, "owners"), await rowsIn(filled.db, "pets")]).toEqual([40, 100]);
  const check = await runCliProcess(["integrity", "check"], {
    cwd: filled.dir.path,
    env: { DATABASE_URL: `${filled.env["DATABASE_URL"] ?? ""}_x` },
  });
  expect(check.code).toBe(0);
  const wrong = await runCliProcess(["testdb", "seed", filled.name, "--table", "pet"], options);
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr).toMatch(/^error: .*"pet".*"pets"/u);
});

test("the project's own database is filled only when its name is typed, or with --yes", async () => {
  await using server = await createTestDatabase();
  await using dir = await testDir(files);
  const options = { cwd: dir.path, env: { DATABASE_URL: server.url } };
  await runCliProcess(["generate"], options);
  await using db = await openPostgres({ url: server.url });
  await db.query(await dir.read("db/schema.sql"));
  const seed = ["testdb", "seed", "--into-project", "--count", "5"];
  const unsure = await runCliProcess(seed, options);
  expect(unsure).toMatchObject({ code: 4, stdout: "" });
  expect(unsure.stderr).toContain("(CONFIRMATION_NEEDED)");
  const other = await runCliProcess(["testdb", "seed", server.name], options);
  expect(other).toMatchObject({ code: 4, stderr: expect.stringContaining("(REFUSED)") });
  const declined = await runCliOnTerminal(seed, {
    ...options,
    columns: 200,
    when: "to go ahead:",
    input: "y\n",
  });
  expect(declined.code).toBe(4);
  const production = await runCliProcess([...seed, "--yes"], {
    ...options,
    env: { ...options.env, NODE_ENV: "production" },
  });
  expect(production.code).toBe(4);
  expect(await rowsIn(db, "pets")).toBe(0);
  const done = await runCliProcess([...seed, "--yes"], options);
  expect(done.code).toBe(0);
  expect(await rowsIn(db, "pets")).toBe(5);
});

/** Runs a command until rows are written, and stops it then. */
async function interrupted(args: readonly string[], options: CliOptions): Promise<object> {
  const child = startCliProcess([...args, "--json"], options);
  child.stderr?.on("data", (text: Buffer) => {
    if (/"items":\{"postgres":[1-9]/u.test(text.toString()) && !child.killed) child.kill("SIGINT");
  });
  const { code, stdout } = await resultOf(child);
  return { code, stdout };
}

test("Ctrl-C leaves no database that is half made", async () => {
  await using server = await createTestDatabase();
  await using dir = await testDir(files);
  const options = { cwd: dir.path, env: { DATABASE_URL: server.url } };
  const name = `${server.name}_x`;
  const create = ["testdb", "create", "--name", name, "--count", "50000000"];
  expect(await interrupted(create, options)).toEqual({ code: 130, stdout: "" });
  await using db = await openPostgres({ url: server.url });
  const { rowCount } = await db.query("SELECT FROM pg_database WHERE datname = $1", [name]);
  expect(rowCount).toBe(0);
});

test("Ctrl-C leaves no row, and a terminal shows how far it is", async () => {
  await using filled = await made();
  const options = { cwd: filled.dir.path, env: filled.env };
  const seed = ["testdb", "seed", filled.name, "--count"];
  expect(await interrupted([...seed, "50000000"], options)).toEqual({ code: 130, stdout: "" });
  expect([await rowsIn(filled.db, "owners"), await rowsIn(filled.db, "pets")]).toEqual([0, 0]);
  const shown = await runCliOnTerminal([...seed, "20000"], { ...options, columns: 60 });
  expect(shown.code).toBe(0);
  expect(stripVTControlCharacters(shown.stdout)).toMatch(/rows .*\d+% .*rows/u);
});
