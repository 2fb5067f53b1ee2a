import { quoteIdentifier } from "@ctb-data/postgres";

const integers: ReadonlyMap<string, bigint> = new Map([
  ["int2", 2n ** 15n],
  ["int4", 2n ** 31n],
  ["int8", 2n ** 63n],
]);
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

const withoutNul = (text: string): boolean => !text.includes("\0");

/** How keys that are texts are looked up in a column of a type, with its index where that can be. */
export interface KeyMatch {
  /** Whether a text can be a value of the column at all: one that cannot is in no row. */
  readonly fits: (text: string) => boolean;
  /** SQL that holds where the column is what the text expression says. It may hold for more, as with blanks at the end. */
  readonly matches: (column: string, text: string) => string;
}

/** @param type the built-in type of the live column, as `pg_type` calls it. */
export function keyMatchOf(type: string): KeyMatch {
  const limit = integers.get(type);
  if (limit !== undefined) {
    return {
      fits: (text) => {
        if (!/^-?\d{1,19}$/.test(text)) return false;
        const value = BigInt(text);
        return value >= -limit && value < limit && String(value) === text;
      },
      matches: (column, text) => `${column} = (${text})::pg_catalog.${type}`,
    };
  }
  if (type === "uuid")
    return {
      fits: (text) => uuid.test(text),
      matches: (column, text) => `${column} = (${text})::pg_catalog.uuid`,
    };
  if (type === "text" || type === "varchar")
    return {
      fits: withoutNul,
      matches: (column, text) => `${column} = (${text})::pg_catalog.text`,
    };
  if (type === "bpchar")
    return {
      fits: withoutNul,
      matches: (column, text) => `${column} = (${text})::pg_catalog.bpchar`,
    };
  return { fits: withoutNul, matches: (column, text) => `${textOf(column, type)} = ${text}` };
}

/** SQL of what PostgreSQL prints of a column. `::text` would take the blanks from the end of a `char(n)`. */
export function textOf(column: string, type: string): string {
  return type === "bpchar" ? `pg_catalog.format('%s', ${column})` : `${column}::pg_catalog.text`;
}

/** `"public"."clients"` */
export function relationOf(schema: string, table: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}
