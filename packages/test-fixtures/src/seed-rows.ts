import {
  Blueprint,
  type BlueprintInput,
  type BlueprintValue,
  Client,
  type ClientInput,
  type ClientValue,
  ImoProcess,
  type ImoProcessInput,
  type ImoProcessValue,
} from "@ctb-data/models";
import { type DataAccess, PostgresError, type StoredRow } from "@ctb-data/postgres";
import { FixtureError } from "./fixture-error.ts";

/** A stored row of the seed's `clients`, an instance of its class. */
export type TestClient = StoredRow<ClientValue, Client>;
/** A stored row of the seed's `blueprints`. */
export type TestBlueprint = StoredRow<BlueprintValue, Blueprint>;
/** A stored row of the seed's `imo_processes`. */
export type TestProcess = StoredRow<ImoProcessValue, ImoProcess>;

let rows = 0;

/**
 * Inserts a client.
 *
 * @throws {FixtureError} NOT_FOUND when the database has no such table, DATABASE_FAILED.
 */
export async function insertTestClient(
  db: DataAccess,
  overrides: Partial<ClientInput> = {},
): Promise<TestClient> {
  rows += 1;
  const email = `client-${rows}@example.test`;
  const input = { name: `Test Client ${rows}`, email, ...overrides };
  return await inserted("clients", async () => await db.table(Client).insert(input));
}

/**
 * Inserts a blueprint, of a client of its own unless `client_id` names one.
 *
 * @throws {FixtureError} NOT_FOUND when the database has no such table, DATABASE_FAILED.
 */
export async function insertTestBlueprint(
  db: DataAccess,
  overrides: Partial<BlueprintInput> = {},
): Promise<TestBlueprint> {
  const client_id = overrides.client_id ?? (await insertTestClient(db)).id;
  const input = { blueprint_type: "standard", config: { fields: {} }, ...overrides, client_id };
  return await inserted("blueprints", async () => await db.table(Blueprint).insert(input));
}

/**
 * Inserts a process, of a blueprint of its own unless `blueprint_id` names one.
 *
 * @throws {FixtureError} NOT_FOUND when the database has no such table, DATABASE_FAILED.
 */
export async function insertTestProcess(
  db: DataAccess,
  overrides: Partial<ImoProcessInput> = {},
): Promise<TestProcess> {
  const blueprint_id = overrides.blueprint_id ?? (await insertTestBlueprint(db)).id;
  const input = {
    input_stage: {},
    middle_stage: {},
    output_stage: {},
    status: "pending",
    ...overrides,
    blueprint_id,
  };
  return await inserted("imo_processes", async () => await db.table(ImoProcess).insert(input));
}

async function inserted<Row>(table: string, insert: () => Promise<Row>): Promise<Row> {
  try {
    return await insert();
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    const { code, message, hint } = error;
    if (code !== "UNKNOWN_OBJECT")
      throw new FixtureError("DATABASE_FAILED", message, { cause: error, hint, table });
    throw new FixtureError("NOT_FOUND", `There is no table ${table} like the seed's: ${message}`, {
      cause: error,
      table,
      hint: "testClient, testBlueprint and testProcess are for projects that have the seed's tables; make rows of others with fixturesFor.",
    });
  }
}
