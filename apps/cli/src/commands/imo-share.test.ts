import type { ChildProcess } from "node:child_process";
import type { RunRecord } from "@ctb-data/pipeline";
import { expect, test } from "vitest";
import {
  type CliResult,
  resultOf,
  runCliProcess,
  startCliProcess,
} from "../../testing/cli-process.ts";
import { clientsIn, companies, imoProject, type ImoProject } from "../../testing/imo-project.ts";
import { untilItWaits } from "../../testing/shop-project.ts";

const runAll = [
  "imo",
  "run",
  "in.csv",
  "--vendor",
  "company_list",
  "--batch",
  "20",
  "--lease",
  "2",
];

interface Held {
  readonly child: ChildProcess;
  readonly ended: Promise<CliResult>;
}

/** Starts a run that stands still in the middle of its promotion, and does something then; the lock is gone at the end. */
async function whileItPromotes(
  { db, options }: ImoProject,
  work: (held: Held) => Promise<void>,
): Promise<void> {
  await db.withConnection(async (holder) => {
    // Rows are not to be written; a row of blueprints may all the same refer to them.
    await holder.query("BEGIN; LOCK TABLE clients IN SHARE MODE");
    const child = startCliProcess(runAll, options);
    const ended = resultOf(child);
    await untilItWaits(db);
    await work({ child, ended });
    await holder.query("ROLLBACK");
  });
}

const statusOf = async ({ options }: ImoProject): Promise<RunRecord> => {
  const { stdout } = await runCliProcess(["imo", "status", "1", "--json"], options);
  return JSON.parse(stdout);
};

/** What a clean run gives. */
const wanted = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `c${n}@example.com Company ${n}`).toSorted();

test("two runs at once share one run, and every record is a row once", async () => {
  await using project = await imoProject({ "in.csv": companies(300) });
  const { db, firestore, options } = project;
  const results = await Promise.all([
    runCliProcess([...runAll, "--json"], options),
    runCliProcess([...runAll, "--json"], options),
  ]);
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  const ids = results.map(({ stdout }): number => JSON.parse(stdout).runs[0].id);
  expect(ids).toEqual([1, 1]);
  expect(await clientsIn(db)).toEqual(wanted(300));
  expect(await firestore.documents("client_intake").count()).toBe(300);
  expect(await statusOf(project)).toMatchObject({
    status: "complete",
    middle: { counts: { read: 300, inserted: 300 } },
  });
});

test("a run that is killed in the middle is gone on with by running it again, and gives what a clean run gives", async () => {
  await using project = await imoProject({ "in.csv": companies(100) });
  const { db, options } = project;
  await whileItPromotes(project, async ({ child, ended }) => {
    child.kill("SIGKILL");
    expect((await ended).code).toBeNull();
  });
  const again = await runCliProcess(runAll, options);
  expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: "" });
  expect(again.stdout).toMatch(/^Run 1 of company_list 1\n/u);
  expect(await clientsIn(db)).toEqual(wanted(100));
  expect(await statusOf(project)).toMatchObject({ status: "complete" });
});

test("Ctrl-C ends it with 130 and nothing on stdout; the run stays open, and the next one goes on with it", async () => {
  await using project = await imoProject({ "in.csv": companies(100) });
  const { db, options } = project;
  await whileItPromotes(project, async ({ child, ended }) => {
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    expect(stderr).toMatch(/^error: .+\nhint: .+\n$/u);
    expect(await statusOf(project)).toMatchObject({ status: "pending", runners: [] });
  });
  const again = await runCliProcess(runAll, options);
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(/^Run 1 of company_list 1\n/u);
  expect(await clientsIn(db)).toEqual(wanted(100));
});

test("a run is cancelled by another process, which ends it; retry goes on with it", async () => {
  await using project = await imoProject({ "in.csv": companies(100) });
  const { db, options } = project;
  await whileItPromotes(project, async ({ ended }) => {
    const cancelled = await runCliProcess(["imo", "cancel", "1"], options);
    expect({ code: cancelled.code, stderr: cancelled.stderr }).toEqual({ code: 0, stderr: "" });
    expect(cancelled.stdout).toBe(
      "✓ Run 1 of company_list 1 is cancelled: nothing more of it is written, and what was written stays.\nNext: ctb-data imo retry 1\n",
    );
    const { code, stdout, stderr } = await ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("(RUN_CANCELLED)");
  });
  expect(await clientsIn(db)).toEqual([]);
  const twice = await runCliProcess(["imo", "status", "1"], options);
  expect(twice).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("! Run 1 was cancelled."),
  });
  const dry = await runCliProcess(["imo", "retry", "1", "--dry-run"], options);
  expect(dry.code).toBe(3);
  expect(dry.stdout).toContain("Next: ctb-data imo retry 1\n");
  expect(await clientsIn(db)).toEqual([]);
  const retried = await runCliProcess(["imo", "retry", "1"], options);
  expect({ code: retried.code, stderr: retried.stderr }).toEqual({ code: 0, stderr: "" });
  expect(await clientsIn(db)).toEqual(wanted(100));
  const done = await runCliProcess(["imo", "retry", "1"], options);
  expect(done).toMatchObject({ code: 4, stdout: "" });
  expect(done.stderr).toContain("(REFUSED)");
});

test("a second run of the same blueprint with another file waits its turn: it is refused with 5", async () => {
  await using project = await imoProject({ "in.csv": companies(30), "other.csv": companies(31) });
  await whileItPromotes(project, async ({ child, ended }) => {
    const other = await runCliProcess(["imo", "run", "other.csv"], project.options);
    expect(other).toMatchObject({ code: 5, stdout: "" });
    expect(other.stderr).toMatch(/Run 1 of company_list 1 .*\(RUN_UNDER_WAY\)\nhint: .+/u);
    child.kill("SIGKILL");
    await ended;
  });
});
