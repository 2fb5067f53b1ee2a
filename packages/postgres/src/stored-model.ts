import type { Keyring, Model } from "@ctb-data/models";

/** The part of a model that the store needs; run-time models have it, and `Client.model` of generated classes. */
export type StoredModel<Value extends object, Input extends object> = Pick<
  Model<Value, Input, object, object>,
  "table" | "input" | "parse"
>;

/** A generated class: rows are read as its instances. */
export interface ReadClass<Value extends object, Instance extends object> {
  new (value: Value): Instance;
  readonly model: NamedTable;
}

/** A generated class, as it is written by, too. */
export interface StoredClass<
  Value extends object,
  Input extends object,
  Instance extends object,
> extends ReadClass<Value, Instance> {
  readonly model: StoredModel<Value, Input>;
}

/** What a row is read as: every column is there, those that an input may leave out as well. */
export type StoredRow<Value extends object, Instance = unknown> = Instance &
  Readonly<Required<Value>>;

/** A generated class, a model, or the name of a table of the registry. */
export type TableName = string | NamedTable | { readonly model: NamedTable };

interface NamedTable {
  readonly table: { readonly name: string };
}

/** A generated class as the row path uses it. */
export interface RowClass {
  new (value: object): object;
  readonly model: StoredModel<object, object>;
  with(options: { readonly keyring: Keyring }): RowClass;
}

/** @internal */
export function isRowClass(table: unknown): table is RowClass {
  return typeof table === "function" && "model" in table && "with" in table;
}

/** @internal */
export function tableNameOf(table: TableName): string {
  if (typeof table === "string") return table;
  return "model" in table ? table.model.table.name : table.table.name;
}
