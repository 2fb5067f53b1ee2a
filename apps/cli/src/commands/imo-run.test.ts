import { existsSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { RunRecord } from "@ctb-data/pipeline";
import { expect, test } from "vitest";
import { runCliOnTerminal, runCliProcess } from "../../testing/cli-process.ts";
import { clientsIn, imoProject, runsIn } from "../../testing/imo-project.ts";
import { displayWidth } from "../terminal/display-width.ts";

/** Two as they should be; one without a name, one with a date that does not exist; one without a key, one that is ragged. */
const wrong = `Company,Email,Date added
Ann Ltd,ann@example.com,2026-01-02
 Bob Ltd ,BOB@example.com,2026-01-03
,cid@example.com,2026-01-04
Dan Ltd,dan@example.com,2026-02-30
Eve Ltd,,2026-01-05
Fay Ltd,fay@example.com
`;
const mended = `Company,Email,Date added
Cid Ltd,cid@example.com,2026-01-04
Dan Ltd,dan@example.com,2026-02-28
`;

test("step by step: each says what it did, what it refused, where that is, and what comes next", async () => {
  await using project = await imoProject({ "in.csv": wrong, "mended.csv": mended });
  const { dir, db, firestore, options } = project;
  const run = async (...args: readonly string[]) => await runCliProcess(["imo", ...args], options);

  const intake = await run("intake", "in.csv");
  expect({ code: intake.code, stderr: intake.stderr }).toEqual({ code: 3, stderr: "" });
  expect(intake.stdout).toMatch(
    /^Run 1 of company_list 1\n {2}input {3}done +6 read, 4 created, /u,
  );
  expect(intake.stdout).toMatch(/ {4}· line 6, .*missing\)\n/u);
  expect(intake.stdout).toMatch(/ {4}· line 7.*\(ragged\)\n/u);
  expect(intake.stdout).toMatch(/all that were rejected are in .*in\.csv\.rejected\.ndjson/u);
  expect(intake.stdout).toMatch(/^! .*run 1 stays open .*refused\.\n/mu);
  expect(intake.stdout).toContain("Next: ctb-data imo validate --vendor company_list\n");
  const rejects = (await dir.read("in.csv.rejected.ndjson")).trim().split("\n");
  expect(rejects).toHaveLength(2);
  expect(await firestore.documents("client_intake").count()).toBe(4);

  const validate = await run("validate");
  expect({ code: validate.code, stderr: validate.stderr }).toEqual({ code: 3, stderr: "" });
  expect(validate.stdout).toMatch(/middle {2}done +4 read, 2 valid, 2 invalid/u);
  expect(validate.stdout).toMatch(/· client_intake\/[\da-f]{40}, name: .*\(missing\)\n/u);
  expect(validate.stdout).toMatch(
    /· client_intake\/[\da-f]{40}, created_at: .*\(wrong_format\)\n/u,
  );
  expect(validate.stdout).toContain(
    "all are in the collection validation_failed until they are mended\n",
  );
  expect(await firestore.documents("validation_failed").count()).toBe(2);
  expect(await clientsIn(db)).toEqual([]);

  const promote = await run("promote", "--vendor", "company_list");
  expect({ code: promote.code, stderr: promote.stderr }).toEqual({ code: 3, stderr: "" });
  expect(promote.stdout).toMatch(/2 inserted, .*2 invalid/u);
  expect(await clientsIn(db)).toEqual(["ann@example.com Ann Ltd", "bob@example.com Bob Ltd"]);

  expect((await run("run", "mended.csv", "--vendor", "company_list")).code).toBe(0);
  expect(await clientsIn(db)).toHaveLength(4);
  expect(await firestore.documents("validation_failed").count()).toBe(0);

  const exported = await run("export");
  expect({ code: exported.code, stderr: exported.stderr }).toEqual({ code: 0, stderr: "" });
  expect(exported.stdout).toMatch(/output {2}done +4 read, 4 written; /u);
  expect(exported.stdout).toMatch(/^ {4}.*exports\/client_feed\.csv: \d+ bytes, SHA-256 /mu);
  expect(await dir.read("exports/client_feed.csv")).toBe(
    "NAME,MAIL\nANN LTD,ann@example.com\nBOB LTD,bob@example.com\nCID LTD,cid@example.com\nDAN LTD,dan@example.com\n",
  );
  const piped = await run("export", "--out", "-");
  expect(piped.stdout).toBe(await dir.read("exports/client_feed.csv"));
  expect(piped.stderr).toMatch(/^Run \d+ of client_feed 1\n/u);

  const status = await run("status");
  expect({ code: status.code, stderr: status.stderr }).toEqual({ code: 0, stderr: "" });
  expect(status.stdout).toMatch(/^ +\d+ +complete +client_feed 1 .* 4 +0$/mu);
  const one = await run("status", "1");
  expect(one.stdout).toMatch(/^Run 1 of company_list 1, made \d{4}-\d\d-\d\d \d\d:\d\d UTC\n/u);
});

test("a dry run says what would be done, and writes nothing in any store nor a file", async () => {
  await using project = await imoProject({ "in.csv": wrong });
  const { dir, db, firestore, options } = project;
  const dry = async (...args: readonly string[]) =>
    await runCliProcess(["imo", ...args, "--dry-run"], options);
  const all = await dry("run", "in.csv");
  expect({ code: all.code, stderr: all.stderr }).toEqual({ code: 3, stderr: "" });
  expect(all.stdout).toMatch(/^Dry run of company_list 1\n {2}input {3}done +6 read, 4 created, /u);
  expect(all.stdout).toContain("! This was a dry run: nothing was changed, but ");
  expect(all.stdout).toContain("Next: ctb-data imo run in.csv --vendor company_list\n");
  await db.query(
    "INSERT INTO clients (name, email) VALUES ('Ann', 'ann@example.com'), ('Bob', NULL)",
  );
  const exported = await dry("export", "--json");
  expect({ code: exported.code, stderr: exported.stderr.includes("error") }).toEqual({
    code: 3,
    stderr: false,
  });
  expect(JSON.parse(exported.stdout)).toMatchObject({
    id: 0,
    dryRun: true,
    refused: 1,
    output: { counts: { read: 2, written: 1, rejected: 1 } },
    next: "ctb-data imo export --vendor client_feed",
  });
  expect(await firestore.documents("client_intake").count()).toBe(0);
  expect(await runsIn(db)).toBe(0);
  const { rows } = await db.query("SELECT to_regclass('ctb_data.imo_promotions') AS there");
  expect(rows).toEqual([{ there: null }]);
  expect(existsSync(join(dir.path, "exports"))).toBe(false);
  expect(existsSync(join(dir.path, "in.csv.rejected.ndjson"))).toBe(false);
});

test("--json is one document on stdout and progress on stderr, also for several vendors", async () => {
  await using project = await imoProject({ "in.csv": wrong });
  const { code, stdout, stderr } = await runCliProcess(
    ["imo", "run", "in.csv", "--vendor", "client_feed", "--vendor", "company_list", "--json"],
    project.options,
  );
  expect(code).toBe(3);
  const printed: {
    readonly refused: number;
    readonly runs: readonly (RunRecord & { readonly next: string | null })[];
  } = JSON.parse(stdout);
  // What takes in comes first, whatever was named first.
  expect(printed.runs.map(({ vendor, status }) => [vendor, status])).toEqual([
    ["company_list", "complete"],
    ["client_feed", "complete"],
  ]);
  expect(printed.refused).toBe(4);
  expect(printed.runs[1]?.output?.counts).toMatchObject({ read: 2, written: 2 });
  const lines = stderr.trim().split("\n");
  for (const line of lines) {
    expect(JSON.parse(line)).toMatchObject({ progress: { step: expect.any(String) } });
  }
  expect(lines.join("\n")).toContain('"detail":"company_list');
});

test("a terminal of 60 columns shows all of it, with a line of progress that is wiped", async () => {
  await using project = await imoProject({ "in.csv": wrong });
  const { code, stdout } = await runCliOnTerminal(["imo", "run", "in.csv"], {
    ...project.options,
    columns: 60,
  });
  expect(code).toBe(3);
  const report = stripVTControlCharacters(stdout.split("\u001B[2K").at(-1) ?? "");
  expect(report.split(/\r?\n/u).filter((line) => displayWidth(line) > 60)).toEqual([]);
  expect(report).toContain("Run 1 of company_list 1");
});

test("what is wrong with the command line or the project is told with 2, 3 or 4, and nothing is written", async () => {
  await using project = await imoProject({ "in.csv": wrong });
  const { db, options } = project;
  for (const [args, code, text] of [
    [["intake", "none.csv"], 2, "The file none.csv is not there. (NOT_FOUND)"],
    [
      ["intake", "in.csv", "--vendor", "company_lits"],
      2,
      "hint: Did you mean --vendor company_list?",
    ],
    [
      ["intake", "in.csv", "--vendor", "client_feed"],
      2,
      "client_feed.yml leads the other way. (USAGE)",
    ],
    [["run"], 2, "There are 2 blueprints in db/vendor_blueprints: "],
    [
      ["run", "in.csv", "--out", "x.csv"],
      2,
      "--out says x.csv, and none of the blueprints has an export.",
    ],
    [["promote", "--blueprint", "7"], 2, "(NOT_FOUND)"],
    [["status", "7"], 2, "(NOT_FOUND)"],
    [["cancel", "7"], 2, "(NOT_FOUND)"],
    [["retry", "7"], 2, "(NOT_FOUND)"],
  ] as const) {
    const result = await runCliProcess(["imo", ...args], options);
    expect({ args, code: result.code, stdout: result.stdout }).toEqual({ args, code, stdout: "" });
    expect(result.stderr).toContain(text);
  }
  expect(await runsIn(db)).toBe(0);
  await db.query("DROP TABLE imo_processes");
  const missing = await runCliProcess(["imo", "status"], options);
  expect(missing).toMatchObject({ code: 3, stdout: "" });
  expect(missing.stderr).toMatch(/\(MISSING_TABLES\)\nhint: .*migrate up/u);
  const production = await runCliProcess(["imo", "promote"], {
    ...options,
    env: { DATABASE_URL: options.env?.["DATABASE_URL"] ?? "", NODE_ENV: "production" },
  });
  expect(production).toMatchObject({ code: 4, stdout: "" });
});
