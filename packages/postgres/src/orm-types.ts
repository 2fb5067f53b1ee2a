import type { CustomTypesConfig } from "pg";
import type { TypeParsers } from "./type-parsers.ts";

/**
 * Types whose text MikroORM wants as it is: numbers that it counts with, moments that it parses, and arrays of them. Arrays of own
 * types stay text, too; the property's type reads them.
 */
const asText: ReadonlySet<number> = new Set([
  20, 1082, 1083, 1114, 1184, 1186, 1700, // int8, date, time, timestamp, timestamptz, interval, numeric
  1016, 1182, 1183, 1115, 1185, 1187, 1231, // arrays of them
]); // prettier-ignore

/** How MikroORM's Kysely reads results: like models, but for what its property types read themselves. */
export function ormTypes(types: TypeParsers): CustomTypesConfig {
  return {
    getTypeParser: (oid: number) =>
      asText.has(oid) ? (text: string) => text : types.getTypeParser(oid),
  };
}
