import {
  formatColumnType,
  type Column,
  type ColumnEncryption,
  type ColumnType,
  type ForeignKey,
  type Registry,
  type Table,
} from "@ctb-data/registry";
import { isSerial } from "./sql-type.ts";
import { createIndex } from "./statements.ts";
import { storedType } from "./table-plan.ts";

/** An entity of MikroORM as data: what the run-time schema and the generated source are both made of. */
export interface EntityDefinition {
  /** The table's name is the entity's. */
  readonly name: string;
  readonly renamedFrom?: string;
  readonly schema: string;
  readonly comment?: string;
  readonly properties: readonly PropertyDefinition[];
  readonly indexes: readonly { readonly name: string; readonly expression: string }[];
  readonly uniques: readonly { readonly name: string; readonly properties: readonly string[] }[];
  readonly checks: readonly { readonly name: string; readonly expression: string }[];
}

export type PropertyDefinition = ScalarDefinition | RelationDefinition;

/** A property that holds a column's value, as models hold it. */
export interface ScalarDefinition {
  readonly kind: "scalar";
  readonly name: string;
  /** The type of its value. */
  readonly value: ColumnType;
  readonly columnType: string;
  readonly nullable: boolean;
  readonly primary: boolean;
  readonly autoincrement: boolean;
  readonly defaultRaw?: string;
  /** What MikroORM would see a difference in where there is none: defaults that PostgreSQL prints otherwise, arrays of enums. */
  readonly ignore: readonly ("default" | "type")[];
  readonly comment?: string;
  readonly enum?: { readonly name: string; readonly items: readonly string[] };
  readonly encryption?: ColumnEncryption;
  readonly renamedFrom?: string;
  /** This column is the blind index of that one. */
  readonly blindIndexOf?: string;
}

/** A property for a foreign key: the key's value itself (`mapToPk`), or the entity that it refers to. */
export interface RelationDefinition {
  readonly kind: "relation";
  readonly name: string;
  readonly target: string;
  readonly columns: readonly string[];
  readonly referencedColumns: readonly string[];
  /** The property there, when it is not the primary key. */
  readonly targetKey?: string;
  readonly nullable: boolean;
  readonly primary: boolean;
  /** True for the column's own property; the entity behind it is a second, read-only property. */
  readonly mapToPk: boolean;
  /** The columns have properties of their own, which write them. */
  readonly shared?: true;
  readonly foreignKey: Pick<ForeignKey, "name" | "onDelete" | "onUpdate">;
  readonly defaultRaw?: string;
  readonly comment?: string;
}

/** The entities of a registry: every table that has a primary key, which MikroORM cannot do without. */
export function entityDefinitions(registry: Registry): readonly EntityDefinition[] {
  return [...registry.tables.values()]
    .filter((table) => table.primaryKey !== undefined)
    .map((table) => entityDefinition(table, registry));
}

function entityDefinition(table: Table, registry: Registry): EntityDefinition {
  const keys = plainForeignKeys(table, registry);
  return {
    name: table.name,
    ...(table.renamedFrom !== undefined && { renamedFrom: table.renamedFrom }),
    schema: registry.schema,
    ...(table.description !== undefined && { comment: table.description }),
    properties: [
      ...otherRelations(table, keys, registry),
      ...[...table.columns.values()].map((column) =>
        columnProperty(column, { table, registry, key: keys.get(column.name) }),
      ),
      ...entityProperties(table, keys, registry),
    ],
    indexes: table.indexes.map((index) => ({
      name: index.name,
      expression: createIndex(index, table.name, registry.schema),
    })),
    uniques: table.uniques.map(({ name, columns }) => ({ name, properties: columns })),
    checks: table.checks.map(({ name, expression }) => ({ name, expression })),
  };
}

/**
 * Foreign keys that MikroORM can express: of one column, the only one of that column, to a table that is an entity, to its
 * primary key or to a unique column.
 */
function plainForeignKeys(table: Table, registry: Registry): ReadonlyMap<string, ForeignKey> {
  const keys = new Map<string, ForeignKey>();
  for (const key of table.foreignKeys) {
    const [column = "", ...others] = key.columns;
    const target = registry.tables.get(key.referencedTable);
    const isOnly = table.foreignKeys.filter(({ columns }) => columns.includes(column)).length === 1;
    if (
      others.length === 0 &&
      isOnly &&
      target?.primaryKey &&
      isKeyOf(target, key.referencedColumns)
    ) {
      keys.set(column, key);
    }
  }
  return keys;
}

function isKeyOf(table: Table, [column, ...others]: readonly string[]): boolean {
  const keys = [table.primaryKey, ...table.uniques];
  return (
    others.length === 0 &&
    keys.some((key) => key?.columns.length === 1 && key.columns[0] === column)
  );
}

interface ColumnPlace {
  readonly table: Table;
  readonly registry: Registry;
  readonly key: ForeignKey | undefined;
}

function columnProperty(column: Column, { table, registry, key }: ColumnPlace): PropertyDefinition {
  const primary = table.primaryKey?.columns.includes(column.name) ?? false;
  const shared = {
    name: column.name,
    nullable: column.nullable,
    primary,
    ...(column.default !== undefined && { defaultRaw: column.default }),
    ...(column.description !== undefined && { comment: column.description }),
  };
  if (key) return { ...shared, ...relationPart(key, registry), kind: "relation", mapToPk: true };
  const stored = storedType(column);
  return {
    ...shared,
    kind: "scalar",
    value: column.type,
    columnType: entityColumnType(stored, registry),
    autoincrement: isSerial(column),
    ignore: [
      ...(column.default === undefined || isPrintedAsWritten(column.default, stored)
        ? []
        : ["default" as const]),
      ...(stored.kind === "enum" && stored.dimensions > 0 ? ["type" as const] : []),
    ],
    ...(stored.kind === "enum" && {
      enum: { name: stored.name, items: stored.values },
    }),
    ...(column.encryption && { encryption: column.encryption }),
    ...(column.encryption &&
      column.renamedFrom !== undefined && { renamedFrom: column.renamedFrom }),
    ...(column.blindIndexOf !== undefined && { blindIndexOf: column.blindIndexOf }),
  };
}

/** `serial` is an integer that counts. */
function entityColumnType(type: ColumnType, registry: Registry): string {
  const name = formatColumnType(type)
    .replace(/^bigserial/, "bigint")
    .replace(/^serial/, "integer");
  return type.kind === "enum" && registry.schema !== "public" ? `${registry.schema}.${name}` : name;
}

/** Literals and calls without arguments come back from the catalog as they were. */
function isPrintedAsWritten(expression: string, type: ColumnType): boolean {
  if (type.dimensions > 0 || type.kind === "interval" || type.kind === "json") return false;
  return /^(?:\d{1,9}|true|false|'[^'\\]*'|[a-z_]+\(\)|CURRENT_(?:TIMESTAMP|DATE))$/.test(
    expression,
  );
}

function relationPart(
  key: ForeignKey,
  registry: Registry,
): Pick<
  RelationDefinition,
  "target" | "columns" | "referencedColumns" | "foreignKey" | "targetKey"
> {
  const target = registry.tables.get(key.referencedTable);
  const [column = ""] = key.referencedColumns;
  const isPrimary =
    target?.primaryKey?.columns.length === 1 && target.primaryKey.columns[0] === column;
  return {
    target: key.referencedTable,
    columns: key.columns,
    referencedColumns: key.referencedColumns,
    ...(!isPrimary && { targetKey: column }),
    foreignKey: { name: key.name, onDelete: key.onDelete, onUpdate: key.onUpdate },
  };
}

/** `client_id` has the key; `client` is the entity. */
function entityProperties(
  table: Table,
  keys: ReadonlyMap<string, ForeignKey>,
  registry: Registry,
): readonly RelationDefinition[] {
  const taken = new Set(table.columns.keys());
  return [...keys].flatMap(([column, key]): readonly RelationDefinition[] => {
    const name = entityPropertyName(column);
    const target = table.columns.get(column);
    if (taken.has(name) || !target) return [];
    taken.add(name);
    return [
      {
        kind: "relation",
        name,
        nullable: target.nullable,
        primary: false,
        mapToPk: false,
        ...relationPart(key, registry),
      },
    ];
  });
}

/** Foreign keys of several columns, or of a column that has two: read-only relations beside the columns' own properties. */
function otherRelations(
  table: Table,
  plain: ReadonlyMap<string, ForeignKey>,
  registry: Registry,
): readonly RelationDefinition[] {
  const expressed = new Set(plain.values());
  return table.foreignKeys.flatMap((key): readonly RelationDefinition[] => {
    const target = registry.tables.get(key.referencedTable);
    const isPrimary = target?.primaryKey?.columns.join("\0") === key.referencedColumns.join("\0");
    if (expressed.has(key) || !isPrimary) return [];
    return [
      {
        kind: "relation",
        name: `${key.columns.join("_")}_${key.referencedTable}`,
        target: key.referencedTable,
        columns: key.columns,
        referencedColumns: key.referencedColumns,
        nullable: key.columns.some((column) => table.columns.get(column)?.nullable === true),
        primary: false,
        mapToPk: false,
        shared: true,
        foreignKey: { name: key.name, onDelete: key.onDelete, onUpdate: key.onUpdate },
      },
    ];
  });
}

function entityPropertyName(column: string): string {
  return column.length > 3 && column.endsWith("_id") ? column.slice(0, -3) : `${column}_entity`;
}
