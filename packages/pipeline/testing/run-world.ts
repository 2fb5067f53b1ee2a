import { openPostgres, schemaSql, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import { openRun } from "../src/runs/open-run.ts";
import type { OpenRunOptions, RunHandle } from "../src/runs/run-handle.ts";
import type { StoredBlueprint } from "../src/runs/run-record.ts";
import { storeBlueprint } from "../src/runs/store-blueprint.ts";

/** A table that things go into, and those of runs. */
export const runRegistryText = `
tables:
  things:
    columns:
      - { name: id, type: integer, primary_key: true }
      - { name: name, type: text }
  blueprints:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: client_id, type: integer }
      - { name: blueprint_type, type: varchar(50) }
      - { name: config, type: jsonb }
      - { name: created_at, type: timestamp, default: now() }
  imo_processes:
    columns:
      - { name: id, type: serial, primary_key: true }
      - { name: blueprint_id, type: integer, references: blueprints.id }
      - { name: input_stage, type: jsonb }
      - { name: middle_stage, type: jsonb }
      - { name: output_stage, type: jsonb }
      - { name: status, type: varchar(20) }
      - { name: created_at, type: timestamp, default: now() }
`;

export const runBlueprintText = `
vendor: acme
version: 1
intake:
  table: things
  key: No
  columns: { id: No, name: Name }
export:
  source: things
  fields: [{ name: NO, from: id }, { name: NAME, from: name }]
`;

/** A database for tests of runs. */
export interface RunWorld extends AsyncDisposable {
  readonly url: string;
  readonly postgres: Postgres;
  readonly registry: Registry;
  readonly stores: { readonly postgres: Postgres; readonly registry: Registry };
  readonly blueprint: StoredBlueprint;
  readonly sql: (text: string) => Promise<readonly Record<string, unknown>[]>;
  /** A runner of the blueprint, on a lease of a second. */
  readonly open: (options: Omit<OpenRunOptions, "blueprint">) => Promise<RunHandle>;
}

/** Makes one. */
export async function runWorld({
  registry: text = runRegistryText,
  blueprint: blueprintText = runBlueprintText,
  url: given,
}: {
  readonly registry?: string;
  readonly blueprint?: string;
  /** Of an empty database on another server than that of all tests. */
  readonly url?: string;
} = {}): Promise<RunWorld> {
  await using opening = new AsyncDisposableStack();
  const registry = parseRegistry(text, { file: "registry.yml" });
  const url = given ?? opening.use(await createTestDatabase()).url;
  const postgres = opening.use(await openPostgres({ url, registry }));
  await postgres.query(schemaSql(registry));
  const stores = { postgres, registry };
  const blueprint = await storeBlueprint(stores, { text: blueprintText, file: "acme.yml" });
  const opened = opening.move();
  return {
    url,
    postgres,
    registry,
    stores,
    blueprint,
    sql: async (statement) => (await postgres.query(statement)).rows,
    open: async (options) => await openRun(stores, { leaseMs: 1000, ...options, blueprint }),
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}
