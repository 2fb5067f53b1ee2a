import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createBackup, openStorage, verifyBackup } from "@ctb-data/backup";
import { expect, test } from "vitest";
import { type BackupProject, backupProject } from "../../testing/backup-project.ts";
import { resultOf, runCliProcess, startCliProcess } from "../../testing/cli-process.ts";
import { testDir } from "../../testing/test-dir.ts";

const dayMs = 86_400_000;

/** Makes verified backups of so many days ago, by a clock that is set back. */
async function pastBackups(
  project: BackupProject,
  days: readonly number[],
): Promise<readonly string[]> {
  const { dir, source } = project;
  await using storage = await openStorage({ url: join(dir.path, ".ctb-data/backups") });
  const signingKey = await dir.read("backup-keys/backup-signing.key");
  const ids: string[] = [];
  for (const day of days) {
    const now = (): Date => new Date(Date.now() - day * dayMs);
    const { id } = await createBackup({
      storage,
      postgres: source.postgres,
      encryption: { kind: "none" },
      signingKey,
      now,
    });
    await verifyBackup({ storage, id, level: "hashes", signingKey, now });
    ids.push(id);
  }
  return ids;
}

test("status goes by age and evidence, prune says why, asks first, and keeps the last verified ones", async () => {
  await using project = await backupProject();
  const cwd = project.dir.path;
  const [oldest = "", older = "", newest = ""] = await pastBackups(project, [100, 90, 40]);
  const status = await runCliProcess(["backup", "status"], { cwd });
  expect(status.code).toBe(3);
  expect(status.stdout).toContain("The newest backup of");
  const patient = await runCliProcess(["backup", "status", "--max-age", "50d", "--json"], { cwd });
  expect(patient.code).toBe(0);
  expect(JSON.parse(patient.stdout)).toMatchObject({ ok: true, newest, counts: { verified: 3 } });
  const drill = ["backup", "status", "--max-age", "50d", "--max-drill-age", "8d"];
  expect((await runCliProcess(drill, { cwd })).code).toBe(3);
  const nonsense = await runCliProcess(["backup", "status", "--max-age", "soon"], { cwd });
  expect(nonsense).toMatchObject({ code: 2, stderr: expect.stringContaining("not an age") });

  const prune = ["backup", "prune"];
  const kept = await runCliProcess([...prune, "--dry-run"], { cwd });
  expect(kept.stdout).toContain("Nothing to delete: 3 backups");
  const env = { BACKUP_MIN_KEEP: "2" };
  const plan = await runCliProcess([...prune, "--dry-run"], { cwd, env });
  expect(plan.stdout).toMatch(new RegExp(`^delete ${oldest} 100 days old.*${newest}`, "mu"));
  expect(plan.stdout).toMatch(new RegExp(`^keep +${older} .*min_keep`, "mu"));
  const unsure = await runCliProcess(prune, { cwd, env });
  expect(unsure).toMatchObject({ code: 4, stderr: expect.stringContaining("CONFIRMATION_NEEDED") });
  const many = await runCliProcess([...prune, "--yes"], { cwd, env: { BACKUP_MIN_KEEP: "1" } });
  expect(many).toMatchObject({ code: 4, stderr: expect.stringContaining("(REFUSED)") });
  const done = await runCliProcess([...prune, "--yes", "--json"], { cwd, env });
  expect(done.code).toBe(0);
  expect(JSON.parse(done.stdout)).toMatchObject({ dryRun: false, deleted: [oldest] });
  const list = await runCliProcess(["backup", "list", "--json"], { cwd });
  expect(JSON.parse(list.stdout)).toMatchObject({ backups: [{ id: older }, { id: newest }] });
}, 180_000);

test("gc says what it would remove, and leaves what is young", async () => {
  await using project = await backupProject();
  const cwd = project.dir.path;
  const [id = ""] = await pastBackups(project, [1]);
  await project.dir.write(".ctb-data/backups/backups/2026-01-01T00-00-00Z-00000000/x.age", "x");
  const dry = await runCliProcess(["backup", "gc", "--dry-run", "--json"], { cwd });
  expect(dry.code).toBe(0);
  expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, collected: [] });
  const done = await runCliProcess(["backup", "gc"], { cwd });
  expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining("Nothing to remove") });
  const old = await runCliProcess(["backup", "gc", "--older-than", "soon"], { cwd });
  expect(old).toMatchObject({ code: 2, stderr: expect.stringContaining("not an age") });
  const young = await runCliProcess(["backup", "gc", "--older-than", "1m"], { cwd });
  expect(young).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--older-than 1m is less than an hour."),
  });
  const others = await runCliProcess(["backup", "list", "--source", "others"], { cwd });
  expect(others.stdout).toContain("No backups of others in ");
  expect(await readdir(join(cwd, ".ctb-data/backups/backups"))).toContain(id);
}, 180_000);

/** The JSON documents, one a line, that a process has written so far. */
function linesOf(text: string): readonly Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line): Record<string, unknown> => JSON.parse(line));
}

test("the daemon makes, verifies and prunes what is due, and SIGTERM ends it without debris", async () => {
  await using project = await backupProject();
  const cwd = project.dir.path;
  const env = { ...project.source.env, BACKUP_ENABLED: "true", BACKUP_SCHEDULE: "0 2 * * *" };
  const child = startCliProcess(["backup", "schedule", "--json"], { cwd, env });
  let seen = "";
  child.stderr?.on("data", (text: string) => {
    const before = seen;
    seen += text;
    if (seen.includes('"kind":"waiting"') && !before.includes('"kind":"waiting"')) {
      child.kill("SIGTERM");
    }
  });
  const { code, stdout, stderr } = await resultOf(child);
  expect(code).toBe(130);
  expect(JSON.parse(stdout)).toMatchObject({
    schedule: "0 2 * * *",
    timeZone: "UTC",
    stores: ["postgres", "firestore"],
    retention: { days: 30, minKeep: 3 },
    next: [expect.any(String), expect.any(String), expect.any(String)],
  });
  const kinds = linesOf(stderr).flatMap(({ event }) =>
    typeof event === "object" && event !== null && "kind" in event ? [event.kind] : [],
  );
  expect(kinds).toEqual(["running", "backup", "pruned", "done", "waiting", "stopped"]);
  const list = await runCliProcess(["backup", "list", "--json"], { cwd });
  expect(JSON.parse(list.stdout)).toMatchObject({ backups: [{ verifiedAt: expect.any(String) }] });
  // The same question, asked by cron: it is answered from the storage.
  const due = await runCliProcess(["backup", "create", "--if-due", "--json"], { cwd, env });
  expect(due.code).toBe(0);
  expect(JSON.parse(due.stdout)).toEqual({ due: false, nextAt: expect.any(String) });
}, 180_000);

test("a run that SIGTERM stops is no backup, leaves nothing half written, and the next one begins at once", async () => {
  await using project = await backupProject();
  const cwd = project.dir.path;
  await project.source.postgres.query(
    "CREATE TABLE large AS SELECT n AS id, repeat(md5(n::text), 20) AS text FROM generate_series(1, 300000) AS n",
  );
  const env = { ...project.source.env, BACKUP_ENABLED: "true" };
  const child = startCliProcess(["backup", "schedule", "--json"], { cwd, env });
  let seen = "";
  child.stderr?.on("data", (text: string) => {
    const before = seen;
    seen += text;
    if (seen.includes('"step":"rows"') && !before.includes('"step":"rows"')) {
      child.kill("SIGTERM");
    }
  });
  const { code } = await resultOf(child);
  expect(code).toBe(130);
  const list = await runCliProcess(["backup", "list", "--json"], { cwd });
  expect(JSON.parse(list.stdout)).toMatchObject({ backups: [] });
  const files = await readdir(join(cwd, ".ctb-data/backups"), { recursive: true });
  // No parts, whole or half; a lease stays as an object that says it was given up.
  expect(
    files.filter((file) => file.startsWith("backups/2") || file.includes(".ctb-tmp-")),
  ).toEqual([]);
  const next = await runCliProcess(["backup", "create", "--if-due", "--only", "firestore"], {
    cwd,
    env,
  });
  expect(next.code).toBe(0);
}, 180_000);

test("where backups are switched off, neither the daemon nor --if-due does anything", async () => {
  await using dir = await testDir({
    "global-config.yaml": "data: { backup: { enabled: false } }\n",
  });
  for (const args of [
    ["backup", "schedule"],
    ["backup", "create", "--if-due"],
  ]) {
    const { code, stderr } = await runCliProcess(args, { cwd: dir.path });
    expect({ args, code }).toEqual({ args, code: 2 });
    expect(stderr).toContain("BACKUP_ENABLED is false (from global-config.yaml:1:19)");
  }
  expect(await readdir(dir.path)).toEqual(["global-config.yaml"]);
});

test.each([
  ["systemd", [], "OnCalendar=*-*-* 02:00:00 Europe/Berlin"],
  ["crontab", [], "backup create --if-due"],
  ["k8s", ["--image", "example.com/app:1"], 'timeZone: "Europe/Berlin"'],
  ["github-actions", [], 'timezone: "Europe/Berlin"'],
])("what %s needs is printed, and runs what the daemon would", async (target, flags, text) => {
  await using dir = await testDir({ ".env": "BACKUP_TIMEZONE=Europe/Berlin\nBACKUP_ENABLED=1\n" });
  const { code, stdout } = await runCliProcess(["backup", "schedule", "--emit", target, ...flags], {
    cwd: dir.path,
  });
  expect(code).toBe(0);
  expect(stdout).toContain(text);
  expect(stdout).toContain("--if-due");
});

test.each([
  ["BACKUP_SCHEDULE", "0 2 * *"],
  ["BACKUP_SCHEDULE", "0 0 31 2 *"],
  ["BACKUP_TIMEZONE", "Mars/Olympus"],
])("%s=%s is refused before anything begins", async (name, value) => {
  await using dir = await testDir();
  const { code, stderr } = await runCliProcess(["backup", "schedule"], {
    cwd: dir.path,
    env: { BACKUP_ENABLED: "1", [name]: value },
  });
  expect(code).toBe(2);
  expect(stderr).toContain("(INVALID_OPTIONS)");
});

test("doctor looks at what backups need as soon as they are set up", async () => {
  await using project = await backupProject();
  const { stdout } = await runCliProcess(["doctor", "--json"], {
    cwd: project.dir.path,
    env: project.source.env,
  });
  const { checks }: { checks: readonly { readonly name: string; readonly result: string }[] } =
    JSON.parse(stdout);
  expect(Object.fromEntries(checks.map(({ name, result }) => [name, result]))).toMatchObject({
    "backup keys": "ok",
    "backup schedule": "ok",
    "backup storage": "ok",
  });
}, 180_000);
