import { openFirestore } from "@ctb-data/firestore";
import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import type { FixReport, FixRun, UndoReport } from "@ctb-data/integrity";
import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import {
  resultOf,
  runCliOnTerminal,
  runCliProcess,
  startCliProcess,
} from "../../testing/cli-process.ts";
import { ordersIn, plantOrphans, shopProject, untilItWaits } from "../../testing/shop-project.ts";

const fix = ["integrity", "fix"];
const undo = ["integrity", "undo"];

test("a fix moves rows away, so that nothing is left, and undo puts them back", async () => {
  await using shop = await shopProject();
  await plantOrphans(shop.db, 7);
  const options = { cwd: shop.dir.path, env: shop.env };

  const unsure = await runCliProcess(fix, options);
  expect(unsure).toMatchObject({ code: 4, stdout: "" });
  expect(unsure.stderr).toContain("(CONFIRMATION_NEEDED)");
  const dry = await runCliProcess([...fix, "--dry-run"], options);
  expect({ code: dry.code, stderr: dry.stderr }).toEqual({ code: 3, stderr: "" });
  expect(dry.stdout).toMatch(/^planned .+\(7 changed\)$/mu);
  expect(dry.stdout).toMatch(/^ {4}.*DELETE FROM/mu);
  expect(dry.stdout).toContain(
    "This was a dry run: nothing was changed.\nNext: ctb-data integrity fix\n",
  );
  expect(await ordersIn(shop.db)).toBe(17);

  const done = await runCliProcess([...fix, "--yes"], options);
  expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: "" });
  expect(done.stdout).toMatch(/^… orphan:orders\(customer_id\)->customers\(id\)$/mu);
  expect(done.stdout).toMatch(/^done .+\(7 changed\)$/mu);
  const run =
    /^Next: ctb-data integrity undo (?<run>\S+)$/mu.exec(done.stdout)?.groups?.["run"] ?? "";
  expect(run).not.toBe("");
  expect(await ordersIn(shop.db)).toBe(10);
  expect((await runCliProcess(["integrity", "check"], options)).code).toBe(0);
  const again = await runCliProcess([...fix, "--yes"], options);
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("Nothing to fix.") });

  const runs = await runCliProcess(undo, options);
  expect(runs.code).toBe(3);
  expect(runs.stdout).toMatch(new RegExp(`^${run} +done `, "mu"));
  const plan = await runCliProcess([...undo, run, "--dry-run"], options);
  expect(plan.code).toBe(0);
  expect(plan.stdout).toContain(`Would put back 7 rows and 0 documents of run ${run}.`);
  expect(await ordersIn(shop.db)).toBe(10);
  const back = await runCliProcess([...undo, "--last", "--yes"], options);
  expect(back.code).toBe(0);
  expect(back.stdout).toContain(`✓ Put back 7 rows and 0 documents of run ${run}.`);
  expect(await ordersIn(shop.db)).toBe(17);
  const after = await runCliProcess(["integrity", "runs", "--json"], options);
  const { runs: list }: { readonly runs: readonly FixRun[] } = JSON.parse(after.stdout);
  expect(list).toMatchObject([{ id: run, state: "undone", rows: 7, kept: 0 }]);
  const none = await runCliProcess([...undo, "--last", "--yes"], options);
  expect(none).toMatchObject({ code: 2, stdout: "" });
});

test("on a terminal what would be done is shown, and the name of the database is typed", async () => {
  await using shop = await shopProject();
  await plantOrphans(shop.db, 7);
  const options = { cwd: shop.dir.path, env: shop.env, columns: 200, when: "to go ahead:" };
  const declined = await runCliOnTerminal(fix, { ...options, input: "yes\n" });
  expect(declined.code).toBe(4);
  expect(declined.stdout).toContain(`the PostgreSQL database ${shop.database}`);
  expect(declined.stdout).toContain("(7 changed)");
  expect(await ordersIn(shop.db)).toBe(17);
  const done = await runCliOnTerminal(fix, { ...options, input: `${shop.database}\n` });
  expect(done.code).toBe(0);
  expect(await ordersIn(shop.db)).toBe(10);
});

test("--json is the report of the fix, and of the undo", async () => {
  await using shop = await shopProject();
  await plantOrphans(shop.db, 2);
  const options = { cwd: shop.dir.path, env: shop.env };
  const done = await runCliProcess([...fix, "--yes", "--strategy", "set-null", "--json"], options);
  expect(done.code).toBe(0);
  const report: FixReport = JSON.parse(done.stdout);
  expect(report).toMatchObject({
    dryRun: false,
    strategy: "set-null",
    steps: [{ state: "done", changed: 2 }],
    left: [],
  });
  expect(await ordersIn(shop.db)).toBe(12);
  const back = await runCliProcess([...undo, report.run ?? "", "--yes", "--json"], options);
  const undone: UndoReport = JSON.parse(back.stdout);
  expect(undone).toMatchObject({ run: report.run, rows: 2, conflicts: [] });
});

test("a row that was changed since is a conflict, and ends undo with 3", async () => {
  await using shop = await shopProject();
  await plantOrphans(shop.db, 2);
  const options = { cwd: shop.dir.path, env: shop.env };
  await runCliProcess([...fix, "--yes"], options);
  await shop.db.query("INSERT INTO orders (id, customer_id) VALUES (11, 1)");
  const back = await runCliProcess([...undo, "--last", "--yes"], options);
  expect(back.code).toBe(3);
  expect(back.stdout).toMatch(/^conflict public\.orders id=11: /mu);
  expect(back.stdout).toContain("! Put back 1 row and 0 documents of run");
});

test("only what is named is fixed, and what is left ends it with 3", async () => {
  await using shop = await shopProject();
  await plantOrphans(shop.db, 2);
  await shop.db.query("UPDATE orders SET state = 'lost' WHERE id <= 2");
  const options = { cwd: shop.dir.path, env: shop.env };
  const only = ["--only", "orphan:orders(customer_id)->customers(id)"];
  const { code, stdout } = await runCliProcess([...fix, ...only, "--yes"], options);
  expect(code).toBe(3);
  expect(stdout).toMatch(/^Left: 1 error\.$/mu);
  expect(await ordersIn(shop.db)).toBe(10);
  const unknown = await runCliProcess([...fix, "--only", "orphan:nothing", "--yes"], options);
  expect(unknown).toMatchObject({ code: 2, stdout: "" });
  const nobody = await runCliProcess([...undo, "20000101T000000Z-0000", "--yes"], options);
  expect(nobody).toMatchObject({ code: 2, stdout: "" });
  expect(nobody.stderr).toContain("(NOT_FOUND)");
});

test("Ctrl-C leaves nothing half done, and a second fix at the same time is locked out", async () => {
  await using shop = await shopProject();
  await plantOrphans(shop.db, 7);
  const options = { cwd: shop.dir.path, env: shop.env };
  await shop.db.withConnection(async (held) => {
    await held.query("BEGIN; SELECT FROM orders WHERE id = 11 FOR UPDATE");
    const child = startCliProcess([...fix, "--yes", "--lock-timeout", "60", "--json"], options);
    const ended = resultOf(child);
    await untilItWaits(shop.db);
    const second = await runCliProcess([...fix, "--yes", "--lock-timeout", "0.1"], options);
    expect(second).toMatchObject({ code: 5, stderr: expect.stringContaining("(LOCKED)") });
    child.kill("SIGINT");
    const { code, stdout } = await ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    await held.query("ROLLBACK");
  });
  expect(await ordersIn(shop.db)).toBe(17);
  const done = await runCliProcess([...fix, "--yes"], options);
  expect(done.code).toBe(0);
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

test("documents are mended and put back too", async () => {
  await using shop = await shopProject({ registry: shared });
  await using emulator = await startFirestoreEmulator();
  const place = { FIRESTORE_EMULATOR_HOST: emulator.address, FIREBASE_PROJECT_ID: "demo-shop" };
  await using firestore = await openFirestore({
    registry: parseRegistry(shared),
    projectId: "demo-shop",
    emulatorHost: emulator.address,
  });
  const named = { 1: "customer 1", 2: "somebody else", 3: "customer 3", 9: "nobody" };
  for (const [id, name] of Object.entries(named)) {
    await firestore.document(`customers/${id}`).set({ name });
  }
  const names = async (): Promise<object> => {
    const documents = await firestore.documents("customers").get();
    return Object.fromEntries(documents.map(({ id, data }) => [id, data["name"]]));
  };
  const options = { cwd: shop.dir.path, env: { ...shop.env, ...place } };
  await runCliProcess(["generate"], options);
  const done = await runCliProcess([...fix, "--yes"], options);
  expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: "" });
  expect(done.stdout).toContain("2 documents changed by quarantine");
  expect(await names()).toEqual({ 1: "customer 1", 2: "customer 2", 3: "customer 3" });
  const back = await runCliProcess([...undo, "--last", "--yes"], options);
  expect(back.code).toBe(0);
  expect(back.stdout).toContain("✓ Put back 0 rows and 2 documents of run");
  expect(await names()).toEqual(named);
});
