import type { Json, Keyring } from "@ctb-data/models";
import { parseBlueprint, parseRegistry, type Registry } from "@ctb-data/registry";
import {
  compileExportMapping,
  type FieldMapping,
  type FieldText,
} from "../src/mapping/export-mapping.ts";
import { compileIntakeMapping } from "../src/mapping/intake-mapping.ts";
import type { IntakeMapping, MappedValue } from "../src/mapping/mapped-record.ts";

/** A registry of one table `t` with the column `v` beside its key. */
export function registryOfColumn(column: Readonly<Record<string, unknown>>): Registry {
  return parseRegistry(
    JSON.stringify({
      enums: { mood: ["new", "it's", ""] },
      tables: {
        t: {
          columns: [
            { name: "id", type: "integer", pk: true, default: 0 },
            { name: "v", ...column },
          ],
        },
      },
    }),
  );
}

/** The mapping of an intake part, as YAML or JSON has it. */
export function intakeMapping(intake: string, registry: Registry): IntakeMapping {
  const text = `{ vendor: v, version: 1, intake: ${intake} }`;
  const blueprint = parseBlueprint(text, registry);
  if (blueprint.intake === undefined) throw new Error("no intake");
  return compileIntakeMapping({ ...blueprint, intake: blueprint.intake }, registry);
}

/** What a rule makes of one source value of the column `V`; undefined: nothing. */
export function takenIn(
  column: Readonly<Record<string, unknown>>,
  rule: Readonly<Record<string, unknown>>,
  format: "csv" | "json" = "csv",
): (value: Json | undefined) => MappedValue | undefined {
  const columns = { v: { from: "V", ...rule } };
  const intake = JSON.stringify({ table: "t", format, key: "K", columns });
  const mapping = intakeMapping(intake, registryOfColumn(column));
  return (value) => mapping.map(value === undefined ? {} : { V: value }).get("v");
}

/** The mappings of fields, by their names. */
export function exportMappings(
  exporting: string,
  registry: Registry,
  keyring?: Keyring,
): ReadonlyMap<string, FieldMapping> {
  const text = `{ vendor: v, version: 1, export: ${exporting} }`;
  const blueprint = parseBlueprint(text, registry);
  if (blueprint.export === undefined) throw new Error("no export");
  const mappings = compileExportMapping(blueprint.export, registry, keyring);
  return new Map(mappings.map((mapping) => [mapping.field.name, mapping]));
}

/** What a field makes of one text of the column `v`. */
export function sentOut(
  column: Readonly<Record<string, unknown>>,
  field: Readonly<Record<string, unknown>>,
  output = "csv",
): (text: string | null) => FieldText {
  const exporting = JSON.stringify({
    source: "t",
    output,
    fields: [{ name: "F", from: "v", ...field }],
  });
  const mapping = exportMappings(exporting, registryOfColumn(column)).get("F");
  if (mapping === undefined) throw new Error("no field");
  return mapping.make;
}
