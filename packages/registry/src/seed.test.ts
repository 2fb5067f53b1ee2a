import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { formatColumnType, loadBlueprints, loadRegistry } from "./index.ts";

const seed = fileURLToPath(new URL("../seed", import.meta.url));

test("the seed registry has the tables of the design, column by column", async () => {
  const registry = await loadRegistry(`${seed}/clnt_column_registry.yml`, { strict: true });
  const shown = [...registry.tables.values()].map(
    ({ name, columns, primaryKey, uniques, foreignKeys }) => ({
      name,
      columns: [...columns.values()].map((column) => [
        column.name,
        formatColumnType(column.type),
        column.nullable,
        column.default,
      ]),
      key: primaryKey?.name,
      uniques: uniques.map((unique) => unique.name),
      references: foreignKeys.map(
        (key) =>
          `${key.name}: ${key.columns.join()} -> ${key.referencedTable}.${key.referencedColumns.join()}`,
      ),
    }),
  );
  expect(shown).toEqual([
    {
      name: "clients",
      columns: [
        ["id", "serial", false, undefined],
        ["name", "varchar(255)", false, undefined],
        ["email", "varchar(255)", true, undefined],
        ["created_at", "timestamp", true, "now()"],
      ],
      key: "clients_pkey",
      uniques: ["clients_email_key"],
      references: [],
    },
    {
      name: "blueprints",
      columns: [
        ["id", "serial", false, undefined],
        ["client_id", "integer", true, undefined],
        ["blueprint_type", "varchar(50)", true, undefined],
        ["config", "jsonb", true, undefined],
        ["created_at", "timestamp", true, "now()"],
      ],
      key: "blueprints_pkey",
      uniques: [],
      references: ["blueprints_client_id_fkey: client_id -> clients.id"],
    },
    {
      name: "imo_processes",
      columns: [
        ["id", "serial", false, undefined],
        ["blueprint_id", "integer", true, undefined],
        ["input_stage", "jsonb", true, undefined],
        ["middle_stage", "jsonb", true, undefined],
        ["output_stage", "jsonb", true, undefined],
        ["status", "varchar(20)", true, undefined],
        ["created_at", "timestamp", true, "now()"],
      ],
      key: "imo_processes_pkey",
      uniques: [],
      references: ["imo_processes_blueprint_id_fkey: blueprint_id -> blueprints.id"],
    },
  ]);
});

test("its documents have the fields of the design", async () => {
  const registry = await loadRegistry(seed);
  const fields = (table: string) =>
    [...(registry.tables.get(table)?.firestore?.fields.values() ?? [])].map(
      ({ name, type, column }) => [name, type, column],
    );
  expect(fields("clients")).toEqual([
    ["id", "string", "id"],
    ["name", "string", "name"],
    ["email", "string", "email"],
    ["metadata", "map", undefined],
    ["createdAt", "timestamp", "created_at"],
  ]);
  expect(fields("blueprints")).toEqual([
    ["id", "string", "id"],
    ["clientId", "string", "client_id"],
    ["type", "string", "blueprint_type"],
    ["config", "map", "config"],
    ["createdAt", "timestamp", "created_at"],
  ]);
  expect(registry.tables.get("imo_processes")?.firestore).toBeUndefined();
});

test("its vendor blueprints fit it, without a warning", async () => {
  const registry = await loadRegistry(seed);
  const warnings: unknown[] = [];
  const blueprints = await loadBlueprints(`${seed}/vendor_blueprints`, registry, {
    strict: true,
    onWarning: (problem) => warnings.push(problem),
  });
  expect(blueprints.map(({ vendor }) => vendor)).toEqual(["acme", "company_list"]);
  expect(warnings).toEqual([]);
});
