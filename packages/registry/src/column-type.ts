import type { ColumnType } from "./registry.ts";

/** The type as SQL spells it: `varchar(255)`, `numeric(10,2)[]`, `timestamp(3)`. The name of an enum is not quoted. */
export function formatColumnType(type: ColumnType): string {
  const array = "[]".repeat(type.dimensions);
  if (type.kind === "enum") return type.name + array;
  const { length, precision, scale } = type;
  // `char` alone is `char(1)`; without a limit the type is called bpchar.
  if (type.name === "char" && length === undefined) return `bpchar${array}`;
  const parameters = [length, precision, scale].filter((parameter) => parameter !== undefined);
  return type.name + (parameters.length === 0 ? "" : `(${parameters.join(",")})`) + array;
}
