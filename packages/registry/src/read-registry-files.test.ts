import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadRegistry, readRegistryFiles } from "./index.ts";

/** Of POSIX; no package has it. */
const makePipe = "mkfifo";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ctb-registry-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const table = (name: string) => `tables: { ${name}: { columns: [{ name: a, type: text }] } }\n`;

test("a folder's yml and yaml files are merged in the order of their names; other files are left alone", async () => {
  await writeFile(join(folder, "b.yml"), table("b"));
  await writeFile(join(folder, "a.yaml"), table("a"));
  await writeFile(join(folder, "B.YML"), table("c"));
  await writeFile(join(folder, "notes.txt"), "{{{");
  await writeFile(join(folder, ".hidden.yml"), "{{{");
  const registry = await loadRegistry(folder);
  expect([...registry.tables.keys()]).toEqual(["c", "a", "b"]);
  expect(registry.files).toEqual(["B.YML", "a.yaml", "b.yml"].map((name) => join(folder, name)));
});

test("a single file is read whatever it is called, with or without a byte order mark", async () => {
  const file = join(folder, "registry.txt");
  await writeFile(file, `\uFEFF${table("a")}`);
  expect((await loadRegistry(file)).tables.get("a")?.source).toEqual({ file, line: 1, column: 11 });
});

test("problems of all files come at once", async () => {
  await writeFile(join(folder, "a.yml"), "tables: { a: { columns: [{ name: x, type: txt }] } }\n");
  await writeFile(join(folder, "b.yml"), "tables: { b: { columns: [{ name: x, tpye: text }] } }\n");
  await expect(loadRegistry(folder)).rejects.toMatchObject({
    code: "INVALID_REGISTRY",
    problems: [
      { file: join(folder, "a.yml") },
      { file: join(folder, "b.yml") },
      { file: join(folder, "b.yml") },
    ],
  });
});

test("what is not there is not found, with its path", async () => {
  const file = join(folder, "none.yml");
  await expect(loadRegistry(file)).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: `This cannot be read: ${file}:1:1: there is no such file or folder`,
  });
  await expect(loadRegistry(folder)).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: expect.stringContaining("the folder has no *.yml"),
  });
  await expect(loadRegistry("a\0b")).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a pipe is not opened: nobody may ever write into it", async () => {
  execFileSync(makePipe, [join(folder, "pipe.yml")]);
  await expect(loadRegistry(join(folder, "pipe.yml"))).rejects.toMatchObject({
    code: "UNREADABLE",
    message: expect.stringContaining("not a plain file"),
  });
  await expect(loadRegistry(folder)).rejects.toMatchObject({ code: "UNREADABLE" });
});

test.skipIf(process.platform === "win32")("a device is not read", async () => {
  await expect(loadRegistry("/dev/zero")).rejects.toMatchObject({ code: "UNREADABLE" });
});

test("links that lead in a circle, and folders that are called like files, are named together", async () => {
  await symlink(join(folder, "b.yml"), join(folder, "a.yml"));
  await symlink(join(folder, "a.yml"), join(folder, "b.yml"));
  await mkdir(join(folder, "c.yml"));
  await writeFile(join(folder, "d.yml"), Buffer.from([0x74, 0xff]));
  await expect(readRegistryFiles(folder)).rejects.toMatchObject({
    code: "UNREADABLE",
    problems: [
      { file: join(folder, "a.yml"), message: "it is a symbolic link that leads in a circle" },
      { file: join(folder, "b.yml") },
      { file: join(folder, "c.yml"), message: "it is a folder, not a file" },
      { file: join(folder, "d.yml"), message: "here is a byte that is not UTF-8" },
    ],
  });
});

test.skipIf(process.platform === "win32")("a file that may not be read is named", async () => {
  const file = join(folder, "a.yml");
  await writeFile(file, table("a"));
  await chmod(file, 0o000);
  const isRoot = process.geteuid?.() === 0;
  // Root may read everything, so that the test has to be somebody else for a moment.
  if (isRoot) process.seteuid?.(65_534);
  try {
    const expected = { code: "UNREADABLE", message: expect.stringContaining("it may not be read") };
    await expect(loadRegistry(file)).rejects.toMatchObject(expected);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test("fifty megabytes are refused unread", async () => {
  const file = join(folder, "a.yml");
  await writeFile(file, "");
  await truncate(file, 50 * 1024 * 1024);
  await expect(loadRegistry(file)).rejects.toMatchObject({
    code: "TOO_LARGE",
    message: expect.stringContaining("52428800"),
  });
});

test("other encodings are refused, a single wrong byte at its line and column", async () => {
  const file = join(folder, "a.yml");
  await writeFile(file, Buffer.from(`\uFEFF${table("a")}`, "utf16le"));
  await expect(loadRegistry(file)).rejects.toMatchObject({
    code: "NOT_UTF8",
    message: expect.stringContaining("UTF-16"),
  });
  await writeFile(
    file,
    Buffer.concat([Buffer.from("# größe\n# gr"), Buffer.from("öße", "latin1")]),
  );
  await expect(loadRegistry(file)).rejects.toMatchObject({
    code: "NOT_UTF8",
    problems: [{ line: 2, column: 5 }],
  });
  await writeFile(file, Buffer.from([0x23, 0xc3]));
  await expect(loadRegistry(file)).rejects.toMatchObject({ code: "NOT_UTF8" });
});

test("an empty file is an empty registry, which is refused", async () => {
  const file = join(folder, "a.yml");
  await writeFile(file, "");
  await expect(loadRegistry(file)).rejects.toMatchObject({
    code: "INVALID_REGISTRY",
    problems: [{ code: "empty" }],
  });
});

test("loading stops when it is told to", async () => {
  await writeFile(join(folder, "a.yml"), table("a"));
  await expect(
    loadRegistry(folder, { signal: AbortSignal.abort(new Error("stop")) }),
  ).rejects.toThrow("stop");
});
