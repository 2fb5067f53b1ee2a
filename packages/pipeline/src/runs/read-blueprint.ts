import {
  parseBlueprintJson,
  RegistryError,
  type Registry,
  type VendorBlueprint,
} from "@ctb-data/registry";
import { databaseError } from "../database-error.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { PipelineStores } from "../work-options.ts";
import type { StoredBlueprint } from "./run-record.ts";
import { findRunTables } from "./run-tables.ts";
import { objectOf } from "./stage-record.ts";

/**
 * Reads and checks the blueprint of a row of `blueprints`.
 *
 * @throws {PipelineError} NOT_FOUND; INVALID_BLUEPRINT for a row of another type or a `config` that is no blueprint; MISSING_TABLES,
 * DENIED, DATABASE_FAILED
 */
export async function readBlueprint(stores: PipelineStores, id: number): Promise<StoredBlueprint> {
  const { type, config, table } = await readRow(stores, id);
  const place = `The blueprint ${id} of ${table}`;
  if (type !== "imo") {
    throw new PipelineError(
      "INVALID_BLUEPRINT",
      `${place} is of the type ${type === null ? "NULL" : JSON.stringify(type)}, not imo.`,
      { table, hint: "Only blueprints of the type imo are vendor blueprints." },
    );
  }
  const text = config ?? "null";
  refuseUnordered(JSON.parse(text), place, table);
  return { id, blueprint: checked(text, { id, place, table, registry: stores.registry }) };
}

interface BlueprintRow {
  readonly type: string | null;
  readonly config: string | null;
}

async function readRow(
  stores: PipelineStores,
  id: number,
): Promise<BlueprintRow & { readonly table: string }> {
  const { blueprints } = await findRunTables(stores);
  try {
    const { rows } = await stores.postgres.query<BlueprintRow>(
      `SELECT b.blueprint_type::pg_catalog.text AS type, b.config::pg_catalog.text AS config FROM ${blueprints} b WHERE b.id = $1::pg_catalog.int8`,
      [Number.isSafeInteger(id) ? id : -1],
    );
    if (rows[0] !== undefined) return { ...rows[0], table: blueprints };
  } catch (error) {
    throw databaseError(error, `The blueprint ${id} could not be read`, { table: blueprints });
  }
  throw new PipelineError("NOT_FOUND", `There is no blueprint ${id} in ${blueprints}.`, {
    table: blueprints,
    hint: "Name the file of the blueprint instead of its number, and it is stored.",
  });
}

/** The vendor's order matters, and jsonb has none for the keys of a map. */
function refuseUnordered(data: unknown, place: string, table: string): void {
  const fields = objectOf(objectOf(objectOf(data)?.["export"])?.["fields"]);
  if (fields === undefined || Object.keys(fields).length < 2) return;
  throw new PipelineError(
    "INVALID_BLUEPRINT",
    `${place} has its export's fields as a map, whose order jsonb does not keep.`,
    {
      table,
      hint: 'Write them as a list, each with its name: [{"name": "CLIENT_NO", "from": "client_id"}, …].',
    },
  );
}

function checked(
  text: string,
  {
    id,
    place,
    table,
    registry,
  }: {
    readonly id: number;
    readonly place: string;
    readonly table: string;
    readonly registry: Registry;
  },
): VendorBlueprint {
  try {
    return parseBlueprintJson(text, registry, { file: `blueprints/${id}` });
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new PipelineError(
      "INVALID_BLUEPRINT",
      `${place} is no vendor blueprint: ${error.message}`,
      {
        table,
        cause: error,
        hint: "Correct its config, or store the blueprint again from its file.",
      },
    );
  }
}
