import {
  checkColumnNames,
  checkKeyLength,
  columnsOfSql,
  namesOf,
  ownName,
  type PartOf,
} from "./check-constraints.ts";
import { checkShape, describe } from "./check-shape.ts";
import { expressionName } from "./expression-name.ts";
import { quoted } from "./problem.ts";
import type { IndexDraft } from "./registry-draft.ts";
import { indexPartSchema, indexSchema } from "./registry-schema.ts";
import type { IndexPart } from "./registry.ts";
import { readSql } from "./sql-expression.ts";
import {
  childOf,
  isMapAt,
  itemsOf,
  keySpot,
  textAt,
  type Located,
  type LocatedMap,
} from "./yaml-node.ts";

/** One index for each blind index that is not unique: it is there to be looked up. */
export function blindIndexes({ columns }: PartOf): readonly IndexDraft[] {
  return [...columns.values()].flatMap(({ at, column, data }) => {
    if (column.blindIndexOf === undefined || data.unique === true) return [];
    return [{ ...plainIndex([column.name]), name: undefined, spot: keySpot(at, "encrypted") }];
  });
}

function plainIndex(names: readonly string[]) {
  return {
    parts: names.map((column) => ({ column })),
    partNames: names,
    unique: false,
    method: "btree",
    include: [],
    columns: names,
  };
}

/** The indexes of a table or mixin. */
export function indexesOf(holder: LocatedMap, part: PartOf): readonly IndexDraft[] {
  const at = childOf(holder, "indexes");
  if (at === undefined) return [];
  if (at.node.kind !== "list") {
    part.checking.problems.error(at, "wrong-value", `must be a list, not ${describe(at.node)}`);
    return [];
  }
  return itemsOf(at).flatMap((item) => {
    const index = indexOf(item, part);
    return index === undefined ? [] : [index];
  });
}

function indexOf(at: Located, part: PartOf): IndexDraft | undefined {
  if (!isMapAt(at)) {
    const parts = partsOf(at, part);
    if (parts === undefined) return undefined;
    const plain: IndexDraft = { ...joinParts(parts), ...basics, name: undefined, spot: at };
    checkMethod(plain, part);
    return plain;
  }
  const data = checkShape(indexSchema, at, part.checking);
  if (data === undefined) return undefined;
  const columns = childOf(at, "columns");
  const expression = childOf(at, "expression");
  const parts = [
    ...(columns === undefined ? [] : (partsOf(columns, part) ?? [])),
    ...(expression === undefined ? [] : (partsOf(expression, part, "expression") ?? [])),
  ];
  if (columns === undefined && expression === undefined) {
    part.checking.problems.error(
      at,
      "missing-key",
      'the key "columns" is missing',
      "or expression",
    );
  }
  if (parts.length === 0) return undefined;
  const include = childOf(at, "include");
  const included = include === undefined ? [] : namesOf(include, part.checking);
  if (include !== undefined) checkColumnNames(included, include, part);
  const where = childOf(at, "where");
  const inWhere =
    where === undefined || data.where === undefined
      ? []
      : (columnsOfSql(data.where, where, part) ?? []);
  const joined = joinParts(parts);
  const draft: IndexDraft = {
    name: ownName(at, part),
    spot: at,
    ...joined,
    // PostgreSQL makes up a name from the included columns too.
    partNames: [...joined.partNames, ...included],
    unique: data.unique ?? false,
    method: data.method ?? "btree",
    ...(data.where === undefined ? {} : { where: data.where }),
    include: included,
    columns: [...new Set([...joined.columns, ...included, ...inWhere])],
  };
  checkMethod(draft, part);
  return draft;
}

const basics = { unique: false, method: "btree", include: [] } as const;

interface ReadPart {
  readonly part: IndexPart;
  readonly name: string;
  readonly columns: readonly string[];
}

function joinParts(
  parts: readonly ReadPart[],
): Pick<IndexDraft, "parts" | "partNames" | "columns"> {
  return {
    parts: parts.map(({ part }) => part),
    partNames: parts.map(({ name }) => name),
    columns: [...new Set(parts.flatMap(({ columns }) => columns))],
  };
}

function partsOf(
  at: Located,
  part: PartOf,
  as: "column" | "expression" = "column",
): readonly ReadPart[] | undefined {
  const items = itemsOf(at);
  if (!checkKeyLength(items.length, at, part.checking)) return undefined;
  const read = items.map((item) => partOf(item, part, as));
  const good = read.filter((item) => item !== undefined);
  const plain = good.flatMap(({ part: one }) => ("column" in one ? [one.column] : []));
  checkColumnNames(plain, at, part);
  return good.length === read.length ? good : undefined;
}

function partOf(at: Located, part: PartOf, as: "column" | "expression"): ReadPart | undefined {
  const text = textAt(at);
  if (text !== undefined) {
    // A column may have brackets in its name, but then it exists.
    const isExpression = as === "expression" || (!part.columns.has(text) && text.includes("("));
    return isExpression ? expressionPart(text, at, part) : columnPart(text);
  }
  if (!isMapAt(at)) {
    part.checking.problems.error(at, "wrong-value", `must be a column, not ${describe(at.node)}`);
    return undefined;
  }
  const data = checkShape(indexPartSchema, at, part.checking);
  if (data === undefined) return undefined;
  const { column, expression, order, nulls, opclass } = data;
  if ((column === undefined) === (expression === undefined)) {
    part.checking.problems.error(at, "conflict", "must have a column or an expression");
    return undefined;
  }
  const read =
    column === undefined
      ? expressionPart(expression ?? "", childOf(at, "expression") ?? at, part)
      : columnPart(column);
  if (read === undefined) return undefined;
  const options = {
    ...(order === undefined ? {} : { order }),
    ...(nulls === undefined ? {} : { nulls }),
    ...(opclass === undefined ? {} : { operatorClass: opclass }),
  };
  return { ...read, part: { ...read.part, ...options } };
}

function columnPart(column: string): ReadPart {
  return { part: { column }, name: column, columns: [column] };
}

function expressionPart(text: string, at: Located, part: PartOf): ReadPart | undefined {
  const columns = columnsOfSql(text, at, part);
  const read = readSql(text);
  if (columns === undefined || "fault" in read) return undefined;
  return { part: { expression: text }, name: expressionName(read.tokens), columns };
}

function checkMethod(index: IndexDraft, { columns, checking }: PartOf): void {
  const { problems } = checking;
  const { method, unique, parts, spot, include } = index;
  if (unique && method !== "btree")
    problems.error(spot, "conflict", `an index of the method ${method} cannot be unique`);
  if (method === "hash" && parts.length > 1)
    problems.error(spot, "conflict", "an index of the method hash has one column");
  if (include.length > 0 && !["btree", "gist", "spgist"].includes(method)) {
    problems.error(spot, "conflict", `an index of the method ${method} cannot include columns`);
  }
  for (const one of parts) {
    if (method !== "btree" && (one.order !== undefined || one.nulls !== undefined)) {
      problems.error(spot, "conflict", `an index of the method ${method} has no order`);
    }
    if (
      !("column" in one) ||
      one.operatorClass !== undefined ||
      (method !== "btree" && method !== "hash")
    )
      continue;
    if (columns.get(one.column)?.column.type.name !== "json") continue;
    problems.error(
      spot,
      "conflict",
      `the column ${quoted(one.column)} cannot be indexed, because json values cannot be compared`,
      "use jsonb with the method gin, or an expression",
    );
  }
}
