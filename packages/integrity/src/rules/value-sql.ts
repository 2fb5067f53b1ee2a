import { quoteLiteral } from "@ctb-data/postgres";
import type { Column, ColumnType } from "@ctb-data/registry";
import { patternSql } from "./pattern-sql.ts";
import { integerBounds, paddedLength, type RuleColumn } from "./rule-column.ts";

/**
 * Whether PostgreSQL can check the column's values as well as the model: the live type holds values of the same kind, printed
 * the same, so that what is wrong with one is a matter of bounds.
 */
export function isSameFamily(type: ColumnType, liveType: ColumnType | undefined): boolean {
  if (liveType === undefined) return false;
  // Several dimensions are one type in PostgreSQL, which prints `integer[][]` as `integer[]`.
  if (type.dimensions > 0 !== liveType.dimensions > 0) return false;
  const isInteger = integerBounds[liveType.kind] !== undefined;
  switch (type.kind) {
    case "int16":
    case "int32":
    case "int64":
      return isInteger;
    case "decimal":
      return isInteger || liveType.kind === "decimal";
    case "float64":
      return liveType.kind === "float64" || liveType.kind === "float32";
    case "enum":
      return liveType.kind === "enum" || liveType.kind === "text";
    case "json":
      return liveType.kind === "json" && (type.name === "json" || liveType.name === "jsonb");
    case "boolean":
    case "bytes":
    case "date":
    case "float32":
    case "inet":
    case "interval":
    case "text":
    case "time":
    case "timestamp":
    case "timestamptz":
    case "uuid":
    default:
      return liveType.kind === type.kind;
  }
}

/** A condition on a value, or on any element of an array. */
export function anyElement(
  { column, sql }: RuleColumn,
  condition: (value: string) => string,
): string {
  if (column.type.dimensions === 0) return condition(sql);
  return `EXISTS (SELECT FROM pg_catalog.unnest(${sql}) AS element (value) WHERE ${condition("element.value")})`;
}

/** True for a text that is too short or too long; undefined when the live type does not let any in. */
export function lengthSql(at: RuleColumn): string | undefined {
  const { column, liveType } = at;
  const { type, min, max } = column;
  if (type.kind !== "text") return undefined;
  const room = type.length ?? (type.name === "char" ? 1 : undefined);
  const most = Math.min(max ?? Infinity, room ?? Infinity);
  const liveRoom = liveType?.kind === "text" ? liveType.length : undefined;
  const padded = paddedLength(type, liveType);
  const tooLong = most < (liveRoom ?? Infinity);
  const tooShort = min !== undefined && min > (padded ?? 0);
  if (!tooLong && !tooShort) return undefined;
  return anyElement(at, (value) => {
    // Nobody can tell how many of the spaces behind it were given.
    const text = padded === undefined ? value : `pg_catalog.rtrim(${value}::text, ' ')`;
    const length = `pg_catalog.char_length(${text})`;
    return [
      ...(tooLong ? [`${length} > ${most}`] : []),
      ...(tooShort ? [`${length} < ${min}`] : []),
    ].join(" OR ");
  });
}

/** True for a number or a time that is out of range; undefined when the live type does not let any in. */
export function rangeSql(at: RuleColumn): string | undefined {
  const conditions = (value: string): readonly string[] => [
    ...typeBounds(at.column.type, at.liveType, value),
    ...ownBounds(at.column, value),
  ];
  if (conditions("").length === 0) return undefined;
  return anyElement(at, (value) => conditions(value).join(" OR "));
}

function ownBounds({ type, min, max }: Column, value: string): readonly string[] {
  if (type.kind === "text" || (min === undefined && max === undefined)) return [];
  const isFloat = type.kind === "float32" || type.kind === "float64";
  // A real is what its shortest text says, in models: 0.1 is not more than 0.1.
  const number = isFloat ? `${value}::text::double precision` : value;
  const bound = (limit: number): string =>
    isFloat ? `'${limit}'::double precision` : `'${limit}'::numeric`;
  return [
    ...(min === undefined ? [] : [`${number} OPERATOR(pg_catalog.<) ${bound(min)}`]),
    ...(max === undefined ? [] : [`${number} OPERATOR(pg_catalog.>) ${bound(max)}`]),
  ];
}

function typeBounds(
  type: ColumnType,
  live: ColumnType | undefined,
  value: string,
): readonly string[] {
  if (type.kind === "enum" || live === undefined || live.kind === "enum") return [];
  const [least, most] = integerBounds[type.kind] ?? [];
  if (least !== undefined && most !== undefined) {
    const isWider = live.kind !== type.kind && type.kind !== "int64" && live.kind !== "int16";
    return isWider
      ? [
          `${value} OPERATOR(pg_catalog.<) '${least}'::bigint`,
          `${value} OPERATOR(pg_catalog.>) '${most}'::bigint`,
        ]
      : [];
  }
  const { precision } = type;
  if (precision === undefined) return [];
  if (live.precision === precision && live.scale === type.scale && live.kind === type.kind)
    return [];
  if (type.kind === "decimal") return decimalBounds(precision, type.scale ?? 0, value);
  if (live.precision !== undefined && live.precision <= precision) return [];
  // Infinity has no microseconds.
  const unit = 10 ** (6 - precision);
  return [
    `pg_catalog.mod(pg_catalog.date_part('microseconds', ${value})::numeric, ${unit}) OPERATOR(pg_catalog.<>) 0`,
  ];
}

/** NaN is a value of `numeric(p,s)`, infinity is not. */
function decimalBounds(precision: number, scale: number, value: string): readonly string[] {
  const number = `${value}::numeric`;
  const isBeyond = `pg_catalog.abs(${number}) >= '1e${precision - scale}'::numeric`;
  const isFiner = `pg_catalog.trunc(${number}, ${scale}) <> ${number}`;
  return [`(${number} <> 'NaN'::numeric AND (${isBeyond} OR ${isFiner}))`];
}

/** True for a text that is not in the list; undefined when the column has no list, or the live enum has no other values. */
export function enumSql(at: RuleColumn): string | undefined {
  const { column, liveType } = at;
  const values = column.type.kind === "enum" ? column.type.values : column.oneOf;
  if (values === undefined) return undefined;
  if (liveType?.kind === "enum" && liveType.values.every((value) => values.includes(value)))
    return undefined;
  const isPadded = paddedLength(column.type, liveType) !== undefined;
  const list = values.map((value) => quoteLiteral(isPadded ? value.replace(/ +$/, "") : value));
  return anyElement(at, (value) => {
    const text = isPadded ? `pg_catalog.rtrim(${value}::text, ' ')` : `${value}::text`;
    return `${text} COLLATE "C" OPERATOR(pg_catalog.<>) ALL (ARRAY[${list.join(", ")}]::text[])`;
  });
}

/** True for a text that does not match the column's pattern; undefined when only JavaScript can tell. */
export function patternRuleSql(at: RuleColumn): string | undefined {
  const { column, liveType } = at;
  if (column.pattern === undefined || paddedLength(column.type, liveType) !== undefined)
    return undefined;
  const pattern = patternSql(column.pattern);
  if (pattern === undefined) return undefined;
  return anyElement(
    at,
    (value) => `${value} COLLATE "C" OPERATOR(pg_catalog.!~) ${quoteLiteral(pattern)}`,
  );
}
