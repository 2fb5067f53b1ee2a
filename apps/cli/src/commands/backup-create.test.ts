import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startS3Server } from "@ctb-data/backup/testing";
import { expect, test } from "vitest";
import { backupProject } from "../../testing/backup-project.ts";
import { runCliOnTerminal, runCliProcess } from "../../testing/cli-process.ts";
import { testDir } from "../../testing/test-dir.ts";
import { displayWidth } from "../terminal/display-width.ts";

interface Made {
  readonly id: string;
  readonly record: { readonly totals: Readonly<Record<string, number>> };
}

test("a backup of both stores is listed, shown in full to who has a key, and verified with evidence", async () => {
  await using project = await backupProject();
  const cwd = project.dir.path;
  const { env } = project.source;
  const made = await runCliProcess(["backup", "create", "--json"], { cwd, env });
  expect(made.code).toBe(0);
  const { id, record }: Made = JSON.parse(made.stdout);
  expect(record.totals).toMatchObject({ tables: 2, rows: 60, documents: 21 });

  // Whoever reads along can follow every step; each line is a document.
  const events = made.stderr
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(events.length).toBeGreaterThan(3);
  for (const event of events) {
    expect(event).toEqual({ progress: expect.objectContaining({ step: expect.any(String) }) });
  }

  const shown = await runCliProcess(["backup", "show", id.slice(0, 19)], { cwd });
  expect({ code: shown.code, stderr: shown.stderr }).toEqual({ code: 0, stderr: "" });
  expect(shown.stdout).toMatch(/^public\.orders +50 /mu);
  expect(shown.stdout).toMatch(/^clients\/notes +10$/mu);
  const clear = await runCliProcess(["backup", "show", "--json"], {
    cwd,
    env: { BACKUP_IDENTITY_PATH: "" },
  });
  expect(JSON.parse(clear.stdout)).toMatchObject({ id, trusted: true, manifest: null });

  const unverified = await runCliProcess(["backup", "status", "--max-verified-age", "1h"], { cwd });
  expect(unverified.code).toBe(3);
  const verified = await runCliProcess(["backup", "verify", "--json"], { cwd });
  expect(verified.code).toBe(0);
  expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, backups: [{ level: "hashes" }] });
  const status = await runCliProcess(["backup", "status", "--max-verified-age", "1h"], { cwd });
  expect(status.code).toBe(0);
  const drill = await runCliProcess(["backup", "verify", id, "--drill", "--json"], { cwd });
  expect(drill.code).toBe(0);
  expect(JSON.parse(drill.stdout)).toMatchObject({
    ok: true,
    backups: [{ level: "drill", checked: { rows: 60, documents: 21 } }],
  });
  expect(await readdir(join(cwd, ".ctb-data/drills"))).toEqual([]);
  const list = await runCliProcess(["backup", "list", "--json"], { cwd });
  expect(JSON.parse(list.stdout)).toMatchObject({
    backups: [
      {
        id,
        valid: true,
        trusted: true,
        verifiedAt: expect.any(String),
        drilledAt: expect.any(String),
      },
    ],
  });
}, 180_000);

test("without a recipient, without a signing key and with a secret key as a recipient nothing is stored", async () => {
  await using dir = await testDir();
  const cwd = dir.path;
  await runCliProcess(["backup", "keys", "create"], { cwd });
  const signed = ["--signing-key", "backup-keys/backup-signing.key"];
  const recipient = /public key: (?<key>\S+)/u.exec(
    await dir.read("backup-keys/backup-identity.txt"),
  )?.groups?.["key"];
  const identity = /AGE-SECRET-KEY-\S+/u.exec(
    await dir.read("backup-keys/backup-identity.txt"),
  )?.[0];
  const cases = [
    [["backup", "create", ...signed], "(NO_RECIPIENT)"],
    [["backup", "create", "--recipient", recipient ?? ""], "(NO_SIGNING_KEY)"],
    [["backup", "create", "--recipient", identity ?? "", ...signed], "(INVALID_CONFIG)"],
    [["backup", "create", "--recipient", `${recipient}x`, ...signed], "(INVALID_"],
    [["backup", "create", "--recipient", recipient ?? "", "--encryption", "none"], "(USAGE)"],
    [
      ["backup", "create", "--recipient", recipient ?? "", ...signed],
      "is not in BACKUP_PUBLIC_KEY",
    ],
  ] as const;
  for (const [args, code] of cases) {
    const refused = await runCliProcess(args, {
      cwd,
      env: { BACKUP_PUBLIC_KEY: `RW${"A".repeat(54)}` },
    });
    expect({ args, code: refused.code, stdout: refused.stdout }).toEqual({
      args,
      code: 2,
      stdout: "",
    });
    expect(refused.stderr).toContain(code);
    expect(refused.stderr).not.toContain("AGE-SECRET-KEY-1");
  }
  expect(await readdir(cwd)).toEqual(["backup-keys"]);
}, 180_000);

test("a backup in the clear is made only where that is said, and says so itself", async () => {
  await using project = await backupProject();
  const { env } = project.source;
  const create = ["backup", "create", "--only", "postgres", "--encryption", "none"];
  const made = await runCliProcess(create, { cwd: project.dir.path, env });
  expect(made.code).toBe(0);
  expect(made.stderr).toContain("It is not encrypted");
  const shown = await runCliProcess(["backup", "show"], {
    cwd: project.dir.path,
    env: { BACKUP_IDENTITY_PATH: "" },
  });
  expect(shown.stdout).toContain("anybody: it is not encrypted");
  expect(shown.stdout).toMatch(/^public\.clients +10 /mu);
}, 180_000);

test("a flipped bit is found, told with 3 and remembered", async () => {
  await using project = await backupProject();
  const cwd = project.dir.path;
  await runCliProcess(["backup", "create", "--verify"], { cwd, env: project.source.env });
  const folder = join(cwd, ".ctb-data/backups/backups");
  const [id = ""] = await readdir(folder);
  const part = join(folder, id, "postgres/data/public.orders/0000.copy.zst.age");
  const bytes = await readFile(part);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  await writeFile(part, bytes);
  const found = await runCliProcess(["backup", "verify"], { cwd });
  expect(found.code).toBe(3);
  expect(found.stdout).toContain("public.orders/0000.copy.zst.age");
  const list = await runCliProcess(["backup", "list"], { cwd });
  expect(list.stdout).toMatch(/✗ .*public\.orders/u);
  const all = await runCliProcess(["backup", "verify", "--all", "--level", "stored"], { cwd });
  expect(all.code).toBe(0);
}, 180_000);

test("an id that names no backup, or several, ends with 2", async () => {
  await using project = await backupProject();
  const cwd = project.dir.path;
  const create = ["backup", "create", "--only", "firestore"];
  await runCliProcess(create, { cwd, env: project.source.env });
  await runCliProcess(create, { cwd, env: project.source.env });
  for (const id of ["nothing", "2"]) {
    const { code, stderr } = await runCliProcess(["backup", "show", id], { cwd });
    expect({ id, code }).toEqual({ id, code: 2 });
    expect(stderr).toContain(id);
  }
}, 180_000);

test("a bucket is a storage, with the account that .env names", async () => {
  await using server = await startS3Server();
  await using project = await backupProject();
  const cwd = project.dir.path;
  const { accessKeyId, secretAccessKey } = server.credentials;
  await project.dir.write(
    ".env",
    `${await project.dir.read(".env")}BACKUP_STORAGE=s3://${server.bucket}/prod\nBACKUP_S3_ENDPOINT=${server.endpoint}\nAWS_ACCESS_KEY_ID=${accessKeyId}\nAWS_SECRET_ACCESS_KEY="${secretAccessKey}"\n`,
  );
  const made = await runCliProcess(["backup", "create", "--verify"], {
    cwd,
    env: project.source.env,
  });
  expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining("s3://") });
  const list = await runCliProcess(["backup", "list"], { cwd });
  expect(list.stdout).toContain(`1 backup in s3://${server.bucket}/prod`);
  const half = await runCliProcess(["backup", "list"], { cwd, env: { AWS_SECRET_ACCESS_KEY: "" } });
  expect(half.code).toBe(2);
  const wrong = await runCliProcess(["backup", "list", "--verbose"], {
    cwd,
    env: { AWS_SECRET_ACCESS_KEY: "hunter22-hunter22" },
  });
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain("(STORAGE_DENIED)");
  expect(wrong.stdout + wrong.stderr).not.toContain("hunter22");
}, 180_000);

test("everything fits a terminal of 60 columns, with a bar while it runs that is gone afterwards", async () => {
  await using project = await backupProject();
  const cwd = project.dir.path;
  for (const args of [["create", "--verify"], ["list"], ["status"], ["prune"], ["verify"]]) {
    const { stdout, code } = await runCliOnTerminal(["backup", ...args], {
      cwd,
      env: project.source.env,
      columns: 60,
    });
    expect({ args, code }).toEqual({ args, code: 0 });
    const lines = stdout.split(/\r?\n/u).map((line) => line.split("\r").at(-1) ?? "");
    expect(lines.filter((line) => displayWidth(line) > 60)).toEqual([]);
  }
}, 180_000);
