import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseBlueprint, parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { testDir } from "../../testing/test-dir.ts";
import { exportFileOf, rejectsOfTable } from "./export-file.ts";

const registry = parseRegistry(
  "tables: { clients: { columns: [{ name: id, type: serial, primary_key: true }] } }\n",
);
const blueprint = (vendor: string, output: string) =>
  parseBlueprint(
    JSON.stringify({
      vendor,
      version: "1",
      export: {
        source: "clients",
        output: { format: output, ...(output === "table" ? { table: "out" } : {}) },
        fields: [{ name: "ID", from: "id", ...(output === "fixed-width" ? { width: 8 } : {}) }],
      },
    }),
    registry,
  );

test.each([
  ["acme", "csv", "acme.csv"],
  ["acme", "ndjson", "acme.ndjson"],
  ["acme", "fixed-width", "acme.txt"],
  ["../../Ä & B", "csv", "__.._Ä_B.csv"],
])("%s as %s goes to exports/%s of the project", async (vendor, format, name) => {
  await using dir = await testDir();
  const made = blueprint(vendor, format);
  // A dry run makes no folder.
  expect(await exportFileOf(dir.path, made, { dryRun: true })).toBe(join(dir.path, name));
  expect(existsSync(join(dir.path, "exports"))).toBe(false);
  const file = join(dir.path, "exports", name);
  expect(await exportFileOf(dir.path, made, {})).toBe(file);
  expect(existsSync(join(dir.path, "exports"))).toBe(true);
  expect(await exportFileOf(dir.path, made, { dryRun: true })).toBe(file);
});

test("--out counts from the project's folder, and makes none", async () => {
  await using dir = await testDir();
  const made = blueprint("acme", "csv");
  expect(await exportFileOf(dir.path, made, { out: "a/b.csv" })).toBe(join(dir.path, "a/b.csv"));
  expect(await exportFileOf(dir.path, made, { out: "/a/b.csv" })).toBe("/a/b.csv");
  expect(await exportFileOf(dir.path, made, { out: "-" })).toBe("-");
  expect(existsSync(join(dir.path, "a"))).toBe(false);
});

test("a vendor's table takes no file, and what it rejects goes beside exports/<vendor>", async () => {
  await using dir = await testDir();
  const made = blueprint("a/cme", "table");
  expect(await exportFileOf(dir.path, made, {})).toBe(join(dir.path, "exports/a_cme"));
  expect(rejectsOfTable("a/cme")).toBe("exports/a_cme.rejected.ndjson");
  await expect(exportFileOf("/", made, { out: "x.csv" })).rejects.toMatchObject({
    code: "USAGE",
    message: "--out is given, and a/cme 1 writes the table out, not a file.",
  });
});
