import { parseBlueprint } from "@ctb-data/registry";
import { expect, test } from "vitest";
import { runBlueprintText, runWorld } from "../../testing/run-world.ts";
import { readBlueprint } from "./read-blueprint.ts";
import { storeBlueprint } from "./store-blueprint.ts";

const file = "acme.yml";

function described(text: string): string {
  return runBlueprintText.replace("version: 1", `version: 1\ndescription: ${text}`);
}

test("a blueprint that is stored again is the same row, whatever its file looks like; one that says something else is another", async () => {
  await using w = await runWorld();
  const { id } = w.blueprint;
  const spelled = `# The same.\n{ version: "1", vendor: acme, export: { source: things, fields: { NO: { from: id }, NAME: name } },\n  intake: { key: No, table: things, columns: [{ column: id, from: No }, { column: name, from: Name }] } }`;
  const same = await storeBlueprint(w.stores, { text: spelled, file: "other.yml" });
  expect(same.id).toBe(id);
  expect((await storeBlueprint(w.stores, same.blueprint)).id).toBe(id);
  const swapped = runBlueprintText.replace(
    "[{ name: NO, from: id }, { name: NAME, from: name }]",
    "[{ name: NAME, from: name }, { name: NO, from: id }]",
  );
  expect((await storeBlueprint(w.stores, { text: swapped, file })).id).not.toBe(id);
});

test("many that store one blueprint at once store it once, and of several rows the newest counts", async () => {
  await using w = await runWorld();
  const text = runBlueprintText.replace("version: 1", "version: 2");
  const stored = await Promise.all(
    Array.from({ length: 8 }, async () => await storeBlueprint(w.stores, { text, file })),
  );
  expect(new Set(stored.map(({ id }) => id)).size).toBe(1);
  expect(await w.sql("SELECT FROM blueprints")).toHaveLength(2);
  await w.sql(
    "INSERT INTO blueprints (blueprint_type, config) SELECT blueprint_type, config FROM blueprints WHERE id = 1",
  );
  expect((await storeBlueprint(w.stores, { text: runBlueprintText, file })).id).not.toBe(1);
});

test("what is read is what was stored", async () => {
  await using w = await runWorld();
  const { id, blueprint } = await readBlueprint(w.stores, w.blueprint.id);
  const original = parseBlueprint(runBlueprintText, w.registry, { file });
  expect(id).toBe(w.blueprint.id);
  expect(blueprint.data).toEqual(original.data);
  expect([...(blueprint.export?.fields.keys() ?? [])]).toEqual(["NO", "NAME"]);
  expect([...(blueprint.intake?.columns.keys() ?? [])]).toEqual(["id", "name"]);
});

test("numbers that were written into the config by hand keep their digits", async () => {
  await using w = await runWorld();
  await w.sql(
    `UPDATE blueprints SET config = '{"vendor": "a", "version": 1.10, "export": {"source": "things", "where": {"name": [1.50, 12345678901234567890]},
      "fields": [{"name": "A", "from": "name", "default": 9007199254740993}, {"name": "B", "constant": 2.00}]}}' WHERE id = ${w.blueprint.id}`,
  );
  const { export: exporting, version } = (await readBlueprint(w.stores, w.blueprint.id)).blueprint;
  expect(version).toBe("1.10");
  expect(exporting?.where[0]?.values).toEqual(["1.50", "12345678901234567890"]);
  expect(exporting?.fields.get("A")?.default).toBe("9007199254740993");
  expect(exporting?.fields.get("B")?.origin).toMatchObject({ value: "2.00" });
});

test.each([
  ["NULL"],
  ["'null'"],
  ["'7'"],
  ["'\"vendor: acme\"'"],
  ["'[]'"],
  ["'{}'"],
  [`'{"vendor": "a", "version": 1}'`],
  [`'{"vendor": {"a": 1}, "version": [], "export": "things"}'`],
  [
    `'{"vendor": "a", "version": 1, "__proto__": {"export": {}}, "export": {"source": "nowhere", "fields": [{"name": "A", "from": "id"}]}}'`,
  ],
  [
    `'{"vendor": "a", "version": 1, "export": {"source": "things", "fields": [{"name": "A", "from": "pg_sleep(9)"}]}}'`,
  ],
  [`(repeat('{"vendor":', 500) || '1' || repeat('}', 500))::jsonb`],
])(
  "a config that is no blueprint is told as that, and nothing else happens: %s",
  async (config) => {
    await using w = await runWorld();
    const [row] = await w.sql(
      `INSERT INTO blueprints (blueprint_type, config) VALUES ('imo', ${config}) RETURNING id`,
    );
    const id = Number(row?.["id"]);
    await expect(readBlueprint(w.stores, id)).rejects.toMatchObject({
      code: "INVALID_BLUEPRINT",
      message: expect.stringContaining(
        `The blueprint ${id} of public.blueprints is no vendor blueprint`,
      ),
    });
  },
);

test("fields whose order is lost, another type, and a row that is not there are refused with what to do", async () => {
  await using w = await runWorld();
  const config = `'{"vendor": "a", "version": 1, "export": {"source": "things", "fields": {"B": "id", "A": "name"}}}'`;
  await w.sql(
    `INSERT INTO blueprints (id, blueprint_type, config) VALUES (50, 'imo', ${config}), (51, 'coverage', '{}'), (52, NULL, '{}')`,
  );
  await expect(readBlueprint(w.stores, 50)).rejects.toMatchObject({
    code: "INVALID_BLUEPRINT",
    hint: expect.stringContaining("as a list"),
  });
  await expect(readBlueprint(w.stores, 51)).rejects.toMatchObject({
    code: "INVALID_BLUEPRINT",
    message: expect.stringContaining('"coverage"'),
  });
  await expect(readBlueprint(w.stores, 52)).rejects.toMatchObject({
    code: "INVALID_BLUEPRINT",
    message: expect.stringContaining("NULL"),
  });
  for (const id of [99, -1, 2 ** 53, 0.5, Number.NaN])
    await expect(readBlueprint(w.stores, id)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a character that jsonb cannot hold is refused before anything is written; a backslash is none", async () => {
  await using w = await runWorld();
  await expect(
    storeBlueprint(w.stores, { text: described('"a\\0b"'), file }),
  ).rejects.toMatchObject({ code: "INVALID_BLUEPRINT" });
  const { id } = await storeBlueprint(w.stores, {
    text: described(String.raw`'a\u0000b \\u0000 \\\u0000'`),
    file,
  });
  expect((await readBlueprint(w.stores, id)).blueprint.description).toBe(
    String.raw`a\u0000b \\u0000 \\\u0000`,
  );
});

test("a text that is no blueprint is told with line and column", async () => {
  await using w = await runWorld();
  await expect(
    storeBlueprint(w.stores, { text: runBlueprintText.replace("from: id", "from: idd"), file }),
  ).rejects.toMatchObject({
    name: "RegistryError",
    code: "INVALID_BLUEPRINT",
    message: expect.stringContaining("acme.yml:"),
  });
});
