import type { EntitySchema } from "@mikro-orm/core";
import type { EntityDefinition } from "./entity-definition.ts";
import { entitySchemas, type EntityOptions } from "./entity-schemas.ts";
import { typedRow } from "./typed-row.ts";

export type {
  EntityDefinition,
  PropertyDefinition,
  RelationDefinition,
  ScalarDefinition,
} from "./entity-definition.ts";
export { entityDefinitions } from "./entity-definition.ts";
export type { EntityOptions } from "./entity-schemas.ts";

/** A schema for each entity, by the name of its table. */
export type EntitySchemas<Entities> = {
  readonly [Name in keyof Entities]: EntitySchema<Entities[Name]>;
};

/**
 * MikroORM's schemas of generated definitions, for `new MikroORM({ entities: Object.values(entities) })`. The same
 * derivation as `orm()` of an opened database.
 */
export function defineEntities<Entities extends object>(
  definitions: readonly EntityDefinition[],
  options: EntityOptions = {},
): EntitySchemas<Entities> {
  // The definitions and the types of `Entities` were generated from one registry.
  return typedRow<EntitySchemas<Entities>>(Object.fromEntries(entitySchemas(definitions, options)));
}
