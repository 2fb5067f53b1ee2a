import { expect, test } from "vitest";
import {
  errorOf,
  historyOf,
  testMigrations,
  valueOf,
  type TestMigrations,
} from "../testing/test-migrations.ts";
import { baseline } from "./baseline.ts";
import { migrateUp } from "./migrate-up.ts";
import { migrationStatus } from "./migration-status.ts";
import { repair } from "./repair.ts";
import { verifyMigrations } from "./verify-migrations.ts";

const files = {
  "001_a.sql": "CREATE TABLE a ();",
  "002_b.sql": "CREATE TABLE b ();",
  "003_c.sql": "CREATE TABLE c ();",
};

async function applied(): Promise<TestMigrations> {
  const at = await testMigrations(files);
  await migrateUp(at.db, { dir: at.dir });
  return at;
}

async function codesOf(at: TestMigrations): Promise<readonly string[]> {
  const { problems, ok } = await verifyMigrations(at.db, at);
  expect(ok).toBe(problems.every((problem) => problem.severity === "warning"));
  return problems.map(({ code, version, file }) => `${code} ${version ?? file}`);
}

test("files that agree with the history have no problems", async () => {
  await using at = await applied();
  expect(await verifyMigrations(at.db, at)).toEqual({ ok: true, checked: 3, problems: [] });
});

test("an edited file stops up and status shows it; repair accepts that one file", async () => {
  await using at = await applied();
  await at.write("002_b.sql", "CREATE TABLE b (x int);");
  await at.write("003_c.sql", "CREATE TABLE c (x int);");
  expect(await codesOf(at)).toEqual(["EDITED 2", "EDITED 3"]);
  const error = await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect(error).toMatchObject({ code: "EDITED", file: "002_b.sql" });
  expect(error.hint).toContain("ctb-data migrate repair 002");
  expect((await migrationStatus(at.db, at)).migrations[1]?.problems).toMatchObject([
    { code: "EDITED" },
  ]);
  expect(await repair(at.db, { dir: at.dir, version: 2 })).toEqual({
    version: 2,
    name: "002_b",
    repaired: ["EDITED"],
  });
  expect(await codesOf(at)).toEqual(["EDITED 3"]);
  await repair(at.db, { dir: at.dir, version: 3 });
  expect(await migrateUp(at.db, { dir: at.dir })).toMatchObject({ migrations: [] });
  expect(await repair(at.db, { dir: at.dir, version: 3 })).toMatchObject({ repaired: [] });
  expect((await historyOf(at.db)).slice(3)).toEqual(["2 up repaired 0/", "3 up repaired 0/"]);
});

test("an edit of comments or white space is a warning, and up goes on", async () => {
  await using at = await applied();
  await at.write("002_b.sql", "-- tables\nCREATE TABLE\n  b () /* empty */;\n");
  expect(await codesOf(at)).toEqual(["COMMENTS_EDITED 2"]);
  await at.write("004_d.sql", "CREATE TABLE d ();");
  const result = await migrateUp(at.db, { dir: at.dir });
  expect(result.warnings).toMatchObject([{ code: "COMMENTS_EDITED", severity: "warning" }]);
  expect(result.migrations).toHaveLength(1);
  expect(await repair(at.db, { dir: at.dir, version: 2 })).toMatchObject({
    repaired: ["COMMENTS_EDITED"],
  });
  expect(await codesOf(at)).toEqual([]);
});

test("a deleted file stops up; repair forgets it, but not for another file of that number", async () => {
  await using at = await applied();
  await at.remove("002_b.sql");
  expect(await codesOf(at)).toEqual(["MISSING 2"]);
  expect(await errorOf(migrateUp(at.db, { dir: at.dir }))).toMatchObject({
    code: "MISSING",
    version: 2,
  });
  expect(await repair(at.db, { dir: at.dir, version: 2 })).toMatchObject({ repaired: ["MISSING"] });
  expect(await codesOf(at)).toEqual([]);
  await at.write("002_other.sql", "CREATE TABLE other ();");
  expect(await errorOf(migrateUp(at.db, { dir: at.dir }))).toMatchObject({
    code: "RENAMED",
    version: 2,
  });
  await at.remove("002_other.sql");
  await at.write("002_b.sql", files["002_b.sql"]);
  expect(await codesOf(at)).toEqual([]);
});

test("a renamed file is told from another file with the same number, and from one that only moved", async () => {
  await using at = await applied();
  await at.rename("002_b.sql", "002_bee.sql");
  const renamed = await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect(renamed).toMatchObject({ code: "RENAMED", version: 2 });
  expect(renamed.message).toContain('applied under the name "b"');
  await at.write("002_bee.sql", "CREATE TABLE something_else ();");
  expect((await errorOf(migrateUp(at.db, { dir: at.dir }))).message).toContain(
    "another migration with the same number",
  );
  await at.write("002_bee.sql", files["002_b.sql"]);
  expect(await repair(at.db, { dir: at.dir, version: 2 })).toEqual({
    version: 2,
    name: "002_bee",
    repaired: ["RENAMED"],
  });
  expect(await codesOf(at)).toEqual([]);
  await at.rename("003_c.sql", "004_c.sql");
  const moved = await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect(moved).toMatchObject({ code: "MISSING", version: 3 });
  expect(moved.message).toContain("004_c.sql has the same text");
});

test("an applied file that cannot be read is that problem, and not a missing file", async () => {
  await using at = await applied();
  await at.write("002_b.sql", Buffer.from([0xff]));
  expect(await codesOf(at)).toEqual(["INVALID_ENCODING 2"]);
});

test("repair is for what is applied", async () => {
  await using at = await testMigrations({ "001_a.sql": "SELECT 1 / 0" });
  expect(await errorOf(repair(at.db, { dir: at.dir, version: 1 }))).toMatchObject({
    code: "UNKNOWN_VERSION",
  });
  await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect(await errorOf(repair(at.db, { dir: at.dir, version: 1 }))).toMatchObject({
    code: "WRONG_STATE",
  });
});

test("two files with one number stop everything, with the next free number named", async () => {
  await using at = await applied();
  await at.write("2_x.sql", "SELECT 1;");
  await at.write("003_y.sql", "SELECT 1;");
  expect(await codesOf(at)).toEqual(["DUPLICATE_VERSION 2", "DUPLICATE_VERSION 3"]);
  const error = await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect(error.message).toBe(
    "002_b.sql and 2_x.sql have one number.\n003_c.sql and 003_y.sql have one number.",
  );
  expect(error.hint).toContain(": 4");
});

test("a file out of order after a merge is an error, and can be let in by its number or all at once", async () => {
  for (const allowOutOfOrder of [[2], true] as const) {
    await using at = await testMigrations({
      "001_a.sql": files["001_a.sql"],
      "003_c.sql": files["003_c.sql"],
    });
    await migrateUp(at.db, { dir: at.dir, allowGaps: true });
    await at.write("002_b.sql", files["002_b.sql"]);
    expect(await errorOf(migrateUp(at.db, { dir: at.dir }))).toMatchObject({
      code: "OUT_OF_ORDER",
      file: "002_b.sql",
    });
    expect(await errorOf(migrateUp(at.db, { dir: at.dir, allowOutOfOrder: [3] }))).toMatchObject({
      code: "OUT_OF_ORDER",
    });
    expect((await migrateUp(at.db, { dir: at.dir, allowOutOfOrder })).migrations).toHaveLength(1);
    expect(await codesOf(at)).toEqual([]);
  }
});

test("a gap in front of a pending file is an error; once let through it is none", async () => {
  await using at = await testMigrations({
    "005_a.sql": files["001_a.sql"],
    "008_b.sql": files["002_b.sql"],
  });
  const error = await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect(error).toMatchObject({ code: "GAP", file: "008_b.sql" });
  expect(error.message).toBe("008_b.sql follows on 5: 6 to 7 are missing.");
  await migrateUp(at.db, { dir: at.dir, allowGaps: true });
  expect(await codesOf(at)).toEqual([]);
});

test("dates as numbers may have gaps", async () => {
  await using at = await testMigrations({
    "20260115093000_a.sql": "SELECT 1;",
    "20260203101500_b.sql": "SELECT 1;",
  });
  expect((await migrateUp(at.db, { dir: at.dir })).migrations).toHaveLength(2);
});

test("a database that another tool built is marked up to a version, and goes on from there", async () => {
  await using at = await testMigrations({
    ...files,
    "001_a.sql": "\\restrict x\nCOPY a FROM stdin;\n\\.\n",
  });
  expect(await errorOf(baseline(at.db, { dir: at.dir, to: 2 }))).toMatchObject({
    code: "WRONG_STATE",
  });
  await at.db.query("CREATE TABLE a (); CREATE TABLE b ()");
  expect(await errorOf(baseline(at.db, { dir: at.dir, to: 7 }))).toMatchObject({
    code: "UNKNOWN_VERSION",
  });
  expect(await baseline(at.db, { dir: at.dir, to: 2 })).toEqual({
    migrations: [
      { version: 1, name: "001_a" },
      { version: 2, name: "002_b" },
    ],
  });
  expect((await migrationStatus(at.db, at)).migrations.map(({ state }) => state)).toEqual([
    "baselined",
    "baselined",
    "pending",
  ]);
  expect((await migrateUp(at.db, { dir: at.dir })).migrations).toMatchObject([{ version: 3 }]);
  await at.write("002_b.sql", "CREATE TABLE b (x int);");
  expect(await codesOf(at)).toEqual(["EDITED 2"]);
});

test("a first up on a database that another tool built says baseline", async () => {
  await using at = await testMigrations(files);
  await at.db.query("CREATE TABLE a ()");
  const error = await errorOf(migrateUp(at.db, { dir: at.dir }));
  expect(error).toMatchObject({ sqlState: "42P07" });
  expect(error.hint).toContain("ctb-data migrate baseline");
});

test("status and verify of a database without a history write nothing, and verify reads ways back too", async () => {
  await using at = await testMigrations({
    ...files,
    "001_a.down.sql": "DROP TABEL a;",
    "002_b.sql": "CREATE TABEL b;",
  });
  expect(await migrationStatus(at.db, at)).toMatchObject({
    initialised: false,
    pending: 3,
    problems: [],
  });
  expect(await codesOf(at)).toEqual(["SYNTAX_ERROR 1", "SYNTAX_ERROR 2"]);
  expect(await valueOf(at.db, "SELECT to_regnamespace('ctb_data')")).toBe("null");
});
