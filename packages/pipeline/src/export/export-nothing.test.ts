import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseKeyring } from "@ctb-data/models";
import { openPostgres } from "@ctb-data/postgres";
import { expect, test } from "vitest";
import { exportWorld, type ExportWorld } from "../../testing/export-world.ts";
import { exportVendor } from "./export-vendor.ts";

const people = `
tables:
  people:
    columns:
      - { name: id, type: integer, pk: true }
      - { name: tax, type: text, encrypted: true }
`;
const all = "source: people\nfields: { ID: id, TAX: tax }";
const tooNarrow = `source: people
output: { format: fixed-width }
fields: [{ name: TAX, from: tax, width: 3 }]`;

async function taxWorld(): Promise<ExportWorld> {
  const world = await exportWorld(people);
  await world.db.table("people").insert([
    { id: 1, tax: "tax-1" },
    { id: 2, tax: "tax-2" },
  ]);
  return world;
}

test("an export of which each record is rejected leaves the good file, and says why in the file of rejects", async () => {
  await using world = await taxWorld();
  await world.export(all);
  const good = await world.read();
  expect(good).toBe("ID,TAX\n1,tax-1\n2,tax-2\n");
  const keyring = parseKeyring("0123456789abcdef".repeat(4));
  await using postgres = await openPostgres({ url: world.url, registry: world.registry, keyring });
  const file = join(world.folder, "out");
  const rejectsFile = `${file}.rejected.ndjson`;
  const stores = { registry: world.registry, postgres, keyring };
  await expect(
    exportVendor(stores, { blueprint: world.blueprint(all), file }),
  ).rejects.toMatchObject({
    code: "REFUSED",
    message:
      "Each of the 2 records of acme was rejected, so that nothing would be left. The first: The value of TAX cannot be decrypted with the keys that there are.",
    hint: `Each with its reason is in ${rejectsFile}. What was there before is unchanged. Correct the blueprint, the rows or DATA_ENCRYPTION_KEY, and export again.`,
    file: rejectsFile,
  });
  expect(await world.read()).toBe(good);
  expect(
    (await readFile(rejectsFile, "utf8")).split("\n").map((line) => line.slice(0, 20)),
  ).toEqual(['{"place":"people/1",', '{"place":"people/2",', ""]);
  expect(await world.files()).toEqual(["out", "out.rejected.ndjson"]);
  await world.export(all);
  expect(await world.files()).toEqual(["out"]);
});

test("of no rows there is an empty file, and where each record would be rejected a dry run tells", async () => {
  await using world = await taxWorld();
  expect(await world.export(tooNarrow, { dryRun: true })).toMatchObject({ read: 2, rejected: 2 });
  await expect(world.export(tooNarrow)).rejects.toMatchObject({ code: "REFUSED" });
  expect(await world.files()).toEqual(["out.rejected.ndjson"]);
  await world.run("DELETE FROM people");
  expect(await world.export(tooNarrow)).toMatchObject({ read: 0, written: 0 });
  expect([await world.read(), await world.files()]).toEqual(["", ["out"]]);
});

test("a vendor's table keeps its records when each new one is rejected", async () => {
  await using world = await taxWorld();
  const table = "source: people\noutput: { format: table, table: acme }";
  await world.export(`${table}\nfields: { TAX: tax }`);
  await world.run("CREATE VIEW seen AS SELECT * FROM acme");
  const values = `${table}\nfields: [{ name: TAX, from: tax, values: { x: y } }]`;
  await expect(world.export(values)).rejects.toMatchObject({
    code: "REFUSED",
    file: join(world.folder, "out.rejected.ndjson"),
  });
  expect((await world.db.query("SELECT * FROM seen ORDER BY 1")).rows).toEqual([
    { TAX: "tax-1" },
    { TAX: "tax-2" },
  ]);
  expect(await world.files()).toEqual(["out.rejected.ndjson"]);
});
