import type { GeneratedFile } from "@ctb-data/models";
import type { Registry } from "@ctb-data/registry";
import { generateDatabaseTypes } from "./generate-database-types.ts";
import { generateEntities } from "./generate-entities.ts";
import { schemaSql } from "./schema-sql.ts";

/**
 * `schema.sql`, `entities.ts` for MikroORM and `database.ts` for Kysely. The same registry gives the same bytes.
 *
 * The TypeScript imports `@ctb-data/models`, `@ctb-data/postgres/entities`, `@mikro-orm/core` and `kysely`.
 */
export function generatePostgresFiles(registry: Registry): readonly GeneratedFile[] {
  return [
    { path: "schema.sql", content: schemaSql(registry) },
    { path: "entities.ts", content: generateEntities(registry) },
    { path: "database.ts", content: generateDatabaseTypes(registry) },
  ];
}
