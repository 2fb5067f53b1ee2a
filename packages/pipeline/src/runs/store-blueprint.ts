import type { Queryable } from "@ctb-data/postgres";
import { parseBlueprint, type VendorBlueprint } from "@ctb-data/registry";
import { advisoryKey } from "../advisory-key.ts";
import { databaseError } from "../database-error.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { PipelineStores } from "../work-options.ts";
import type { StoredBlueprint } from "./run-record.ts";
import { idOf } from "./run-rows.ts";
import { checkInsertable, findRunTables, type RunTables } from "./run-tables.ts";

/**
 * Finds the newest row of `blueprints` of type `imo` that holds this blueprint, or inserts one; two at once insert one. The blueprint is
 * the text of a file, or one that was checked before.
 *
 * @throws {RegistryError} INVALID_BLUEPRINT with all problems, with line and column.
 * @throws {PipelineError} INVALID_BLUEPRINT for what jsonb cannot hold; MISSING_TABLES, DENIED, DATABASE_FAILED
 */
export async function storeBlueprint(
  stores: PipelineStores,
  blueprint: { readonly text: string; readonly file: string } | VendorBlueprint,
): Promise<StoredBlueprint> {
  const { registry, postgres } = stores;
  const checked =
    "text" in blueprint
      ? parseBlueprint(blueprint.text, registry, { file: blueprint.file })
      : blueprint;
  const config = configOf(checked);
  const tables = await findRunTables(stores);
  try {
    const found = await findRow(postgres, tables, config);
    if (found !== undefined) return { id: found, blueprint: checked };
    const id = await postgres.transaction(
      async (tx) => {
        const key = advisoryKey(tables.blueprints);
        await tx.query("SELECT pg_catalog.pg_advisory_xact_lock($1)", [key]);
        return (await findRow(tx, tables, config)) ?? (await insertRow(tx, tables, config));
      },
      { isolation: "read committed" },
    );
    return { id, blueprint: checked };
  } catch (error) {
    throw databaseError(error, "The blueprint could not be stored", { table: tables.blueprints });
  }
}

function configOf({ data, vendor, source }: VendorBlueprint): string {
  const text = JSON.stringify(data);
  // As JSON.stringify writes it: in its data a backslash is doubled.
  const isUnfit = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i.test(text);
  if (!isUnfit) return text;
  throw new PipelineError(
    "INVALID_BLUEPRINT",
    `The blueprint of ${vendor} has a character that PostgreSQL's jsonb cannot hold: NUL, or half of a surrogate pair.`,
    { file: source.file, hint: "Take it out of the file." },
  );
}

async function findRow(
  db: Queryable,
  { blueprints }: RunTables,
  config: string,
): Promise<number | undefined> {
  const { rows } = await db.query<{ readonly id: string }>(
    `SELECT b.id::pg_catalog.text AS id FROM ${blueprints} b
     WHERE b.blueprint_type = 'imo' AND b.config::pg_catalog.jsonb = $1::pg_catalog.jsonb ORDER BY b.id DESC LIMIT 1`,
    [config],
  );
  return rows[0] && idOf(rows[0].id);
}

async function insertRow(db: Queryable, tables: RunTables, config: string): Promise<number> {
  checkInsertable(tables.newBlueprint, ["blueprint_type", "config", "created_at"]);
  const { now } = tables.newBlueprint;
  const { rows } = await db.query<{ readonly id: string }>(
    `INSERT INTO ${tables.blueprints} (blueprint_type, config${now === undefined ? "" : ", created_at"})
     VALUES ('imo', $1${now === undefined ? "" : `, ${now}`}) RETURNING id::pg_catalog.text AS id`,
    [config],
  );
  return idOf(rows[0]?.id ?? "");
}
