import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, readFile, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { openPostgres } from "@ctb-data/postgres";
import { expect, test } from "vitest";
import { killedExport } from "../../testing/export-process.ts";
import { exportWorld, type ExportWorld } from "../../testing/export-world.ts";
import { exportVendor } from "./export-vendor.ts";

const people = `
tables:
  people:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: name, type: text }
      - { name: born, type: timestamptz }
      - { name: weight, type: double precision }
`;
const fill = `INSERT INTO people SELECT n, CASE n % 3 WHEN 0 THEN 'ä' WHEN 1 THEN 'B' ELSE 'a' END || n,
  timestamptz '2026-01-01 00:00Z' + n * interval '7 hours', n / 3.0 FROM generate_series(1, 2000) n`;
const all = "source: people\nfields: { ID: id, NAME: name, BORN: born, WEIGHT: weight }";
const short = `source: people
output: { format: fixed-width }
fields: [{ name: NAME, from: name, width: 4 }]`;

async function peopleWorld(): Promise<ExportWorld> {
  return await exportWorld(people, fill);
}

async function loseLease(): Promise<void> {
  await Promise.reject(new Error("lease lost"));
}

test("the same rows give the same bytes whatever the settings of the server, and the order in which they were written", async () => {
  await using world = await peopleWorld();
  const byName = `${all}\norder_by: name`;
  const first = await world.export(byName);
  const content = await world.read();
  const database = new URL(world.url).pathname.slice(1);
  await world.run(
    "CREATE TABLE copy AS SELECT * FROM people ORDER BY random()",
    "DELETE FROM people",
    "INSERT INTO people SELECT * FROM copy",
    "ANALYZE people",
    `ALTER DATABASE ${database} SET DateStyle = 'German'`,
    `ALTER DATABASE ${database} SET TimeZone = 'Asia/Kathmandu'`,
    `ALTER DATABASE ${database} SET extra_float_digits = 0`,
    `ALTER DATABASE ${database} SET enable_indexscan = off`,
    `ALTER DATABASE ${database} SET search_path = nowhere`,
  );
  await using other = await openPostgres({ url: world.url, registry: world.registry });
  const file = join(world.folder, "again");
  const again = await exportVendor(
    { registry: world.registry, postgres: other },
    { blueprint: world.blueprint(byName), file },
  );
  expect(await world.read("again")).toBe(content);
  expect(again.sha256).toBe(first.sha256);
  expect(first.sha256).toBe(
    createHash("sha256")
      .update(content ?? "")
      .digest("hex"),
  );
  const names = (content ?? "")
    .split("\n")
    .slice(1, -1)
    .map((line) => line.split(",")[1] ?? "");
  expect(names).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
});

test("a table without a key is ordered by all that is read, so that its order is certain", async () => {
  await using world = await exportWorld(
    "tables: { loose: { columns: [{ name: a, type: numeric }, { name: b, type: jsonb }, { name: c, type: text }] } }",
    `INSERT INTO loose VALUES (1.0, '{"x": 1}', 'z'), (1.00, '{"x": 1.0}', 'z'), (1, NULL, 'ä'), (NULL, '[]', 'Z'), (1.0, '{"x": 1}', 'z')`,
  );
  const loose = "source: loose\norder_by: a\nfields: { A: a, B: b, C: c }";
  await world.export(loose);
  const content = await world.read();
  await world.run(
    "CREATE TABLE copy AS SELECT * FROM loose ORDER BY c DESC, a::text DESC",
    "DELETE FROM loose",
    "INSERT INTO loose SELECT * FROM copy",
  );
  await world.export(loose);
  expect(await world.read()).toBe(content);
});

test("a compressed file holds the records that the hash is of, and is the same each time", async () => {
  await using world = await peopleWorld();
  const plain = await world.export(all);
  const records = await readFile(join(world.folder, "out"));
  for (const [name, unpack] of [
    ["a.gz", gunzipSync],
    ["a.ZST", zstdDecompressSync],
  ] as const) {
    const file = join(world.folder, name);
    const report = await world.export(all, { file });
    const bytes = await readFile(file);
    expect(unpack(bytes)).toEqual(records);
    expect(report).toMatchObject({ sha256: plain.sha256, bytes: bytes.length, output: file });
    await world.export(all, { file });
    expect(await readFile(file)).toEqual(bytes);
  }
  expect([...(await readFile(join(world.folder, "a.gz"))).subarray(4, 10)]).toEqual([
    0, 0, 0, 0, 0, 255,
  ]);
});

test("rejected records are in a file beside, with place, failures and fields, and it goes when none is rejected", async () => {
  await using world = await peopleWorld();
  const report = await world.export(short);
  const lines = ((await world.read("out.rejected.ndjson")) ?? "").trimEnd().split("\n");
  expect(report).toMatchObject({
    read: 2000,
    written: 999,
    rejected: 1001,
    rejectsFile: join(world.folder, "out.rejected.ndjson"),
  });
  expect(lines).toHaveLength(1001);
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    place: "people/1000",
    failures: [
      {
        field: "NAME",
        code: "too_long",
        message: "The value of NAME is longer than the 4 characters of the field.",
      },
    ],
    record: { NAME: "B1000" },
  });
  expect(report.firstErrors).toHaveLength(20);
  expect(report.firstErrors[0]).toMatchObject({
    place: "people/1000",
    field: "NAME",
    code: "too_long",
  });
  expect(await world.read()).not.toContain("1000");
  expect((await world.export(short.replace("width: 4", "width: 9"))).rejectsFile).toBeUndefined();
  expect(await world.files()).toEqual(["out"]);
});

test("a dry run says what would be, and writes nothing", async () => {
  await using world = await peopleWorld();
  expect(await world.export(short, { dryRun: true })).toMatchObject({
    written: 999,
    rejected: 1001,
    bytes: 0,
    output: undefined,
    rejectsFile: undefined,
  });
  expect(await world.files()).toEqual([]);
});

test("what throws before the file appears leaves everything as it was", async () => {
  await using world = await peopleWorld();
  await world.export(short);
  const before = [await world.read(), await world.read("out.rejected.ndjson")];
  await world.run("DELETE FROM people WHERE id % 2 = 0");
  await expect(world.export(short, { beforeAppearing: loseLease })).rejects.toThrow("lease lost");
  expect([await world.read(), await world.read("out.rejected.ndjson")]).toEqual(before);
  expect(await world.files()).toEqual(["out", "out.rejected.ndjson"]);
});

test("a new file has the permissions of the umask, a replaced one keeps its own", async () => {
  await using world = await peopleWorld();
  await world.export(all);
  const file = join(world.folder, "out");
  expect((await stat(file)).mode & 0o777).toBe(0o666 & ~process.umask());
  await chmod(file, 0o640);
  await world.export(all);
  expect((await stat(file)).mode & 0o777).toBe(0o640);
});

test("behind a symbolic link the target is replaced, also one that is not there yet; a folder is refused", async () => {
  await using world = await peopleWorld();
  const [link, dangling] = ["link", "dangling"].map((name) => join(world.folder, name));
  await mkdir(join(world.folder, "deep"));
  await writeFile(join(world.folder, "deep", "target"), "old");
  await symlink(join("deep", "target"), link ?? "");
  await symlink(join("deep", "new"), dangling ?? "");
  for (const file of [link, dangling]) await world.export(all, { file });
  expect(await readlink(link ?? "")).toBe(join("deep", "target"));
  const contents = await Promise.all(["deep/target", "deep/new"].map(world.read));
  expect(contents[0]).toMatch(/^ID,NAME/);
  expect(contents[1]).toBe(contents[0]);
  await expect(world.export(all, { file: world.folder })).rejects.toMatchObject({
    code: "FILE_FAILED",
    hint: "Name a file in it.",
  });
  await expect(world.export(all, { file: join(world.folder, "no", "out") })).rejects.toMatchObject({
    code: "FILE_FAILED",
    hint: "Make the folder first.",
  });
  await expect(world.export(all, { file: "" })).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
});

test("a pipe gets the records as they come, and a full device is an error", async () => {
  await using world = await peopleWorld();
  const whole = await world.export(all);
  const pipe = join(world.folder, "pipe");
  await once(spawn("mkfifo", [pipe]), "close");
  const reader = spawn("cat", [pipe], { stdio: ["ignore", "pipe", "ignore"] });
  let read = "";
  reader.stdout.on("data", (chunk: Buffer) => {
    read += chunk.toString();
  });
  const report = await world.export(all, { file: pipe });
  await once(reader, "close");
  expect(read).toBe(await world.read());
  expect(report).toMatchObject({ sha256: whole.sha256, output: pipe, bytes: whole.bytes });
  await expect(world.export(all, { file: "/dev/full" })).rejects.toMatchObject({
    code: "FILE_FAILED",
    message: expect.stringContaining("ENOSPC"),
  });
});

test("a folder where nothing may be written is said before a row is read", async () => {
  await using world = await peopleWorld();
  await world.run("ALTER TABLE people RENAME TO gone");
  await expect(world.export(all, { file: "/proc/out" })).rejects.toMatchObject({
    code: expect.stringMatching(/^(?:FILE_FAILED|DENIED)$/),
    file: "/proc/out",
  });
  await expect(world.export(all)).rejects.toMatchObject({
    code: "NOT_FOUND",
    hint: expect.stringContaining("migrations"),
  });
  expect(await world.files()).toEqual([]);
});

test("a signal stops an export, and nothing is left of it", async () => {
  await using world = await peopleWorld();
  const controller = new AbortController();
  const onProgress = ({ kind }: { readonly kind: string }): void => {
    if (kind === "count") controller.abort();
  };
  const stopped = world.export(all, { signal: controller.signal, onProgress });
  await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
  expect(await world.files()).toEqual([]);
  await expect(world.export(all, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "CANCELLED",
  });
});

test("when PostgreSQL ends the session in the middle, the old file stays", async () => {
  await using world = await peopleWorld();
  await world.run(
    "INSERT INTO people (id, name) SELECT n, repeat('x', 300) FROM generate_series(3000, 30000) n",
  );
  await writeFile(join(world.folder, "out"), "old");
  await using admin = await openPostgres({ url: world.url });
  let killed: Promise<unknown> | undefined;
  const failing = world.export(all, {
    onProgress: ({ kind }) => {
      if (kind === "count")
        killed ??= admin.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND datname = current_database()",
        );
    },
  });
  await expect(failing).rejects.toMatchObject({ code: "DATABASE_FAILED" });
  await killed;
  expect(await world.read()).toBe("old");
  expect(await world.files()).toEqual(["out"]);
});

test("several exports to one file at once leave one whole file", async () => {
  await using world = await peopleWorld();
  const reports = await Promise.all(
    [all, all, short, short].map(async (text) => await world.export(text)),
  );
  const sha256 = createHash("sha256")
    .update((await world.read()) ?? "")
    .digest("hex");
  expect(reports.map((report) => report.sha256)).toContain(sha256);
  expect((await world.files()).filter((name) => name.startsWith("."))).toEqual([]);
});

test("an export that is killed at any moment leaves the old files whole, and the next one cleans up behind it", async () => {
  await using world = await peopleWorld();
  await world.export(short);
  const old = [await world.read(), await world.read("out.rejected.ndjson")];
  const wanted = short.replace("width: 4", "width: 3");
  const file = join(world.folder, "out");
  const moments = ["begin", "rows", "ready"] as const;
  await Promise.all(
    moments.map(async (moment) => {
      await killedExport({ url: world.url, registry: people, blueprint: wanted, file, moment });
    }),
  );
  expect([await world.read(), await world.read("out.rejected.ndjson")]).toEqual(old);
  expect((await world.files()).some((name) => name.startsWith(".ctb-export-"))).toBe(true);
  const others = ".ctb-export-0123456789ab-1-1-0123456789ab.tmp";
  await writeFile(join(world.folder, others), "of another machine");
  await world.export(wanted);
  expect(await world.files()).toEqual([others, "out", "out.rejected.ndjson"]);
});

test("a record of one field is never a line that readers take for nothing, or for the end", async () => {
  await using world = await exportWorld(
    people,
    String.raw`INSERT INTO people (id, name) VALUES (1, NULL), (2, ''), (3, '\.'), (4, '\N'), (5, '\.x'), (6, 'a\.')`,
  );
  await world.export(
    "source: people\noutput: { format: csv, header: false }\nfields: { NAME: name }",
  );
  expect(await world.read()).toBe(String.raw`""
""
"\."
\N
\.x
a\.
`);
  await world.export(
    "source: people\nwhere: { id: 3 }\noutput: { format: csv, header: false }\nfields: { A: name, B: name }",
  );
  expect(await world.read()).toBe("\\.,\\.\n");
});

test("behind a link the rejects are where the report says, and a folder of their name is left alone", async () => {
  await using world = await peopleWorld();
  await mkdir(join(world.folder, "there"));
  await symlink("there/real", join(world.folder, "link"));
  const { rejectsFile, output } = await world.export(short, { file: join(world.folder, "link") });
  expect(output).toBe(join(world.folder, "link"));
  expect(rejectsFile).toMatch(/\/there\/real\.rejected\.ndjson$/);
  expect((await readFile(rejectsFile ?? "", "utf8")).split("\n")).toHaveLength(1002);
  await mkdir(join(world.folder, "out.rejected.ndjson"));
  expect(await world.export(all)).toMatchObject({ rejected: 0, rejectsFile: undefined });
  expect(await world.files()).toEqual(["link", "out", "out.rejected.ndjson", "there"]);
});
