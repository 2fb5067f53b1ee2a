import type { CatalogCheck, CatalogForeignKey, CatalogIndex, CatalogKey } from "@ctb-data/postgres";

export function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

/** The same names in any order. */
export function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item) => other.includes(item));
}

/** A key is the same in whatever order its columns stand. */
export function sameKey(one: CatalogKey, other: CatalogKey): boolean {
  return (
    sameNames(one.columns, other.columns) &&
    one.nullsNotDistinct === other.nullsNotDistinct &&
    one.deferrable === other.deferrable &&
    one.withoutOverlaps === other.withoutOverlaps
  );
}

/** A unique index that does what a unique constraint does: all rows, plain columns. */
export function isKeyLike(index: CatalogIndex): boolean {
  return (
    index.unique &&
    index.valid &&
    index.where === undefined &&
    index.method === "btree" &&
    index.parts.every(
      ({ column, operatorClass, collation }) =>
        column !== undefined && operatorClass === undefined && collation === undefined,
    )
  );
}

/** {@link isKeyLike} */
export function keyOf(index: CatalogIndex): CatalogKey {
  return {
    name: index.name,
    columns: index.parts.flatMap(({ column }) => column ?? []),
    ...(index.nullsNotDistinct && { nullsNotDistinct: true as const }),
  };
}

/** Leads from the same columns to the same columns, in whatever order they stand. What happens on a deletion is not compared. */
export function sameReference(one: CatalogForeignKey, other: CatalogForeignKey): boolean {
  return (
    one.referencedSchema === other.referencedSchema &&
    one.referencedTable === other.referencedTable &&
    sameNames(columnPairs(one), columnPairs(other))
  );
}

function columnPairs({ columns, referencedColumns }: CatalogForeignKey): readonly string[] {
  return columns.map((column, index) => JSON.stringify([column, referencedColumns[index]]));
}

/** How expressions are compared that two servers, or two types of a column, make PostgreSQL print differently. */
export type Comparison = "exact" | "loose";

export function sameExpression(
  one: string | undefined,
  other: string | undefined,
  comparison: Comparison,
): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined || comparison === "exact") return false;
  return withoutCasts(one) === withoutCasts(other);
}

const cast =
  /::(?:character varying|double precision|bit varying|time(?:stamp)?(?:\(\d\))? with(?:out)? time zone|(?:(?:"(?:[^"]|"")*"|\w+)\.)?(?:"(?:[^"]|"")*"|\w+))(?:\(\d+(?:,\s*-?\d+)?\))?(?:\[\])*/;
const castOfName = new RegExp(String.raw`\(("(?:[^"]|"")*"|\w+)\)${cast.source}`, "g");
const casts = new RegExp(cast.source, "g");

/** `(name)::text = 'a'::text` as `name='a'`. Parentheses that group stay. */
function withoutCasts(expression: string): string {
  return expression.replaceAll(castOfName, "$1").replaceAll(casts, "").replaceAll(/\s+/g, "");
}

export function sameCheck(one: CatalogCheck, other: CatalogCheck, comparison: Comparison): boolean {
  return sameExpression(one.expression, other.expression, comparison);
}

export function sameIndex(one: CatalogIndex, other: CatalogIndex, comparison: Comparison): boolean {
  return (
    one.unique === other.unique &&
    one.method === other.method &&
    one.nullsNotDistinct === other.nullsNotDistinct &&
    sameNames(one.include, other.include) &&
    sameExpression(one.where, other.where, comparison) &&
    one.parts.length === other.parts.length &&
    one.parts.every((part, index) => {
      const opposite = other.parts[index];
      return (
        opposite !== undefined &&
        part.column === opposite.column &&
        part.order === opposite.order &&
        part.nulls === opposite.nulls &&
        part.operatorClass === opposite.operatorClass &&
        sameExpression(part.expression, opposite.expression, comparison)
      );
    })
  );
}
