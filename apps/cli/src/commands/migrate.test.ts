import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres } from "@ctb-data/postgres";
import { createTestDatabase, type TestDatabase } from "@ctb-data/postgres/testing";
import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type CliResult,
  resultOf,
  runCliOnTerminal,
  runCliProcess,
  startCliProcess,
} from "../../testing/cli-process.ts";
import { testDir, type TestDir } from "../../testing/test-dir.ts";
import { displayWidth } from "../terminal/display-width.ts";

const files = {
  "migrations/001_clients.sql":
    "-- Migration: clients\nBEGIN;\nCREATE TABLE clients (id serial PRIMARY KEY, name text);\nCOMMIT;\n",
  "migrations/001_clients.down.sql": "DROP TABLE clients;\n",
  "migrations/002_emails.sql": "BEGIN;\nALTER TABLE clients ADD COLUMN email text;\nCOMMIT;\n",
  "migrations/002_emails.down.sql": "ALTER TABLE clients DROP COLUMN email;\n",
};

interface Project extends AsyncDisposable {
  readonly dir: TestDir;
  readonly database: TestDatabase;
  readonly env: Readonly<Record<string, string>>;
  run(...args: readonly string[]): Promise<CliResult>;
}

async function project(more: Readonly<Record<string, string>> = {}): Promise<Project> {
  const database = await createTestDatabase();
  const dir = await testDir({ ...files, ...more });
  const env = { DATABASE_URL: database.url };
  return {
    dir,
    database,
    env,
    run: async (...args) => await runCliProcess(["migrate", ...args], { cwd: dir.path, env }),
    [Symbol.asyncDispose]: async () => {
      await dir[Symbol.asyncDispose]();
      await database.drop();
    },
  };
}

/** The states that `status --json` tells, by migration. */
async function statesOf(at: Project): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await at.run("status", "--json");
  const status: { migrations: readonly { name: string; state: string }[] } = JSON.parse(stdout);
  return Object.fromEntries(status.migrations.map(({ name, state }) => [name, state]));
}

describe("a project with two migrations", () => {
  let at: Project;
  beforeEach(async () => {
    at = await project();
    return async () => {
      await at[Symbol.asyncDispose]();
    };
  });

  test("status, up, status, rollback and up again say what they did, and what is next", async () => {
    const before = await at.run("status");
    expect(before).toMatchObject({ code: 3, stderr: "" });
    expect(before.stdout).toMatch(/^001 +clients +pending .*yes$/mu);
    expect(before.stdout).toContain("2 migrations: 2 pending.\nNext: ctb-data migrate up\n");
    const up = await at.run("up");
    expect(up).toMatchObject({ code: 0, stderr: "" });
    expect(up.stdout).toMatch(
      /^✓ 001_clients \d+ ms\n✓ 002_emails \d+ ms\nApplied 2 migrations in .+\.\nNext: ctb-data migrate status\n$/u,
    );
    const after = await at.run("status");
    expect(after.code).toBe(0);
    expect(after.stdout).toMatch(
      /^002 +emails +applied +\d{4}-\d\d-\d\d \d\d:\d\d +\d+ +\S+ +yes$/mu,
    );
    const back = await at.run("rollback", "--yes");
    expect(back.stdout).toMatch(/^↩ 002_emails \d+ ms\nRolled back 1 migration in .+\.\nNext: /u);
    expect(await statesOf(at)).toEqual({ "001_clients": "applied", "002_emails": "pending" });
    expect((await at.run("up")).code).toBe(0);
    const nothing = await at.run("up");
    expect(nothing).toMatchObject({ code: 0, stdout: "Nothing to do: no migration is pending.\n" });
  });

  test("up --to stops there and says what is left", async () => {
    const { stdout } = await at.run("up", "--to", "001");
    expect(stdout).toContain("1 migration still pending.\nNext: ctb-data migrate up\n");
    expect(await statesOf(at)).toEqual({ "001_clients": "applied", "002_emails": "pending" });
  });

  test("a dry run names every statement and changes nothing", async () => {
    const up = await at.run("up", "--dry-run");
    expect(up.code).toBe(0);
    expect(up.stdout).toContain("3  CREATE TABLE clients");
    expect(up.stdout).toContain("This was a dry run: nothing was changed.");
    expect(await statesOf(at)).toEqual({ "001_clients": "pending", "002_emails": "pending" });
    await at.run("up");
    await at.run("rollback", "--dry-run", "--steps", "2");
    expect(await statesOf(at)).toEqual({ "001_clients": "applied", "002_emails": "applied" });
  });

  test("every answer is one JSON document with --json", async () => {
    for (const args of [
      ["up", "--dry-run"],
      ["up"],
      ["verify"],
      ["rollback", "--yes"],
      ["create", "more", "things"],
      ["retry"],
    ]) {
      const { code, stdout, stderr } = await at.run(...args, "--json");
      expect({ args, code }).toEqual({ args, code: 0 });
      expect(JSON.parse(stdout)).toEqual(expect.any(Object));
      expect(stdout.trim().split("\n")).toHaveLength(1);
      expect(stderr).not.toContain("error");
    }
  });

  test("rollback without a terminal needs --yes, and ends with 4 without it", async () => {
    await at.run("up");
    const { code, stdout, stderr } = await at.run("rollback");
    expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
    expect(stderr).toContain(
      "error: Not confirmed. This rolls back 1 migration: 002_emails. (CONFIRMATION_NEEDED)\nhint: ",
    );
    expect(await statesOf(at)).toMatchObject({ "002_emails": "applied" });
  });

  test.each([
    ["n\n", 4, "applied"],
    ["\n", 4, "applied"],
    ["y\n", 0, "pending"],
  ])("rollback on a terminal asks; %j ends with %i", async (input, code, state) => {
    await at.run("up");
    const result = await runCliOnTerminal(["migrate", "rollback"], {
      cwd: at.dir.path,
      env: at.env,
      columns: 80,
      input,
    });
    expect(result.stdout).toContain("Roll back? [y/N]");
    expect(result.code).toBe(code);
    expect(await statesOf(at)).toMatchObject({ "002_emails": state });
  });

  test.each([
    ["Ctrl-C", "\u0003", 130],
    ["Ctrl-D", "\u0004", 4],
  ])("%s at the question changes nothing", async (_name, input, code) => {
    await at.run("up");
    const result = await runCliOnTerminal(["migrate", "rollback"], {
      cwd: at.dir.path,
      env: at.env,
      columns: 80,
      input,
      when: "[y/N]",
    });
    expect(result.code).toBe(code);
    expect(await statesOf(at)).toMatchObject({ "002_emails": "applied" });
  });

  test("rollback on a terminal with --no-input does not ask", async () => {
    await at.run("up");
    const result = await runCliOnTerminal(["migrate", "rollback", "--no-input"], {
      cwd: at.dir.path,
      env: at.env,
      columns: 80,
    });
    expect(result.code).toBe(4);
    expect(result.stdout).toContain("CONFIRMATION_NEEDED");
  });

  test("what would lose rows is refused with 4; --force asks for the name", async () => {
    await at.dir.write("migrations/003_row.sql", "INSERT INTO clients (name) VALUES ('Ada');\n");
    await at.dir.write("migrations/003_row.down.sql", "SELECT 1;\n");
    await at.run("up");
    const refused = await at.run("rollback", "--to", "0", "--yes");
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain("(WOULD_LOSE_DATA)");
    const reflex = await runCliOnTerminal(["migrate", "rollback", "--to", "0", "--force"], {
      cwd: at.dir.path,
      env: at.env,
      columns: 100,
      input: "y\n",
    });
    expect(reflex.code).toBe(4);
    expect(await statesOf(at)).toMatchObject({ "001_clients": "applied" });
    const forced = await at.run("rollback", "--to", "0", "--force", "--yes");
    expect(forced.code).toBe(0);
    expect(forced.stdout).toContain("Forced: ");
  });

  test("an edited file is drift: 3 from status, verify and up, until repair accepts it", async () => {
    await at.run("up");
    await at.dir.write(
      "migrations/001_clients.sql",
      "BEGIN;\nCREATE TABLE clients (id serial PRIMARY KEY, name text, age int);\nCOMMIT;\n",
    );
    const status = await at.run("status");
    expect(status.code).toBe(3);
    expect(status.stdout).toMatch(/^001 +clients +applied, edited/mu);
    expect((await at.run("verify")).code).toBe(3);
    expect((await at.run("up")).code).toBe(3);
    expect((await at.run("repair", "1", "--dry-run")).stdout).toContain("Would be accepted: ");
    expect((await at.run("repair", "1")).code).toBe(4);
    const repaired = await at.run("repair", "1", "--yes");
    expect(repaired.stdout).toContain("✓ 001_clients: accepted (edited).");
    expect((await at.run("status")).code).toBe(0);
  });

  test("baseline marks what another tool has built, once it is confirmed", async () => {
    await using db = await openPostgres({ url: at.database.url });
    await db.query("CREATE TABLE clients (id serial PRIMARY KEY, name text)");
    const dry = await at.run("baseline", "1", "--dry-run");
    expect(dry.stdout).toContain("Would be marked as applied: 001_clients.");
    expect((await at.run("baseline", "1")).code).toBe(4);
    const { code, stdout } = await at.run("baseline", "1", "--yes");
    expect(code).toBe(0);
    expect(stdout).toContain("✓ 001_clients is marked as applied\n");
    expect(await statesOf(at)).toEqual({ "001_clients": "baselined", "002_emails": "pending" });
    expect((await at.run("up")).code).toBe(0);
  });

  test("status fits a terminal of 60 columns, and says what it left out", async () => {
    await at.run("up");
    const { stdout } = await runCliOnTerminal(["migrate", "status"], {
      cwd: at.dir.path,
      env: at.env,
      columns: 60,
    });
    expect(stdout.split(/\r?\n/u).filter((line) => displayWidth(line) > 60)).toEqual([]);
    expect(stdout).toContain("001");
    expect(stdout).toContain("not shown at this width: by");
  });

  test("a reader that leaves early ends the output quietly, and the work goes on", async () => {
    const child = startCliProcess(["migrate", "up"], { cwd: at.dir.path, env: at.env });
    child.stdout?.destroy();
    const { code, stderr } = await resultOf(child);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(await statesOf(at)).toEqual({ "001_clients": "applied", "002_emails": "applied" });
  });

  test("create --from writes the SQL between two registries, and it runs", async () => {
    const old = "tables: { pets: { columns: [{ name: id, type: serial, primary_key: true }] } }\n";
    await at.dir.write("old.yml", old);
    await at.dir.write("new.yml", old.replace("}]", "}, { name: age, type: integer }]"));
    await at.dir.write("migrations/003_pets.sql", "CREATE TABLE pets (id serial PRIMARY KEY);\n");
    const args = ["create", "add", "age", "--from", "old.yml", "--registry", "new.yml"];
    const dry = await at.run(...args, "--dry-run");
    expect(dry.stdout).toContain("Would write migrations/004_add_age.sql");
    await expect(at.dir.read("migrations/004_add_age.sql")).rejects.toThrow("ENOENT");
    const created = await at.run(...args);
    expect(created.code).toBe(0);
    expect(await at.dir.read("migrations/004_add_age.sql")).toMatch(/ADD COLUMN "?age"?/u);
    expect((await at.run("up")).code).toBe(0);
    expect((await at.run("rollback", "--yes")).code).toBe(0);
    const same = await at.run("create", "x", "--from", "new.yml", "--registry", "new.yml");
    expect(same.stdout).toBe("Nothing to write: the two registries describe the same.\n");
  });
});

describe("what goes wrong in the middle", () => {
  /** Its last file runs until the test puts a row into clients, however slow the machine is. */
  const held = {
    "migrations/003_held.sql":
      "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM clients) LOOP PERFORM pg_sleep(0.05); END LOOP; END $$;\nCREATE TABLE held (id int);\n",
  };

  test("a failing statement is told with file and line, and retry goes on after it is mended", async () => {
    await using at = await project({ "migrations/003_bad.sql": "SELECT 1;\nSELECT nope;\n" });
    const { code, stdout, stderr } = await at.run("up");
    expect(code).toBe(1);
    expect(stdout).toMatch(/✓ 002_emails/u);
    expect(stderr).toMatch(/^error: .*003_bad\.sql:2.*\nhint: .+\n$/su);
    const status = await at.run("status");
    expect(status.code).toBe(3);
    expect(status.stdout).toContain("Next: ctb-data migrate retry");
    await at.dir.write("migrations/003_bad.sql", "SELECT 1;\nSELECT 2;\n");
    expect((await at.run("retry")).code).toBe(0);
    expect((await at.run("status")).code).toBe(0);
  });

  test("Ctrl-C ends with 130, and the same command again completes the work", async () => {
    await using at = await project(held);
    const child = startCliProcess(["migrate", "up"], { cwd: at.dir.path, env: at.env });
    child.stdout?.on("data", (text: Buffer) => {
      if (text.includes("002_emails")) {
        child.kill("SIGINT");
      }
    });
    const { code, stderr } = await resultOf(child);
    expect(code).toBe(130);
    expect(stderr).toMatch(/^error: .+\nhint: .+\n$/su);
    expect(await statesOf(at)).not.toMatchObject({ "003_held": "applied" });
    await release(at);
    const again = await at.run("up");
    const { code: settled } = again.code === 0 ? again : await at.run("retry");
    expect(settled).toBe(0);
    expect((await at.run("status")).code).toBe(0);
  });

  test("kill -9 at any moment leaves what a second run completes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 150, max: 900 }), async (ms) => {
        await using at = await project({
          "migrations/003_slow.sql": "SELECT pg_sleep(0.2);\nCREATE TABLE slow (id int);\n",
        });
        const child = startCliProcess(["migrate", "up"], { cwd: at.dir.path, env: at.env });
        const ended = resultOf(child);
        await sleep(ms);
        child.kill("SIGKILL");
        await ended;
        expect((await at.run("up")).code).toBe(0);
        expect((await at.run("status")).code).toBe(0);
      }),
      { numRuns: process.env["SLOW"] === "1" ? 30 : 4 },
    );
  });

  test("a second runner waits, and --lock-wait 0 ends with 5", async () => {
    await using at = await project(held);
    const first = startCliProcess(["migrate", "up"], { cwd: at.dir.path, env: at.env });
    const ended = resultOf(first);
    await new Promise<void>((resolve) => {
      first.stdout?.on("data", (text: Buffer) => {
        if (text.includes("002_emails")) {
          resolve();
        }
      });
    });
    const patient = at.run("up");
    const impatient = await at.run("up", "--lock-wait", "0");
    expect(impatient).toMatchObject({ code: 5, stderr: expect.stringContaining("(LOCKED)") });
    await release(at);
    expect((await patient).code).toBe(0);
    expect((await ended).code).toBe(0);
  });
});

async function release({ database }: Project): Promise<void> {
  await using db = await openPostgres({ url: database.url });
  await db.query("INSERT INTO clients (name) VALUES ('go')");
}
