import { joinSchema } from "./blueprint-schema.ts";
import type { BlueprintJoin } from "./blueprint.ts";
import { checkShape, describe, type Checking } from "./check-shape.ts";
import { spotOf } from "./check-value-rule.ts";
import { quoted, suggestion } from "./problem.ts";
import type { Registry, Table } from "./registry.ts";
import { childOf, isMapAt, itemsOf, textAt, type Located, type LocatedMap } from "./yaml-node.ts";

/** The tables that records are made of, and the foreign keys that join them. */
export function sourcesOf(
  at: LocatedMap,
  registry: Registry,
  checking: Checking,
): { readonly tables: readonly Table[]; readonly joins: readonly BlueprintJoin[] } {
  const source = childOf(at, "source");
  if (source === undefined) {
    checking.problems.error(
      at,
      "missing-key",
      'the key "source" is missing',
      "the table that has one row per record",
    );
    return { tables: [], joins: [] };
  }
  const tables: Table[] = [];
  const joins: BlueprintJoin[] = [];
  for (const item of itemsOf(source)) {
    const data = isMapAt(item) ? checkShape(joinSchema, item, checking) : { table: textAt(item) };
    if (data?.table === undefined) {
      if (!isMapAt(item))
        checking.problems.error(item, "wrong-value", `must be a table, not ${describe(item.node)}`);
      continue;
    }
    const table = registry.tables.get(data.table);
    if (table === undefined) {
      checking.problems.error(
        spotOf(item, "table"),
        "unknown-name",
        `there is no table ${quoted(data.table)}${suggestion(data.table, registry.tables.keys())}`,
      );
      continue;
    }
    if (tables.includes(table)) {
      checking.problems.error(
        item,
        "duplicate-name",
        `the table ${quoted(table.name)} is here twice`,
      );
      continue;
    }
    if (tables.length > 0) {
      const join = joinOf(table, "via" in data ? data.via : undefined, {
        tables,
        at: item,
        checking,
      });
      if (join !== undefined) joins.push(join);
    }
    tables.push(table);
  }
  return { tables, joins };
}

interface JoinContext {
  readonly tables: readonly Table[];
  readonly at: Located;
  readonly checking: Checking;
}

function joinOf(
  table: Table,
  via: string | undefined,
  { tables, at, checking }: JoinContext,
): BlueprintJoin | undefined {
  const ways = tables.flatMap((from) =>
    from.foreignKeys
      .filter(
        (key) =>
          key.referencedTable === table.name && (via === undefined || key.columns.includes(via)),
      )
      .map((foreignKey) => ({ table: table.name, from: from.name, foreignKey })),
  );
  const [way, ...more] = ways;
  if (way === undefined) {
    const through = via === undefined ? "" : ` through ${quoted(via)}`;
    checking.problems.error(
      at,
      "invalid-reference",
      `no foreign key of ${tables.map(({ name }) => quoted(name)).join(" or ")} leads to ${quoted(table.name)}${through}`,
      "begin with the table that references the others",
    );
    return undefined;
  }
  if (more.length === 0) return way;
  const columns = ways.map(({ from, foreignKey }) => `${from}.${foreignKey.columns.join("+")}`);
  checking.problems.error(
    at,
    "invalid-reference",
    `several foreign keys lead to ${quoted(table.name)}: ${columns.join(", ")}`,
    "write { table: …, via: … }",
  );
  return undefined;
}
