import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { openFirestore } from "@ctb-data/firestore";
import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import type { IntegrityReport } from "@ctb-data/integrity";
import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import {
  resultOf,
  runCliOnTerminal,
  runCliProcess,
  startCliProcess,
} from "../../testing/cli-process.ts";
import { plantOrphans, shopProject, untilItRuns } from "../../testing/shop-project.ts";
import { displayWidth } from "../terminal/display-width.ts";

const check = ["integrity", "check"];
const reportOf = (stdout: string): IntegrityReport => JSON.parse(stdout);

test("what is well ends with 0 and says what was looked at", async () => {
  await using shop = await shopProject();
  const options = { cwd: shop.dir.path, env: shop.env };
  const { code, stdout, stderr } = await runCliProcess(check, options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(
    /^✓ Nothing is wrong: 13 rows as of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; .+\.\n$/u,
  );
});

test("orphans end it with 3, with examples, the fix and the next command", async () => {
  await using shop = await shopProject();
  await plantOrphans(shop.db, 7);
  await shop.db.query("UPDATE orders SET state = 'lost' WHERE id <= 2");
  const options = { cwd: shop.dir.path, env: shop.env };
  const { code, stdout, stderr } = await runCliProcess(check, options);
  expect({ code, stderr }).toEqual({ code: 3, stderr: "" });
  expect(stdout).toMatch(/^orders\n {2}error 2 rows .+\n[^]+^ {2}error 7 rows /mu);
  expect(stdout).toContain("· id=11: customer_id=1001\n");
  expect(stdout.match(/^ {4}· id=1\d: customer_id/gmu)).toHaveLength(5);
  expect(stdout).toMatch(/^ {4}id: orphan:orders\(customer_id\)->customers\(id\)$/mu);
  expect(stdout).toMatch(/^ {4}· id=1: state=lost/mu);
  expect(stdout).toMatch(/^ {4}fix: .*ctb_data\.quarantine/mu);
  expect(stdout).toMatch(/✗ 2 errors found: 20 rows/u);
  expect(stdout).toContain("Next: ctb-data integrity fix --dry-run\n");
  const full = await runCliProcess(
    [...check, "--statements", "--strategy", "delete", "--table", "orders"],
    options,
  );
  expect(full.stdout).toContain(
    "Next: ctb-data integrity fix --dry-run --table orders --strategy delete\n",
  );
  expect(full.stdout).not.toContain("more statement");
});

test("--json is the whole report, and nothing else is on stdout", async () => {
  await using shop = await shopProject();
  await plantOrphans(shop.db, 7);
  const { code, stdout } = await runCliProcess([...check, "--json"], {
    cwd: shop.dir.path,
    env: shop.env,
  });
  expect(code).toBe(3);
  expect(reportOf(stdout)).toMatchObject({
    ok: false,
    rows: 20,
    documents: 0,
    findings: [{ kind: "orphan", severity: "error", table: "orders", count: 7 }],
    notChecked: [],
  });
  expect(reportOf(stdout).findings[0]?.fix?.statements.length).toBeGreaterThan(0);
});

test("parts and tables that are not asked for are not looked at", async () => {
  await using shop = await shopProject();
  await plantOrphans(shop.db, 7);
  const options = { cwd: shop.dir.path, env: shop.env };
  for (const flags of [
    ["--only", "keys,drift"],
    ["--table", "customers"],
  ]) {
    const { code } = await runCliProcess([...check, ...flags], options);
    expect({ flags, code }).toEqual({ flags, code: 0 });
  }
  const wrong = await runCliProcess([...check, "--table", "ordrs"], options);
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr).toMatch(/^error: .*ordrs.*\nhint: .*orders/u);
});

test("drift of the live schema is found against what the registry would make", async () => {
  await using shop = await shopProject();
  await shop.db.query(
    "ALTER TABLE orders DROP COLUMN state; ALTER TABLE customers ALTER name DROP NOT NULL",
  );
  const { code, stdout } = await runCliProcess([...check, "--only", "drift", "--json"], {
    cwd: shop.dir.path,
    env: shop.env,
  });
  expect(code).toBe(3);
  expect(reportOf(stdout).findings).toMatchObject([
    { kind: "drift", table: "orders", advice: expect.stringContaining("ADD COLUMN state") },
    { kind: "constraint_missing", table: "customers", columns: ["name"] },
  ]);
});

test("migrations that are pending are named, so that nobody writes them a second time", async () => {
  await using shop = await shopProject();
  const folder = join(shop.dir.path, "migrations");
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "001_add_notes.sql"),
    "-- Migration: add_notes\n-- Created: 2026-11-24\nBEGIN;\nCREATE TABLE notes (id integer);\nCOMMIT;\n",
  );
  const { stdout } = await runCliProcess([...check, "--json"], {
    cwd: shop.dir.path,
    env: shop.env,
  });
  expect(reportOf(stdout).notChecked).toEqual([
    expect.stringContaining("1 pending migration would change: first ctb-data migrate up"),
  ]);
});

test("a terminal of 60 columns shows all of it, a bar meanwhile, and no colour with NO_COLOR", async () => {
  await using shop = await shopProject();
  await plantOrphans(shop.db, 7);
  const options = { cwd: shop.dir.path, columns: 60 };
  const { code, stdout } = await runCliOnTerminal(check, { ...options, env: shop.env });
  expect(code).toBe(3);
  // After the bar was wiped.
  const report = stripVTControlCharacters(stdout.split("\u001B[2K").at(-1) ?? "");
  const lines = report.split(/\r?\n/u);
  const isCopied = /^ {4}id: /u;
  expect(lines.filter((line) => displayWidth(line) > 60 && !isCopied.test(line))).toEqual([]);
  expect(stdout).toContain("\u001B[31m");
  const plain = await runCliOnTerminal(check, { ...options, env: { ...shop.env, NO_COLOR: "1" } });
  const sequences = plain.stdout.split("\u001B[").slice(1);
  expect(sequences.filter((rest) => !rest.startsWith("2K"))).toEqual([]);
});

const shared = `tables:
  customers:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: name, type: text, required: true }
    firestore: true
  orders:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: customer_id, type: integer, references: customers.id }
      - { name: state, type: text }
`;

test("documents are compared with their rows where Firestore is named, and left alone where it is not", async () => {
  await using shop = await shopProject({ registry: shared });
  await using emulator = await startFirestoreEmulator();
  const place = { FIRESTORE_EMULATOR_HOST: emulator.address, FIREBASE_PROJECT_ID: "demo-shop" };
  {
    await using firestore = await openFirestore({
      registry: parseRegistry(shared),
      projectId: "demo-shop",
      emulatorHost: emulator.address,
    });
    for (const [id, name] of [
      ["1", "customer 1"],
      ["2", "somebody else"],
      ["9", "nobody"],
    ] as const) {
      await firestore.document(`customers/${id}`).set({ name });
    }
  }
  await runCliProcess(["generate"], { cwd: shop.dir.path });
  const options = { cwd: shop.dir.path, env: { ...shop.env, ...place } };
  const both = await runCliProcess([...check, "--json"], options);
  expect(both.code).toBe(3);
  const kinds = reportOf(both.stdout).findings.map(({ kind, count }) => `${kind} ${count}`);
  expect(kinds.toSorted()).toEqual([
    "different_field 1",
    "document_without_row 1",
    "row_without_document 1",
  ]);
  for (const flags of [["--no-firestore"], ["--store", "postgres"]]) {
    const { code } = await runCliProcess([...check, ...flags], options);
    expect({ flags, code }).toEqual({ flags, code: 0 });
  }
  const unnamed = await runCliProcess(check, { ...options, env: shop.env });
  expect(unnamed.code).toBe(0);
  expect(unnamed.stdout).toContain("not checked: Firestore: neither FIREBASE_PROJECT_ID nor");
  const production = await runCliProcess(check, {
    ...options,
    env: { ...shop.env, NODE_ENV: "production" },
  });
  expect(production).toMatchObject({ code: 4, stdout: "" });
  const odd = await runCliProcess([...check, "--store", "firestore", "--only", "rows"], options);
  expect(odd.code).toBe(2);
});

/** A constraint of the database over which a look at a row takes half a minute. */
const slow = `ALTER TABLE orders ADD CONSTRAINT slow CHECK (pg_sleep(30)::text IS NOT NULL) NOT VALID`;

test("Ctrl-C ends it with 130 and nothing on stdout", async () => {
  await using shop = await shopProject();
  await shop.db.query(slow);
  const child = startCliProcess([...check, "--only", "rows", "--json"], {
    cwd: shop.dir.path,
    env: shop.env,
  });
  const ended = resultOf(child);
  await untilItRuns(shop.db, "pg_sleep");
  child.kill("SIGINT");
  const { code, stdout, stderr } = await ended;
  expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
  expect(stderr).toMatch(/\{"error":\{"code":"(?:INTERRUPTED|CANCELLED)"/u);
});

test("a statement that takes longer than it may ends it with 1, whether it works or waits", async () => {
  await using shop = await shopProject();
  const options = { cwd: shop.dir.path, env: shop.env };
  await shop.db.query(slow);
  const rows = [...check, "--only", "rows", "--statement-timeout", "0.5"];
  const working = await runCliProcess(rows, options);
  expect(working).toMatchObject({ code: 1, stdout: "" });
  expect(working.stderr).toContain("(STATEMENT_TIMEOUT)");
  await shop.db.withConnection(async (held) => {
    await held.query("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE");
    const waiting = await runCliProcess(rows, options);
    expect(waiting).toMatchObject({ code: 1, stdout: "" });
    expect(waiting.stderr).toContain("(STATEMENT_TIMEOUT)");
    await held.query("ROLLBACK");
  });
});
