import { chmod, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { runCliOnTerminal, runCliProcess } from "../../testing/cli-process.ts";
import { testDir } from "../../testing/test-dir.ts";
import { displayWidth } from "../terminal/display-width.ts";

test("keys are made for their owner alone, in a folder that git leaves out, and never written over", async () => {
  await using dir = await testDir();
  const made = await runCliProcess(["backup", "keys", "create"], { cwd: dir.path });
  expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: "" });
  expect(made.stdout).not.toContain("AGE-SECRET-KEY");
  expect((await readdir(join(dir.path, "backup-keys"))).toSorted()).toEqual([
    ".gitignore",
    "backup-identity.txt",
    "backup-recovery-identity.txt",
    "backup-signing.key",
    "backup-signing.pub",
  ]);
  for (const name of [
    "backup-identity.txt",
    "backup-recovery-identity.txt",
    "backup-signing.key",
  ]) {
    expect((await stat(join(dir.path, "backup-keys", name))).mode & 0o777).toBe(0o600);
  }
  const before = await dir.read("backup-keys/backup-identity.txt");
  const again = await runCliProcess(["backup", "keys", "create"], { cwd: dir.path });
  expect(again.code).toBe(4);
  expect(again.stderr).toContain("(CONFLICT)");
  expect(await dir.read("backup-keys/backup-identity.txt")).toBe(before);
});

test("with --save the keys work at once, and a second set does not replace them", async () => {
  await using dir = await testDir({ ".env": "DATABASE_POOL_SIZE=5" });
  const made = await runCliProcess(["backup", "keys", "create", "--save", "--json"], {
    cwd: dir.path,
  });
  expect(made.code).toBe(0);
  const { variables }: { variables: Readonly<Record<string, string>> } = JSON.parse(made.stdout);
  const env = await dir.read(".env");
  expect(env).toMatch(/^DATABASE_POOL_SIZE=5\nBACKUP_RECIPIENTS=/u);
  expect(parseEnv(env)).toEqual({ DATABASE_POOL_SIZE: "5", ...variables });
  const verified = await runCliProcess(["backup", "keys", "verify", "--json"], { cwd: dir.path });
  expect(verified.code).toBe(0);
  expect(JSON.parse(verified.stdout)).toMatchObject({
    ok: true,
    recipients: [{ opened: true }, { opened: false }],
    signing: { trusted: true, publicKey: variables["BACKUP_PUBLIC_KEY"] },
    problems: [],
  });
  const second = await runCliProcess(["backup", "keys", "create", "others", "--save"], {
    cwd: dir.path,
  });
  expect(second.code).toBe(2);
  expect(second.stderr).toContain("BACKUP_RECIPIENTS is set already (from .env:2)");
  expect(await readdir(dir.path)).not.toContain("others");
});

test("a key file that everybody can read is refused, and one that does not fit is told with 3", async () => {
  await using dir = await testDir();
  await runCliProcess(["backup", "keys", "create", "--save"], { cwd: dir.path });
  await runCliProcess(["backup", "keys", "create", "others"], { cwd: dir.path });
  const verify = ["backup", "keys", "verify", "--identity"];
  const other = await runCliProcess([...verify, "others/backup-identity.txt"], { cwd: dir.path });
  expect(other.code).toBe(3);
  expect(other.stdout).toContain("None of the identities opens");
  await chmod(join(dir.path, "others/backup-identity.txt"), 0o644);
  const open = await runCliProcess([...verify, "others/backup-identity.txt"], { cwd: dir.path });
  expect(open.code).toBe(2);
  expect(open.stderr).toMatch(
    /others\/backup-identity\.txt can be read by everybody.*INVALID_KEY/u,
  );
  const gone = await runCliProcess([...verify, "gone.txt"], { cwd: dir.path });
  expect(gone.code).toBe(2);
  expect(gone.stderr).toContain("The identity file gone.txt does not exist. (NOT_FOUND)");
  const folder = await runCliProcess([...verify, "others"], { cwd: dir.path });
  expect(folder.code).toBe(2);
  expect(folder.stderr).toContain("The identity file others is a folder. (INVALID_KEY)");
  const secret = `AGE-SECRET-KEY-1${"Q".repeat(58)}`;
  const typed = await runCliProcess([...verify, secret], { cwd: dir.path });
  expect(typed.code).toBe(2);
  expect(typed.stderr).toContain("was given as the key itself");
  expect(typed.stderr).not.toContain(secret);
});

test("what is exported are settings with public keys alone, which another machine takes", async () => {
  await using dir = await testDir();
  await runCliProcess(["backup", "keys", "create", "--save"], { cwd: dir.path });
  const env = await runCliProcess(["backup", "keys", "export"], { cwd: dir.path });
  const yaml = await runCliProcess(["backup", "keys", "export", "--format", "yaml"], {
    cwd: dir.path,
  });
  expect(env.stdout + yaml.stdout).not.toMatch(/SECRET|secret/u);
  await using byEnv = await testDir({ ".env": env.stdout });
  await using byYaml = await testDir({ "global-config.yaml": yaml.stdout });
  const exported = await Promise.all(
    [dir, byEnv, byYaml].map(
      async ({ path }) =>
        await runCliProcess(["backup", "keys", "export", "--json"], { cwd: path }),
    ),
  );
  expect(new Set(exported.map(({ stdout }) => stdout)).size).toBe(1);
  expect(JSON.parse(exported[0]?.stdout ?? "")).toMatchObject({
    recipients: [expect.stringMatching(/^age1/u), expect.stringMatching(/^age1/u)],
    publicKeys: [expect.stringMatching(/^RW/u)],
  });
  await using empty = await testDir();
  expect((await runCliProcess(["backup", "keys", "export"], { cwd: empty.path })).code).toBe(2);
});

test("on a narrow terminal only the lines that are to be pasted are longer than it", async () => {
  await using dir = await testDir();
  const { stdout } = await runCliOnTerminal(["backup", "keys", "create"], {
    cwd: dir.path,
    columns: 60,
  });
  const wide = stdout.split(/\r?\n/u).filter((line) => displayWidth(line) > 60);
  expect(wide.every((line) => line.startsWith("BACKUP_"))).toBe(true);
});
