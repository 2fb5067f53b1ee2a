import { modelOf, valueFromText, type Keyring, type Model } from "@ctb-data/models";
import type { Column, Registry, Table } from "@ctb-data/registry";
import { constantDefault } from "./column-default.ts";
import { columnsOfPart, domainOf, readChecks, type ColumnOrder } from "./column-domain.ts";
import { maxCapacity, type ColumnMaker } from "./column-maker.ts";
import { assignUnits, type KeyPart, type Unit } from "./key-units.ts";
import { makerOf } from "./maker-of.ts";
import { hashOf } from "./random.ts";
import type { Reference } from "./references.ts";

/** A column of a model, and how its values are made. */
export interface MadeColumn {
  readonly name: string;
  readonly column: Column;
  readonly maker: ColumnMaker;
  /** Where its random numbers begin. */
  readonly stream: number;
  readonly nullable: boolean;
  readonly alwaysNull: boolean;
  /** A default that is a constant, as the model has it. */
  readonly usual: { readonly value: unknown } | undefined;
  /** Which value it has in a row. Undefined where any will do. */
  readonly unit: Unit | undefined;
}

/** Columns that no two rows have alike. */
export interface MadeKey {
  readonly name: string;
  readonly columns: readonly string[];
  /** Of an expression, which may see less of a difference than there is. */
  readonly isLoose: boolean;
  /** How many rows it has. */
  readonly capacity: number;
}

export interface MadeReference extends Reference {
  /** Which row of the other table. */
  readonly unit: Unit;
  /** A key needs that row and no other one. */
  readonly isKeyed: boolean;
}

/** How the rows of a table are made. */
export interface TableMaker {
  readonly table: Table;
  readonly model: Model;
  readonly columns: ReadonlyMap<string, MadeColumn>;
  readonly references: readonly MadeReference[];
  readonly keys: readonly MadeKey[];
  readonly orders: readonly ColumnOrder[];
  /** Checks of which something was not understood: the database has the last word. */
  readonly openChecks: readonly string[];
}

export interface TableMakerOptions {
  readonly registry: Registry;
  readonly references: readonly Reference[];
  /** How many rows of its other table a reference may choose from. */
  readonly rowsOf: (reference: Reference) => number;
  readonly keyring?: Keyring | undefined;
}

/** Works out how the rows of a table are made. */
export function tableMaker(table: Table, options: TableMakerOptions): TableMaker {
  const checks = readChecks(table);
  const model = modelOf(table, options.keyring === undefined ? {} : { keyring: options.keyring });
  const own = [...table.columns.values()].filter(({ blindIndexOf }) => blindIndexOf === undefined);
  const domains = own.map((column) => domainOf(table, column, checks));
  const makers = new Map(domains.map((domain) => [domain.name, makerOf(domain)]));
  const plan = keyPlan(table, options, makers);
  const columns = domains.map((domain): readonly [string, MadeColumn] => {
    const { name, column, nullable, alwaysNull } = domain;
    const maker = makers.get(name) ?? makerOf(domain);
    return [
      name,
      {
        name,
        column,
        maker,
        stream: hashOf(`${table.name}\0${name}`),
        nullable,
        alwaysNull,
        usual: usualValue(column, model),
        unit: plan.units.get(name),
      },
    ];
  });
  return {
    table,
    model,
    columns: new Map(columns),
    keys: plan.keys,
    orders: checks.orders,
    openChecks: checks.open,
    references: options.references.map((reference) => ({
      ...reference,
      isKeyed: plan.units.has(partName(reference)),
      unit: plan.units.get(partName(reference)) ?? {
        divisor: 1,
        modulus: Math.max(options.rowsOf(reference), 1),
      },
    })),
  };
}

/** A constant default, if the model takes it. */
function usualValue(column: Column, model: Model): MadeColumn["usual"] {
  const text = constantDefault(column);
  if (text === undefined || column.encryption !== undefined) return undefined;
  try {
    const value = valueFromText(column.type, text);
    return model.shape[column.name]?.safeParse(value).success === true ? { value } : undefined;
  } catch {
    // Such as '1 day' in another spelling than PostgreSQL's own: a made value is as good.
    return undefined;
  }
}

const partName = ({ key }: Reference): string => `reference\0${key.name}`;

/** Keys, and which digits of a row's number the parts of them are. */
function keyPlan(
  table: Table,
  options: TableMakerOptions,
  makers: ReadonlyMap<string, ColumnMaker>,
): { readonly keys: readonly MadeKey[]; readonly units: ReadonlyMap<string, Unit> } {
  const keys = keysOf(table);
  const filledBy = new Map(
    options.references
      .filter(({ from }) => from === "parent" || from === "null")
      .toReversed()
      .flatMap((reference) => reference.key.columns.map((column) => [column, reference] as const)),
  );
  const parts = keys.map(({ columns }) => {
    const list = columns.map((name): KeyPart => {
      const reference = filledBy.get(name);
      const isNull = reference?.from === "null" && table.columns.get(name)?.nullable === true;
      // Null is no value that a key minds.
      if (reference !== undefined && isNull)
        return { name: partName(reference), capacity: maxCapacity, last: false };
      if (reference === undefined || reference.from === "null")
        return { name, capacity: makers.get(name)?.capacity ?? 0, last: false };
      return { name: partName(reference), capacity: options.rowsOf(reference), last: true };
    });
    return list.filter(({ name }, index) => list.findIndex((part) => part.name === name) === index);
  });
  const { units, capacities } = assignUnits(parts);
  return { keys: keys.map((key, index) => ({ ...key, capacity: capacities[index] ?? 0 })), units };
}

/** The keys of a table, with encrypted columns in the place of their blind indexes. */
function keysOf(table: Table): readonly Omit<MadeKey, "capacity">[] {
  const ofIndexes = table.indexes
    .filter((index) => index.unique)
    .map((index) => ({
      name: index.name,
      columns: [...new Set(index.parts.flatMap((part) => columnsOfPart(part, table)))],
      isLoose: index.parts.some((part) => "expression" in part),
    }))
    .filter(({ columns }) => columns.length > 0);
  const constraints = [...(table.primaryKey ? [table.primaryKey] : []), ...table.uniques];
  const plain = constraints.map(({ name, columns }) => ({ name, columns, isLoose: false }));
  return [...plain, ...ofIndexes].map((key) => ({
    ...key,
    columns: key.columns.map((name) => table.columns.get(name)?.blindIndexOf ?? name),
  }));
}
