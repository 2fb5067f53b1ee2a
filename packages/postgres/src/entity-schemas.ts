import type { Keyring, Model, ModelColumn } from "@ctb-data/models";
import { EntitySchema, type Type } from "@mikro-orm/core";
import { ColumnValueType, columnModel, EncryptedType, JsonValueType } from "./column-value-type.ts";
import type {
  EntityDefinition,
  PropertyDefinition,
  RelationDefinition,
  ScalarDefinition,
} from "./entity-definition.ts";

/** An entity whose properties nobody knows at compile time. */
export type AnyEntity = Record<string, unknown>;

export interface EntityOptions {
  /** Needed for entities with encrypted columns. */
  readonly keyring?: Keyring | undefined;
}

/** MikroORM's schemas of entities, by their names. */
export function entitySchemas(
  definitions: readonly EntityDefinition[],
  options: EntityOptions = {},
): ReadonlyMap<string, EntitySchema<AnyEntity>> {
  const schemas = new Map<string, EntitySchema<AnyEntity>>();
  for (const definition of definitions) {
    schemas.set(definition.name, entitySchema({ definition, schemas, keyring: options.keyring }));
  }
  return schemas;
}

interface EntityPlace {
  readonly definition: EntityDefinition;
  /** All entities, filled when relations are followed. */
  readonly schemas: ReadonlyMap<string, EntitySchema<AnyEntity>>;
  readonly keyring: Keyring | undefined;
}

function entitySchema(place: EntityPlace): EntitySchema<AnyEntity> {
  const { name, schema, comment, properties, indexes, uniques, checks } = place.definition;
  const options = properties.map((property) => [property.name, propertyOptions(property, place)]);
  return new EntitySchema<AnyEntity>({
    name,
    tableName: name,
    schema,
    ...(comment !== undefined && { comment }),
    properties: Object.fromEntries(options),
    indexes: indexes.map((index) => ({ ...index })),
    uniques: uniques.map((unique) => ({ name: unique.name, properties: [...unique.properties] })),
    checks: checks.map((check) => ({ ...check })),
  });
}

function propertyOptions(property: PropertyDefinition, place: EntityPlace): object {
  return property.kind === "scalar"
    ? scalarOptions(property, place)
    : relationOptions(property, place);
}

function scalarOptions(property: ScalarDefinition, place: EntityPlace): object {
  const { name, columnType, nullable, primary, autoincrement, defaultRaw, comment, ignore } =
    property;
  return {
    type: propertyType(property, place),
    fieldName: name,
    columnType,
    nullable,
    primary,
    autoincrement,
    ...(defaultRaw !== undefined && { defaultRaw }),
    ...(ignore.length > 0 && { ignoreSchemaChanges: [...ignore] }),
    ...(comment !== undefined && { comment }),
    ...(property.enum && {
      enum: true,
      items: [...property.enum.items],
      nativeEnumName: property.enum.name,
    }),
    ...(property.blindIndexOf !== undefined &&
      blindIndexOptions(property, property.blindIndexOf, place)),
  };
}

function propertyType(
  property: ScalarDefinition,
  { definition, keyring }: EntityPlace,
): Type<unknown, unknown> {
  const { name, value, columnType } = property;
  const model: Model = columnModel(definition, [modelColumn(property)], keyring);
  if (property.encryption) return new EncryptedType(model, name);
  const held = { type: value, columnType, input: model.shape[name] };
  return value.kind === "json" && value.dimensions === 0
    ? new JsonValueType(held)
    : new ColumnValueType(held);
}

function modelColumn({ name, value, encryption, renamedFrom }: ScalarDefinition): ModelColumn {
  return {
    name,
    type: value,
    nullable: true,
    ...(encryption && { encryption }),
    ...(renamedFrom !== undefined && { renamedFrom }),
  };
}

/** A blind index follows the value that it is made of. */
function blindIndexOptions(
  property: ScalarDefinition,
  source: string,
  { definition, keyring }: EntityPlace,
): object {
  const column = definition.properties.find(({ name }) => name === source);
  if (column?.kind !== "scalar") return {};
  const model = columnModel(definition, [modelColumn(column)], keyring);
  const follow = (entity: object): unknown => {
    const value: unknown = Reflect.get(entity, source);
    if (value === undefined) return undefined;
    return Reflect.get(model.toRow(model.parse({ [source]: value })), property.name);
  };
  return { hidden: true, onCreate: follow, onUpdate: follow };
}

function relationOptions(property: RelationDefinition, { schemas }: EntityPlace): object {
  const { target, columns, referencedColumns, foreignKey, mapToPk, defaultRaw, comment } = property;
  const shared = property.shared === true;
  return {
    kind: "m:1",
    entity: () => schemas.get(target),
    joinColumns: [...columns],
    referencedColumnNames: [...referencedColumns],
    nullable: property.nullable,
    ...(property.targetKey !== undefined && { targetKey: property.targetKey }),
    ...(mapToPk && { mapToPk, primary: property.primary }),
    ...(shared && { ownColumns: [] }),
    ...(mapToPk || shared
      ? {
          foreignKeyName: foreignKey.name,
          deleteRule: foreignKey.onDelete,
          updateRule: foreignKey.onUpdate,
        }
      : { persist: false }),
    ...(defaultRaw !== undefined && { defaultRaw }),
    ...(comment !== undefined && { comment }),
  };
}
