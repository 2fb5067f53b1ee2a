import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { backupProject, countsOf } from "../../testing/backup-project.ts";
import {
  resultOf,
  runCliOnTerminal,
  runCliProcess,
  startCliProcess,
} from "../../testing/cli-process.ts";

const everything = {
  "table clients": 10,
  "table orders": 50,
  clients: 10,
  "clients/1/notes": 1,
  settings: 1,
};
const nothing = {
  ...everything,
  "table clients": 0,
  "table orders": 0,
  clients: 0,
  "clients/1/notes": 0,
  settings: 0,
};

test("a restore goes where the settings say, when every target was named, and nowhere else", async () => {
  await using project = await backupProject();
  const { source, target } = project;
  const cwd = project.dir.path;
  await runCliProcess(["backup", "create"], { cwd, env: source.env });
  const restore = ["backup", "restore", "latest"];
  const refusals = [
    [[], "Not confirmed. This restores the backup"],
    [["--yes"], `--target ${target.database} --target ${target.project}`],
    [["--yes", "--target", target.database], "--yes needs the name of what is restored into"],
    [
      ["--yes", "--target", source.database, "--target", target.project],
      `--target names ${source.database}`,
    ],
  ] as const;
  for (const [flags, message] of refusals) {
    const refused = await runCliProcess([...restore, ...flags], { cwd, env: target.env });
    expect({ flags, code: refused.code, stdout: refused.stdout }).toEqual({
      flags,
      code: 4,
      stdout: "",
    });
    expect(refused.stderr).toContain(message);
  }
  const plan = await runCliProcess([...restore, "--dry-run"], { cwd, env: target.env });
  expect(plan.code).toBe(0);
  expect(plan.stdout).toContain("2 tables in the backup");
  expect(await countsOf(target)).toEqual(nothing);

  const named = ["--yes", "--target", target.database, "--target", target.project];
  const restored = await runCliProcess([...restore, ...named, "--json"], { cwd, env: target.env });
  expect(restored.code).toBe(0);
  expect(JSON.parse(restored.stdout)).toMatchObject({
    mode: "empty",
    report: { postgres: { tables: 2, rows: 60 }, firestore: { documents: 21 } },
  });
  expect(await countsOf(target)).toEqual(everything);
  const again = await runCliProcess([...restore, ...named], { cwd, env: target.env });
  expect(again.code).toBe(4);
  expect(again.stderr).toContain("(NOT_EMPTY)");
}, 180_000);

test("on a terminal the names are typed: a wrong one changes nothing", async () => {
  await using project = await backupProject();
  const { source, target } = project;
  const cwd = project.dir.path;
  const only = ["--only", "postgres"];
  await runCliProcess(["backup", "create", ...only], { cwd, env: source.env });
  const options = { cwd, env: target.env, columns: 200, when: "to go ahead:" };
  const restore = ["backup", "restore", "latest", ...only];
  const declined = await runCliOnTerminal(restore, { ...options, input: "postgres\n" });
  expect(declined.code).toBe(4);
  expect(declined.stdout).toContain(`the PostgreSQL database ${target.database}`);
  expect(declined.stdout).toContain("(DECLINED)");
  expect(await countsOf(target)).toEqual(nothing);
  const done = await runCliOnTerminal(restore, { ...options, input: `${target.database}\n` });
  expect(done.code).toBe(0);
  expect(await countsOf(target)).toMatchObject({ "table orders": 50, clients: 0 });
}, 180_000);

test("a table or a collection is restored by itself, and what was there stays or goes as it is said", async () => {
  await using project = await backupProject();
  const { source, target } = project;
  const cwd = project.dir.path;
  await runCliProcess(["backup", "create"], { cwd, env: source.env });
  await source.postgres.query("DELETE FROM orders WHERE id > 20");
  await source.postgres.query("INSERT INTO orders VALUES (1000, 1, '{}')");
  await source.firestore.document("clients/3").delete();
  await source.firestore.document("clients/new").set({ name: "new" });
  const restore = ["backup", "restore", "latest", "--yes"];
  const table = await runCliProcess(
    [...restore, "--table", "orders", "--overwrite", "--target", source.database],
    { cwd, env: source.env },
  );
  expect(table.code).toBe(0);
  expect(await countsOf(source)).toMatchObject({ "table orders": 51, clients: 10 });
  const collection = await runCliProcess(
    [...restore, "--collection", "clients", "--exact", "--target", source.project],
    { cwd, env: source.env },
  );
  expect(collection.code).toBe(0);
  expect(collection.stdout).toContain("1 other deleted");
  expect(await countsOf(source)).toMatchObject({ "table orders": 51, clients: 10 });
  expect(await source.firestore.document("clients/3").get()).toMatchObject({
    data: { name: "client 3" },
  });
  expect(await source.firestore.document("clients/new").get()).toBeUndefined();
  const unknown = await runCliProcess(
    [...restore, "--table", "nope", "--overwrite", "--target", target.database],
    { cwd, env: target.env },
  );
  expect(unknown.code).toBe(2);
  const contradiction = await runCliProcess([...restore, "--table", "x", "--only", "firestore"], {
    cwd,
  });
  expect(contradiction.code).toBe(2);
}, 180_000);

test("without the identity, or with another one, nothing is restored", async () => {
  await using project = await backupProject();
  const { source, target } = project;
  const cwd = project.dir.path;
  const only = ["--only", "firestore"];
  await runCliProcess(["backup", "create", ...only], { cwd, env: source.env });
  await runCliProcess(["backup", "keys", "create", "others"], { cwd });
  const restore = ["backup", "restore", "latest", ...only, "--yes", "--target", target.project];
  const without = await runCliProcess(restore, {
    cwd,
    env: { ...target.env, BACKUP_IDENTITY_PATH: "" },
  });
  expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining("(WRONG_KEY)") });
  const wrong = await runCliProcess([...restore, "--identity", "others/backup-identity.txt"], {
    cwd,
    env: target.env,
  });
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("(WRONG_KEY)") });
  expect(await countsOf(target)).toEqual(nothing);
  const recovery = ["--identity", "backup-keys/backup-recovery-identity.txt"];
  const done = await runCliProcess([...restore, ...recovery], { cwd, env: target.env });
  expect(done.code).toBe(0);
  expect(await countsOf(target)).toMatchObject({ clients: 10 });
}, 180_000);

test("a drill that is interrupted leaves no folder and no server", async () => {
  await using project = await backupProject();
  const cwd = project.dir.path;
  await project.source.postgres.query(
    "CREATE TABLE large AS SELECT n AS id, repeat(md5(n::text), 20) AS text FROM generate_series(1, 100000) AS n",
  );
  await runCliProcess(["backup", "create", "--only", "postgres"], { cwd, env: project.source.env });
  const child = startCliProcess(["backup", "verify", "--drill", "--json"], { cwd });
  const drills = join(cwd, ".ctb-data/drills");
  const ended = resultOf(child);
  let seen = "";
  child.stderr?.on("data", (text: string) => {
    // Once: a second one, while it ends, would end it without a code.
    const isSent = seen.includes('"step":"rows"');
    seen += text;
    if (!isSent && seen.includes('"step":"rows"')) {
      child.kill("SIGINT");
    }
  });
  const { code, stdout, stderr } = await ended;
  expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
  expect(stderr).toContain('"error"');
  expect(await readdir(drills)).toEqual([]);
}, 180_000);
