import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPostgres, schemaSql } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import {
  loadRegistry,
  parseBlueprint,
  type Registry,
  type VendorBlueprint,
} from "@ctb-data/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportVendor } from "./export/export-vendor.ts";
import { compileIntakeMapping } from "./mapping/intake-mapping.ts";
import { readRecords } from "./source/read-records.ts";
import type { SourceRecord } from "./source/source-record.ts";

/** The example of docs/formats.md: a blueprint, a vendor's file, and what goes out. */
describe("the vendor blueprint in docs/formats.md", () => {
  let folder: string;
  let registry: Registry;
  let blueprint: VendorBlueprint;
  let section: string;
  const block = (language: string, index = 0): string =>
    [...section.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs"))][index]?.[1] ?? "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ctb-formats-"));
    const root = join(import.meta.dirname, "../../..");
    const docs = await readFile(join(root, "docs/formats.md"), "utf8");
    section = /^# Vendor blueprints\n(?<text>.*?)^# /ms.exec(docs)?.groups?.["text"] ?? "";
    registry = await loadRegistry(join(root, "packages/registry/seed/clnt_column_registry.yml"));
    blueprint = parseBlueprint(block("yaml"), registry, { strict: true });
  });

  afterAll(async () => await rm(folder, { recursive: true }));

  async function recordsOf(text: string): Promise<readonly SourceRecord[]> {
    const file = join(folder, "acme.csv");
    await writeFile(file, text);
    const records: SourceRecord[] = [];
    const source = readRecords(file, {
      format: "csv",
      delimiter: blueprint.intake?.delimiter ?? "",
      columns: ["Mail", "Plan", "Details", "Since"],
    });
    for await (const batch of source)
      records.push(...batch.flatMap(({ record }) => (record === undefined ? [] : [record])));
    return records;
  }

  test("takes in what it says, and says what is wrong", async () => {
    const { vendor, version, intake } = blueprint;
    const mapping = intake && compileIntakeMapping({ vendor, version, intake }, registry);
    const [ann, ben] = (await recordsOf(block("csv"))).map((record) => [
      mapping?.keyOf(record),
      Object.fromEntries(mapping?.map(record) ?? []),
    ]);
    expect(ann).toEqual([
      ["Ann@Example.com", "H"],
      {
        client_id: { kind: "lookup", column: "email", value: "ann@example.com" },
        blueprint_type: { kind: "value", value: "health" },
        config: { kind: "value", value: { tiers: ["family"], premium: 12.5 } },
        created_at: { kind: "value", value: "2024-02-29T00:00:00" },
      },
    ]);
    expect(ben).toMatchObject([
      ["ben@example.com", "X"],
      {
        client_id: { kind: "lookup" },
        blueprint_type: { kind: "raw", value: "X", failures: [{ code: "not_listed" }] },
        created_at: { kind: "raw", value: "29.02.2023", failures: [{ code: "wrong_format" }] },
      },
    ]);
  });

  test("sends out what it says", async () => {
    const database = await createTestDatabase();
    try {
      await using postgres = await openPostgres({ url: database.url, registry });
      await postgres.query(schemaSql(registry));
      await postgres.query(
        "INSERT INTO clients (id, name, email) VALUES (7, 'Ann', 'ann@example.com')",
      );
      await postgres.query(
        `INSERT INTO blueprints (client_id, blueprint_type, config, created_at) VALUES (7, 'health', '{"tiers": ["family"], "premium": 12.5}', '2024-02-29'), (7, 'imo', '{}', now())`,
      );
      const { vendor, version, export: exporting } = blueprint;
      if (exporting === undefined) throw new Error("no export");
      const file = join(folder, "out.csv");
      const options = { blueprint: { vendor, version, export: exporting }, file };
      const report = await exportVendor({ registry, postgres }, options);
      expect(report).toMatchObject({ read: 1, written: 1, rejected: 0 });
      expect(await readFile(file, "utf8")).toBe(block("csv", 1));
    } finally {
      await database.drop();
    }
  });
});
