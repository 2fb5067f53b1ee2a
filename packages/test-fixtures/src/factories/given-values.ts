import { nearestName } from "@ctb-data/models";
import { FixtureError } from "../fixture-error.ts";
import type { Values } from "./row-maker.ts";
import type { MadeReference, TableMaker } from "./table-maker.ts";

/**
 * The values by column that overrides say. A row that is given under the name of a reference fills in its columns.
 *
 * @throws {FixtureError} INVALID_OVERRIDE
 */
export function givenValues(maker: TableMaker, overrides: object): Values {
  const given: (readonly [string, unknown])[] = [];
  for (const [name, value] of Object.entries(overrides)) {
    if (value === undefined) continue;
    if (maker.columns.has(name)) {
      given.push([name, value]);
      continue;
    }
    const reference = maker.references.find(({ names }) => names.includes(name));
    if (reference === undefined) throw unknownName(maker, name);
    given.push(...columnsOf(maker, reference, { name, value }));
  }
  return Object.fromEntries(given);
}

function columnsOf(
  { table }: TableMaker,
  { key }: MadeReference,
  { name, value }: { readonly name: string; readonly value: unknown },
): readonly (readonly [string, unknown])[] {
  if (value === null) return key.columns.map((column) => [column, null]);
  return key.columns.map((column, index) => {
    const other = key.referencedColumns[index] ?? "";
    const part: unknown = typeof value === "object" ? Reflect.get(value, other) : undefined;
    if (part !== undefined) return [column, part];
    throw new FixtureError(
      "INVALID_OVERRIDE",
      `The override ${name} for ${table.name} is not a row of ${key.referencedTable}: it has no ${other}.`,
      { table: table.name, column, hint: `Give a row of ${key.referencedTable}, or ${column} itself.` },
    );
  });
} // prettier-ignore

function unknownName(maker: TableMaker, name: string): FixtureError {
  const { table, columns, references } = maker;
  const blind = table.columns.get(name)?.blindIndexOf;
  const near = nearestName(name, [...columns.keys(), ...references.flatMap(({ names }) => names)]);
  const hint =
    blind !== undefined
      ? `It is the blind index of ${blind}: give that.`
      : near === undefined
        ? `Its columns are ${[...columns.keys()].join(", ")}.`
        : `Did you mean ${near}?`;
  return new FixtureError("INVALID_OVERRIDE", `The table ${table.name} has no column ${name} to override.`, { table: table.name, column: name, hint });
} // prettier-ignore
