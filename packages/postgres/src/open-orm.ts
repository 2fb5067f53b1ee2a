import { MikroORM, type EntitySchema } from "@mikro-orm/postgresql";
import type { DatabaseContext } from "./database-context.ts";
import { entityDefinitions } from "./entity-definition.ts";
import { entitySchemas, type AnyEntity } from "./entity-schemas.ts";
import { kyselyOver } from "./kysely-driver.ts";
import { ormTypes } from "./orm-types.ts";
import { PostgresError } from "./postgres-error.ts";
import type { RegistryOrm } from "./postgres.ts";
import { runOn, withSession, type SessionSource } from "./session-source.ts";

/** MikroORM over the sessions of a pool. */
export async function openOrm(
  context: DatabaseContext,
  source: SessionSource,
  database: string,
): Promise<RegistryOrm> {
  const registry = context.requireRegistry();
  const entities = entitySchemas(entityDefinitions(registry), { keyring: context.keyring });
  const others = await otherSchemas(context, source);
  const orm = new MikroORM({
    entities: [...entities.values()],
    dbName: database,
    schema: registry.schema,
    driverOptions: kyselyOver(context, source, ormTypes(context.types)),
    // Values are what models hold: dates and times are texts in UTC.
    forceUtcTimezone: true,
    discovery: { warnWhenNoEntities: false },
    // What the registry does not know is somebody else's: never compared, never dropped.
    schemaGenerator: { skipTables: [notOneOf(registry.schema, entities)], ignoreSchema: others },
  });
  await orm.connect();
  const entity = (name: string): EntitySchema<AnyEntity> => {
    const schema = entities.get(name);
    if (schema) return schema;
    throw new PostgresError("UNKNOWN_OBJECT", `There is no entity of the table ${name}.`, {
      table: name,
      hint: registry.tables.has(name)
        ? "MikroORM needs a primary key."
        : "The registry has no such table.",
    });
  };
  return Object.assign(orm, { entity });
}

/** Every schema but the registry's; that of the migrations' history, too, which may come later. */
async function otherSchemas(context: DatabaseContext, source: SessionSource): Promise<string[]> {
  const { schema } = context.requireRegistry();
  const config = {
    text: "SELECT nspname AS name FROM pg_catalog.pg_namespace WHERE nspname <> $1",
    values: [schema],
  };
  const { rows } = await withSession(
    source,
    async (session) => await runOn(session, context, { config }),
  );
  return [...new Set(["ctb_data", ...rows.map(({ name }) => String(name))])];
}

/** Matches the name of every table that is no entity, with and without its schema. */
function notOneOf(schema: string, entities: ReadonlyMap<string, unknown>): RegExp {
  const names = [...entities.keys()].map(escapePattern).join("|");
  return new RegExp(`^(?!(?:${escapePattern(schema)}\\.)?(?:${names})$)`, "u");
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
