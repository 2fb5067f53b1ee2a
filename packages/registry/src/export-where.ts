import { exactScalarOf } from "./blueprint-data.ts";
import type { BlueprintCondition, BlueprintScalar } from "./blueprint.ts";
import { checkScalar } from "./check-scalar.ts";
import { describe } from "./check-shape.ts";
import { columnOf, type OriginChecking } from "./export-origin.ts";
import { quoted } from "./problem.ts";
import type { Column, ColumnType } from "./registry.ts";
import {
  childOf,
  entriesOf,
  isMapAt,
  itemsOf,
  keySpot,
  type Located,
  type LocatedMap,
} from "./yaml-node.ts";

/** Which rows are records. */
export function whereOf(at: LocatedMap, checking: OriginChecking): readonly BlueprintCondition[] {
  const where = childOf(at, "where");
  if (where === undefined) return [];
  if (!isMapAt(where)) {
    const message = `must be a map of columns and values, not ${describe(where.node)}`;
    checking.problems.error(where, "wrong-value", message);
    return [];
  }
  const seen = new Map<Column, string>();
  return [...entriesOf(where)].flatMap(([name, place]) => {
    const spot = keySpot(where, name);
    const found = columnOf(name, spot, checking);
    if (found === undefined) return [];
    const { table, column } = found;
    const twice = seen.get(column);
    if (twice !== undefined)
      checking.problems.error(
        spot,
        "duplicate-name",
        `the column ${quoted(name)} is here twice: as ${quoted(twice)} too`,
        "write all of its values in one list",
      );
    seen.set(column, name);
    if (
      column.encryption !== undefined ||
      column.type.dimensions > 0 ||
      column.type.kind === "json"
    ) {
      const what = column.encryption === undefined ? column.type.name : "encrypted";
      checking.problems.error(
        spot,
        "conflict",
        `the column ${quoted(name)} is ${what}, so that it cannot be compared with a value`,
      );
      return [];
    }
    const values = itemsOf(place).flatMap((item) => valueOf(item, column.type, checking));
    if (values.length > 0) return [{ table: table.name, column: column.name, values }];
    if (place.node.kind === "list" && place.node.items.length === 0)
      checking.problems.error(place, "wrong-value", "must not be empty");
    return [];
  });
}

function valueOf(
  at: Located,
  type: ColumnType,
  checking: OriginChecking,
): readonly BlueprintScalar[] {
  if (at.node.kind !== "scalar") {
    const message = `must be a text, a number, true, false, null or a list of them, not ${describe(at.node)}`;
    checking.problems.error(at, "wrong-value", message);
    return [];
  }
  if (at.node.text === "" && at.node.value === null) {
    checking.problems.error(at, "wrong-value", "there is no value", "write null for NULL");
    return [];
  }
  const value = exactScalarOf(at.node);
  checkScalar(value, { type }, { at, checking });
  return [value];
}
