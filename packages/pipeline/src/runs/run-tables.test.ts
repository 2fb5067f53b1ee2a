import { openPostgres, quoteIdentifier } from "@ctb-data/postgres";
import { parseRegistry } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { runRegistryText, runWorld, type RunWorld } from "../../testing/run-world.ts";
import { cancelRun } from "./cancel-run.ts";
import { openRun } from "./open-run.ts";
import { listRuns } from "./read-runs.ts";
import { findRunTables } from "./run-tables.ts";
import { storeBlueprint } from "./store-blueprint.ts";

/** One whole run of an export. */
async function exportOnce(w: RunWorld): Promise<void> {
  await using run = await w.open({ steps: ["export"] });
  await run.begin("output");
  const work = run.work("output", "export");
  await work.plan(async () => [undefined]);
  await work.each(async (lease) => await lease.finish({ counts: { written: 1 } }));
  await run.end("output");
  await run.endRun();
}

test("a registry without the tables, or with other types in them, is refused with what is missing", async () => {
  await using w = await runWorld();
  const cases = [
    ["tables: {}", "The registry has no table imo_processes"],
    [
      runRegistryText.replace("name: status, type: varchar(20)", "name: status, type: varchar(8)"),
      "the column status: text or varchar of at least 9 characters",
    ],
    [
      runRegistryText.replace("name: status, type: varchar(20)", "name: status, type: integer"),
      "another type for the column status",
    ],
    [runRegistryText.replace("name: output_stage", "name: result_stage"), "no column output_stage"],
    [
      runRegistryText.replace(
        "name: config, type: jsonb",
        "name: config, type: jsonb, encrypted: true",
      ),
      "not encrypted",
    ],
    [
      runRegistryText.replace("name: config, type: jsonb", 'name: config, type: "jsonb[]"'),
      "another type for the column config",
    ],
  ] as const;
  for (const [text, message] of cases) {
    const registry = parseRegistry(text, { file: "registry.yml" });
    await expect(findRunTables({ registry, postgres: w.postgres })).rejects.toMatchObject({
      code: "MISSING_TABLES",
      message: expect.stringContaining(message),
      hint: expect.stringContaining("migrate up"),
    });
  }
});

test.each([
  ["DROP TABLE imo_processes", "no table public.imo_processes", "migrate up"],
  ["ALTER TABLE blueprints DROP COLUMN config", "no column config", "migrate up"],
  [
    "ALTER TABLE imo_processes ALTER status TYPE varchar(5)",
    "has the type varchar(5)",
    "integrity check",
  ],
  [
    "ALTER TABLE imo_processes ALTER status TYPE char(20)",
    "has the type bpchar(20)",
    "integrity check",
  ],
  ["ALTER TABLE imo_processes ALTER input_stage TYPE text", "has the type text", "integrity check"],
])("a database that is not as the registry says is told: %s", async (sql, message, hint) => {
  await using w = await runWorld();
  await w.sql(sql);
  await expect(w.open({ steps: ["export"] })).rejects.toMatchObject({
    code: "MISSING_TABLES",
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
  });
  await expect(listRuns(w.stores)).rejects.toMatchObject({ code: "MISSING_TABLES" });
});

test("more columns than the design has are left to their defaults, and one without a default is named", async () => {
  await using w = await runWorld();
  await w.sql(
    "ALTER TABLE imo_processes ADD \"Who?\" text NOT NULL DEFAULT 'us', ALTER input_stage SET NOT NULL, ALTER created_at DROP DEFAULT, ALTER created_at SET NOT NULL",
  );
  await exportOnce(w);
  expect(
    await w.sql(
      `SELECT "Who?", input_stage, abs(extract(epoch FROM created_at - now() AT TIME ZONE 'UTC')) < 600 AS now FROM imo_processes`,
    ),
  ).toEqual([{ "Who?": "us", input_stage: {}, now: true }]);
  await w.sql("UPDATE imo_processes SET status = 'complete'");
  await w.sql('ALTER TABLE imo_processes ALTER "Who?" DROP DEFAULT');
  await expect(w.open({ steps: ["export"] })).rejects.toMatchObject({
    code: "MISSING_TABLES",
    message:
      'A row cannot be added to public.imo_processes: "Who?" cannot be null and has no default.',
  });
});

test("what a trigger or a constraint of the user refuses is told in its words", async () => {
  await using w = await runWorld();
  await w.sql("ALTER TABLE imo_processes ADD CONSTRAINT office_hours CHECK (status <> 'running')");
  await expect(w.open({ steps: ["export"] })).rejects.toMatchObject({
    code: "DATABASE_FAILED",
    message: expect.stringContaining("office_hours"),
  });
});

test("a schema of any name, other number types, json, domains and times with zones will do", async () => {
  const registry = `schema: 'Läden "& Co"'\n${runRegistryText
    .replaceAll("{ name: id, type: serial,", "{ name: id, type: bigserial,")
    .replaceAll("blueprint_id, type: integer", "blueprint_id, type: bigint")
    .replaceAll("type: timestamp,", "type: timestamptz,")
    .replaceAll("_stage, type: jsonb", "_stage, type: json")
    .replaceAll("config, type: jsonb", "config, type: json")}`;
  await using w = await runWorld({ registry });
  const schema = quoteIdentifier('Läden "& Co"');
  await w.sql(
    `CREATE DOMAIN ${schema}.state AS varchar(12); ALTER TABLE ${schema}.imo_processes ALTER status TYPE ${schema}.state`,
  );
  await exportOnce(w);
  const again = await storeBlueprint(w.stores, w.blueprint.blueprint);
  expect(again.id).toBe(w.blueprint.id);
  expect(await listRuns(w.stores)).toMatchObject([
    {
      id: 1,
      vendor: "acme",
      output: { state: "done", counts: { written: 1 } },
      createdAt: expect.stringMatching(/Z$/),
    },
  ]);
  expect(await w.sql("SELECT DISTINCT process_table FROM ctb_data.imo_work")).toEqual([
    { process_table: `${schema}.imo_processes` },
  ]);
});

test("two registries of one database have runs of their own, though their ids are the same", async () => {
  await using w = await runWorld();
  await exportOnce(w);
  const registry = parseRegistry(`schema: other\n${runRegistryText}`, { file: "registry.yml" });
  await w.sql(
    "CREATE SCHEMA other; CREATE TABLE other.blueprints (LIKE public.blueprints INCLUDING ALL); CREATE TABLE other.imo_processes (LIKE public.imo_processes INCLUDING ALL)",
  );
  const stores = { registry, postgres: w.postgres };
  await w.sql(
    "SELECT setval('imo_processes_id_seq', 1, false), setval('blueprints_id_seq', 1, false)",
  );
  const blueprint = await storeBlueprint(stores, w.blueprint.blueprint);
  await using run = await openRun(stores, { blueprint, steps: ["export"], leaseMs: 600_000 });
  expect(run.id).toBe(1);
  await run.begin("output");
  const work = run.work("output", "export");
  await work.plan(async () => [undefined]);
  expect(await work.claim()).toHaveProperty("part.part", 0);
});

test("who may not write is told so, and may still see the runs", async () => {
  await using w = await runWorld();
  const role = `reader_${Math.random().toString(36).slice(2)}`;
  await w.sql(
    `CREATE ROLE ${role}; GRANT ${role} TO CURRENT_USER; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`,
  );
  try {
    const settings = [`-c role=${role}`, "-c default_transaction_read_only=on"];
    for (const stage of ["without", "with"]) {
      for (const setting of settings) {
        await using postgres = await openPostgres({
          url: `${w.url}?options=${encodeURIComponent(setting)}`,
          registry: w.registry,
        });
        const stores = { registry: w.registry, postgres };
        const denied = { code: "DENIED", hint: expect.stringContaining("GRANT") };
        await expect(
          openRun(stores, { blueprint: w.blueprint, steps: ["export"] }),
        ).rejects.toMatchObject(denied);
        await expect(
          storeBlueprint(stores, {
            text: "{ vendor: new, version: 1, export: { source: things, fields: [{ name: A, from: id }] } }",
            file: "new.yml",
          }),
        ).rejects.toMatchObject(denied);
        const runs = await listRuns(stores);
        expect(runs).toHaveLength(stage === "with" ? 1 : 0);
        for (const { id } of runs)
          await expect(cancelRun(stores, id)).rejects.toMatchObject(denied);
      }
      await exportOnce(w);
    }
  } finally {
    await w.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});

test("tables of the work that another version made, or somebody else, are left alone", async () => {
  await using w = await runWorld();
  await exportOnce(w);
  await w.sql("COMMENT ON TABLE ctb_data.imo_work IS 'The work of ctb-data imo, format 9: …'");
  await expect(w.open({ steps: ["export"] })).rejects.toMatchObject({
    code: "UNKNOWN_FORMAT",
    message: expect.stringContaining("format 9"),
  });
  await w.sql("COMMENT ON TABLE ctb_data.imo_work IS NULL");
  await expect(w.open({ steps: ["export"] })).rejects.toMatchObject({ code: "UNKNOWN_FORMAT" });
});
