import { quoteIdentifier, type CatalogForeignKey, type CatalogTable } from "@ctb-data/postgres";
import { alterTable, catalogForeignKeyClause } from "@ctb-data/postgres/statements";
import type { DriftState } from "./drift-state.ts";
import { sameNames } from "./same-parts.ts";

/** A constraint of a live table. */
export interface ConstraintPlace {
  readonly state: DriftState;
  readonly table: CatalogTable;
}

export function dropConstraint({ state, table }: ConstraintPlace, name: string): string {
  return alterTable(table.name, state.schema, `DROP CONSTRAINT ${quoteIdentifier(name)}`);
}

export function validateConstraint({ state, table }: ConstraintPlace, name: string): string {
  return alterTable(table.name, state.schema, `VALIDATE CONSTRAINT ${quoteIdentifier(name)}`);
}

export function renameConstraint(
  { state, table }: ConstraintPlace,
  { from, to }: { readonly from: string; readonly to: string },
): string {
  return alterTable(
    table.name,
    state.schema,
    `RENAME CONSTRAINT ${quoteIdentifier(from)} TO ${quoteIdentifier(to)}`,
  );
}

/**
 * Adds a check or a foreign key: for new rows at once, for those that are there in a step that lets others write. Before PostgreSQL
 * 18 a foreign key of a partitioned table can only be added with its rows checked at once.
 */
export function addValidated(
  { state, table }: ConstraintPlace,
  { name, clause }: { readonly name: string; readonly clause: string },
): readonly string[] {
  const add = (text: string): string => alterTable(table.name, state.schema, `ADD ${text}`);
  if (table.partitioned && state.serverMajor < 18) return [add(clause)];
  return [add(`${clause} NOT VALID`), validateConstraint({ state, table }, name)];
}

/** Drops a key and makes it anew, with the foreign keys that hold on to it. */
export function rebuildKey(
  place: ConstraintPlace,
  key: { readonly name: string; readonly columns: readonly string[] },
  add: string,
): readonly string[] {
  const { state, table } = place;
  const dependents = state.liveTables.flatMap((owner) =>
    owner.foreignKeys
      .filter((foreign) => holdsOn(foreign, state.schema, table.name))
      .filter((foreign) => sameNames(foreign.referencedColumns, key.columns))
      .map((foreign) => ({ place: { state, table: owner }, foreign })),
  );
  return [
    ...dependents.map((one) => dropConstraint(one.place, one.foreign.name)),
    dropConstraint(place, key.name),
    alterTable(table.name, state.schema, `ADD ${add}`),
    ...dependents.flatMap((one) =>
      addValidated(one.place, {
        name: one.foreign.name,
        clause: catalogForeignKeyClause(one.foreign),
      }),
    ),
  ];
}

function holdsOn(key: CatalogForeignKey, schema: string, table: string): boolean {
  return key.referencedSchema === schema && key.referencedTable === table;
}

const encoder = new TextEncoder();

/** A name of at most 63 bytes that no constraint of the table has. */
export function spareName({ table }: ConstraintPlace, name: string): string {
  const taken = new Set(
    [...table.foreignKeys, ...table.checks, ...table.uniques].map((constraint) => constraint.name),
  );
  for (let number = 1; ; number += 1) {
    let spare = "";
    for (const character of `ctb_${number}_${name}`) {
      if (encoder.encode(spare + character).length > 63) break;
      spare += character;
    }
    if (!taken.has(spare)) return spare;
  }
}
