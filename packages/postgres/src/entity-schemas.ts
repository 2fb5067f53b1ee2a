import type { Keyring, Model } from "@ctb-data/models";
import type { Registry, Table } from "@ctb-data/registry";
import { EntitySchema, type Type } from "@mikro-orm/core";
import { ColumnValueType, columnModel, EncryptedType, JsonValueType } from "./column-value-type.ts";
import {
  entityDefinitions,
  type EntityDefinition,
  type RelationDefinition,
  type ScalarDefinition,
} from "./entity-definition.ts";

/** An entity whose properties nobody knows at compile time. */
export type AnyEntity = Record<string, unknown>;

/** MikroORM's entities of a registry, by the names of their tables. Tables without a primary key have none. */
export function entitySchemas(
  registry: Registry,
  options: { readonly keyring?: Keyring | undefined } = {},
): ReadonlyMap<string, EntitySchema<AnyEntity>> {
  const schemas = new Map<string, EntitySchema<AnyEntity>>();
  for (const definition of entityDefinitions(registry)) {
    const table = registry.tables.get(definition.name);
    if (table) schemas.set(definition.name, entitySchema(definition, { table, schemas, keyring: options.keyring }));
  }
  return schemas;
}

interface EntityPlace {
  readonly table: Table;
  readonly schemas: ReadonlyMap<string, EntitySchema<AnyEntity>>;
  readonly keyring: Keyring | undefined;
}

function entitySchema(definition: EntityDefinition, place: EntityPlace): EntitySchema<AnyEntity> {
  const properties = definition.properties.map((property) => [
    property.name,
    property.kind === "scalar" ? scalarOptions(property, place) : relationOptions(property, place),
  ]);
  return new EntitySchema<AnyEntity>({
    name: definition.name,
    tableName: definition.name,
    schema: definition.schema,
    ...(definition.comment !== undefined && { comment: definition.comment }),
    properties: Object.fromEntries(properties),
    indexes: definition.indexes.map((index) => ({ ...index })),
    uniques: definition.uniques.map(({ name, properties: names }) => ({ name, properties: [...names] })),
    checks: definition.checks.map((check) => ({ ...check })),
  });
}

function scalarOptions(property: ScalarDefinition, place: EntityPlace): object {
  const { name, columnType, nullable, primary, autoincrement, defaultRaw, comment } = property;
  return {
    type: propertyType(property, place),
    fieldName: name,
    columnType,
    nullable,
    primary,
    autoincrement,
    ...(defaultRaw !== undefined && { defaultRaw }),
    ...(property.ignore.length > 0 && { ignoreSchemaChanges: [...property.ignore] }),
    ...(comment !== undefined && { comment }),
    ...(property.enum && { enum: true, items: [...property.enum.items], nativeEnumName: property.enum.name }),
    ...(property.blindIndexOf !== undefined && blindIndexOptions(property, property.blindIndexOf, place)),
  };
}

function propertyType(property: ScalarDefinition, { table, keyring }: EntityPlace): Type<unknown, unknown> {
  const column = table.columns.get(property.name);
  const columns = [...table.columns.values()].filter(({ name, blindIndexOf }) => name === property.name || blindIndexOf === property.name);
  const optional = columns.map((each) => ({ ...each, nullable: true }));
  const model: Model = columnModel(table, optional, keyring);
  if (property.encrypted) return new EncryptedType(model, property.name);
  const value = { type: property.value, columnType: property.columnType, input: model.shape[property.name] };
  return column?.type.kind === "json" && column.type.dimensions === 0
    ? new JsonValueType(value)
    : new ColumnValueType(value);
}

/** A blind index follows the value that it is made of. */
function blindIndexOptions(property: ScalarDefinition, source: string, { table, keyring }: EntityPlace): object {
  const column = table.columns.get(source);
  if (!column) return {};
  const model = columnModel(table, [{ ...column, nullable: true }], keyring);
  const follow = (entity: object): unknown => {
    const value: unknown = Reflect.get(entity, source);
    if (value === undefined) return undefined;
    return Reflect.get(model.toRow(model.parse({ [source]: value })), property.name);
  };
  return { hidden: true, onCreate: follow, onUpdate: follow };
}

function relationOptions(property: RelationDefinition, { schemas }: EntityPlace): object {
  const { target, columns, referencedColumns, foreignKey, mapToPk, defaultRaw, comment } = property;
  return {
    kind: "m:1",
    entity: () => schemas.get(target),
    joinColumns: [...columns],
    referencedColumnNames: [...referencedColumns],
    nullable: property.nullable,
    ...(property.targetKey !== undefined && { targetKey: property.targetKey }),
    ...(mapToPk || property.shared === true
      ? {
          ...(mapToPk && { mapToPk, primary: property.primary }),
          ...(property.shared === true && { ownColumns: [] }),
          foreignKeyName: foreignKey.name,
          deleteRule: foreignKey.onDelete,
          updateRule: foreignKey.onUpdate,
          ...(defaultRaw !== undefined && { defaultRaw }),
          ...(comment !== undefined && { comment }),
        }
      : { persist: false }),
  };
}
