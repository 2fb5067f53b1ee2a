import { describe, expect, test } from "vitest";
import { runCliOnTerminal, runCliProcess } from "../testing/cli-process.ts";
import { testDir } from "../testing/test-dir.ts";
import { displayWidth } from "./terminal/display-width.ts";

const commands = [
  "init",
  "dev",
  "doctor",
  "generate",
  "registry validate",
  "registry show",
  "registry docs",
  "registry diff",
  "migrate up",
  "migrate rollback",
  "migrate retry",
  "migrate status",
  "migrate verify",
  "migrate create",
  "migrate baseline",
  "migrate repair",
  "firestore validate",
  "backup create",
  "backup list",
  "backup show",
  "backup verify",
  "backup restore",
  "backup status",
  "backup prune",
  "backup gc",
  "backup schedule",
  "backup keys create",
  "backup keys verify",
  "backup keys export",
  "integrity check",
  "integrity fix",
  "integrity undo",
  "integrity runs",
  "imo intake",
  "imo validate",
  "imo promote",
  "imo export",
  "imo run",
  "imo status",
  "imo cancel",
  "imo retry",
  "testdb create",
  "testdb seed",
  "testdb list",
  "testdb drop",
] as const;

describe.each([
  "",
  "registry",
  "migrate",
  "firestore",
  "backup",
  "backup keys",
  "integrity",
  "imo",
  "testdb",
  ...commands,
])("ctb-data %s", (command) => {
  const words = command.split(" ").filter((word) => word !== "");

  test("--help goes to stdout with an example and every exit code", async () => {
    const { code, stdout, stderr } = await runCliProcess([...words, "--help"], { cwd: "/" });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`Usage: ctb-data ${command}`.trim());
    expect(stdout).toMatch(/^Examples?:\n {2}\$ ctb-data /mu);
    for (const number of [0, 1, 2, 3, 4, 5, 130]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${number} +\\S`, "mu"));
    }
  });

  test("an unknown flag is refused with 2, and nothing is on stdout", async () => {
    const { code, stdout, stderr } = await runCliProcess([...words, "--nonsense"], { cwd: "/" });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^error: Unknown option '--nonsense'\. \(USAGE\)\nhint: .+\n$/u);
  });

  test("an unknown flag is one line of JSON with --json", async () => {
    const { code, stdout, stderr } = await runCliProcess([...words, "--json", "--nonsense"], {
      cwd: "/",
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: "USAGE",
        message: "Unknown option '--nonsense'.",
        hint: expect.any(String),
      },
    });
  });
});

describe("what is mistyped", () => {
  test.each([
    [["migrat"], "Unknown command 'migrat'.", "Did you mean migrate?"],
    [["migrate", "statsu"], "Unknown command 'statsu'.", "Did you mean status?"],
    [["backup", "craete"], "Unknown command 'craete'.", "Did you mean create?"],
    [["generate", "--chek"], "Unknown option '--chek'.", "Did you mean --check?"],
    [["integrity", "chekc"], "Unknown command 'chekc'.", "Did you mean check?"],
    [["imo", "promot"], "Unknown command 'promot'.", "Did you mean promote?"],
    [["testdb", "lsit"], "Unknown command 'lsit'.", "Did you mean list?"],
    [
      ["integrity", "check", "--only", "rows,referenzes"],
      "Option '--only <parts>' argument 'rows,referenzes' is invalid. The parts are rows, references, keys, documents, drift.",
      "Did you mean references?",
    ],
  ])("%j is answered with what was meant", async (args, message, hint) => {
    const { code, stderr } = await runCliProcess(args, { cwd: "/" });
    expect(code).toBe(2);
    expect(stderr).toBe(`error: ${message} (USAGE)\nhint: ${hint}\n`);
  });

  test.each([
    [["migrate", "up", "--to", "three"], /number of a migration, such as 3 or 003/u],
    [["migrate", "rollback", "--steps", "0"], /whole number from 1/u],
    [["migrate", "rollback", "--steps", "2", "--to", "1"], /cannot be used with option/u],
    [["migrate", "repair"], /Missing required argument 'version'/u],
    [["migrate", "up", "now"], /Too many arguments/u],
    [["dev", "--port", "70000"], /port from 1 to 65535/u],
    [["backup", "restore"], /Missing required argument 'id'/u],
    [["backup", "restore", "latest", "--exact", "--overwrite"], /cannot be used with option/u],
    [["backup", "verify", "--drill", "--level", "hashes"], /cannot be used with option/u],
    [["backup", "create", "--only", "mysql"], /Allowed choices are postgres, firestore/u],
    [["backup", "schedule", "--emit", "at"], /Allowed choices are systemd, crontab, k8s/u],
    [["integrity", "check", "--only", "nonsense"], /The parts are rows, references, keys/u],
    [["integrity", "check", "--store", "firestore", "--no-firestore"], /cannot be used with/u],
    [["integrity", "check", "--connections", "0"], /whole number from 1/u],
    [["integrity", "check", "--statement-timeout", "soon"], /number of seconds/u],
    [
      ["integrity", "fix", "--strategy", "burn"],
      /Allowed choices are quarantine, set-null, delete/u,
    ],
    [["integrity", "undo", "x", "--last"], /Both the run x and --last are given/u],
    [
      ["imo", "promote", "--vendor", "acme", "--vendor", "b"],
      /It was "acme" before; .* takes one/u,
    ],
    [["imo", "promote", "--lease", "0"], /from 0.1 to 86400 seconds/u],
    [["registry", "docs", "--format", "pdf"], /Allowed choices are markdown, mermaid/u],
  ])("%j is refused with 2", async (args, message) => {
    const { code, stderr } = await runCliProcess(args, { cwd: "/" });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  test.each([[[]], [["migrate"]], [["registry"]]])(
    "%j without a command prints the help on stderr",
    async (args) => {
      const { code, stdout, stderr } = await runCliProcess(args, { cwd: "/" });
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain("Usage: ctb-data");
      expect(stderr).toContain("error: A command is missing. (USAGE)");
    },
  );
});

describe("how it is printed", () => {
  test("--version prints the version of the package", async () => {
    const { code, stdout } = await runCliProcess(["--version"], { cwd: "/" });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/u);
  });

  test.each(
    [
      "migrate rollback",
      "backup create",
      "backup restore",
      "backup verify",
      "integrity check",
      "integrity fix",
      "imo run",
      "imo intake",
      "testdb seed",
    ].flatMap((command) => [60, 80, 120].map((columns) => [command, columns] as const)),
  )("the help of %s fits a terminal of %i columns", async (command, columns) => {
    const { stdout } = await runCliOnTerminal([...command.split(" "), "--help"], {
      cwd: "/",
      columns,
    });
    const tooWide = stdout.split(/\r?\n/u).filter((line) => displayWidth(line) > columns);
    expect(tooWide).toEqual([]);
  });

  test.each([
    ["a terminal", {}, [], true],
    ["NO_COLOR", { NO_COLOR: "1" }, [], false],
    ["TERM=dumb", { TERM: "dumb" }, [], false],
    ["--no-color", {}, ["--no-color"], false],
  ])("colours with %s", async (_name, env, flags, colored) => {
    const { stdout } = await runCliOnTerminal(["nope", ...flags], { cwd: "/", env, columns: 80 });
    expect(stdout).toContain("Unknown command 'nope'");
    expect(stdout.includes("\u001b[")).toBe(colored);
  });

  test("without a terminal there is no colour, unless FORCE_COLOR asks for it", async () => {
    const plain = await runCliProcess(["nope"], { cwd: "/" });
    expect(plain.stderr).not.toContain("\u001b[");
    const forced = await runCliProcess(["nope"], { cwd: "/", env: { FORCE_COLOR: "1" } });
    expect(forced.stderr).toContain("\u001b[");
  });
});

describe("failures", () => {
  test("a bad setting ends with 2 and is named with where it came from", async () => {
    await using dir = await testDir({ ".env": "DATABASE_POOL_SIZE=many\n" });
    const { code, stderr } = await runCliProcess(["migrate", "status"], { cwd: dir.path });
    expect(code).toBe(2);
    expect(stderr).toBe(
      'error: DATABASE_POOL_SIZE (from .env:1) must be a whole number from 1 to 1000, not "many". (INVALID_CONFIG)\n' +
        "hint: Mend the setting where it came from. Nothing was touched.\n",
    );
  });

  test("production refuses the embedded database with 4, and makes no folder", async () => {
    await using dir = await testDir();
    const { code, stderr } = await runCliProcess(["migrate", "status"], {
      cwd: dir.path,
      env: { NODE_ENV: "production" },
    });
    expect(code).toBe(4);
    expect(stderr).toContain("(EMBEDDED_IN_PRODUCTION)");
    await expect(dir.read(".ctb-data/.gitignore")).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("a folder that is not there is an error, and is not made", async () => {
    await using dir = await testDir();
    const { code, stderr } = await runCliProcess(["-C", "gone", "migrate", "up"], {
      cwd: dir.path,
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: The folder .*gone does not exist\. \(NOT_FOUND\)\nhint: /u);
    await expect(dir.read("gone/.ctb-data/.gitignore")).rejects.toThrow("ENOENT");
  });

  test("--directory is where everything is looked for", async () => {
    await using dir = await testDir({ "project/.env": "DATABASE_POOL_SIZE=many\n" });
    const { code } = await runCliProcess(["-C", "project", "doctor", "--json"], { cwd: dir.path });
    expect(code).toBe(1);
    const { stderr } = await runCliProcess(["-C", "project", "generate"], { cwd: dir.path });
    expect(stderr).toContain("from .env:1");
  });
});
