import { expect, test } from "vitest";
import { runCliOnTerminal, runCliProcess } from "../../testing/cli-process.ts";
import { testDir } from "../../testing/test-dir.ts";
import { displayWidth } from "../terminal/display-width.ts";

const path = "db/registry/clnt_column_registry.yml";
const before = `tables:
  clients:
    columns:
      - name: id
        type: serial
        primary_key: true
      - name: name
        type: varchar(255)
        nullable: false
`;
const after = `${before}      - name: email
        type: varchar(255)
        unique: true
`;

test("a valid registry and its blueprints end with 0", async () => {
  await using dir = await testDir({
    [path]: before,
    "db/vendor_blueprints/acme.yml": `vendor: acme
version: "1"
intake:
  format: csv
  table: clients
  key: [Id]
  columns:
    name: { from: Name, required: true }
`,
  });
  const { code, stdout, stderr } = await runCliProcess(["registry", "validate"], { cwd: dir.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(`✓ ${path} is valid: 1 table, 2 columns, 1 vendor blueprint.\n`);
});

test("every mistake is named with file, line and column, and ends with 1", async () => {
  await using dir = await testDir({
    [path]: after.replace("nullable", "nulable").replace("unique: true", "unique: maybe"),
  });
  const { code, stdout } = await runCliProcess(["registry", "validate"], { cwd: dir.path });
  expect(code).toBe(1);
  expect(stdout).toContain(
    `error   ${path}:9:9 tables.clients.columns[1]: unknown key "nulable", did you mean "nullable"?`,
  );
  expect(stdout).toContain(`error   ${path}:12:17 `);
  expect(stdout).toContain("2 errors, 0 warnings.");
});

test("a blueprint that names a column which is not there is a mistake", async () => {
  await using dir = await testDir({
    [path]: before,
    "db/vendor_blueprints/acme.yml": `vendor: acme
version: "1"
intake: { format: csv, table: clients, key: [Id], columns: { nmae: Name } }
`,
  });
  const { code, stdout } = await runCliProcess(["registry", "validate", "--json"], {
    cwd: dir.path,
  });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    valid: false,
    problems: expect.arrayContaining([
      expect.objectContaining({
        file: "db/vendor_blueprints/acme.yml",
        line: 3,
        message: expect.stringContaining('the table "clients" has no column "nmae"'),
      }),
    ]),
  });
});

test("an unknown key is a warning, and a mistake with --strict", async () => {
  await using dir = await testDir({ "r.yml": `zebra: 1\n${before}` });
  const lax = await runCliProcess(["registry", "validate", "r.yml"], { cwd: dir.path });
  expect(lax).toMatchObject({ code: 0, stdout: expect.stringMatching(/^warning r\.yml:1:1: /u) });
  const strict = await runCliProcess(["registry", "validate", "r.yml", "--strict"], {
    cwd: dir.path,
  });
  expect(strict).toMatchObject({ code: 1, stdout: expect.stringMatching(/^error +r\.yml:1:1: /u) });
});

test("a registry that is not there is an error that says what to do", async () => {
  await using dir = await testDir();
  const { code, stdout, stderr } = await runCliProcess(["registry", "validate"], { cwd: dir.path });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^error: .*clnt_column_registry\.yml.* \(NOT_FOUND\)\nhint: .+\n$/u);
});

test("show lists tables, and columns of the tables that it is given", async () => {
  await using dir = await testDir({ [path]: after });
  const all = await runCliProcess(["registry", "show"], { cwd: dir.path });
  expect(all.stdout).toMatch(/^clients +3$/mu);
  const one = await runCliProcess(["registry", "show", "clients"], { cwd: dir.path });
  expect(one.stdout).toMatch(/^email +varchar\(255\) +yes +unique$/mu);
  const none = await runCliProcess(["registry", "show", "pets"], { cwd: dir.path });
  expect(none).toMatchObject({ code: 2, stdout: "" });
  expect(none.stderr).toContain(
    'The registry has no table "pets". (NOT_FOUND)\nhint: It has clients.',
  );
});

test("show fits a terminal of 60 columns", async () => {
  await using dir = await testDir({ [path]: after });
  const { stdout } = await runCliOnTerminal(["registry", "show", "clients"], {
    cwd: dir.path,
    columns: 60,
  });
  expect(stdout.split(/\r?\n/u).filter((line) => displayWidth(line) > 60)).toEqual([]);
});

test("docs writes Markdown or a diagram, to stdout or a file", async () => {
  await using dir = await testDir({ [path]: after });
  const markdown = await runCliProcess(["registry", "docs"], { cwd: dir.path });
  expect(markdown.stdout).toMatch(/^#+ .*clients/mu);
  const diagram = await runCliProcess(["registry", "docs", "--format", "mermaid"], {
    cwd: dir.path,
  });
  expect(diagram.stdout).toMatch(/^erDiagram$/mu);
  const args = ["registry", "docs", "--out", "docs/data.md"];
  await runCliProcess([...args, "--dry-run"], { cwd: dir.path });
  await expect(dir.read("docs/data.md")).rejects.toMatchObject({ code: "ENOENT" });
  const written = await runCliProcess(args, { cwd: dir.path });
  expect(written.stdout).toBe("Wrote docs/data.md.\n");
  expect((await dir.read("docs/data.md")).trimEnd()).toBe(markdown.stdout.trimEnd());
});

test("diff ends with 3 when two registries differ and with 0 when they do not", async () => {
  await using dir = await testDir({ "old.yml": before, [path]: after });
  const grown = await runCliProcess(["registry", "diff", "old.yml"], { cwd: dir.path });
  expect(grown.code).toBe(3);
  expect(grown.stdout).toMatch(/email/u);
  const shrunk = await runCliProcess(["registry", "diff", path, "old.yml", "--json"], {
    cwd: dir.path,
  });
  expect(shrunk.code).toBe(3);
  expect(JSON.parse(shrunk.stdout)).toMatchObject({
    changes: expect.arrayContaining([
      expect.objectContaining({ kind: "column-removed", destructive: true }),
    ]),
  });
  const same = await runCliProcess(["registry", "diff", path], { cwd: dir.path });
  expect(same).toMatchObject({ code: 0, stdout: "No difference.\n" });
});
