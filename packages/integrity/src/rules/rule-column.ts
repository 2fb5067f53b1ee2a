import type { CatalogColumn } from "@ctb-data/postgres";
import type { Column, ColumnType, Table } from "@ctb-data/registry";
import type { RuleSubject } from "../rows/row-rule.ts";
import { subjectOf, valueSays } from "./rule-subject.ts";

/** A column of the registry and of the live table, and all that its rules need to know. */
export interface RuleColumn {
  readonly table: Table;
  readonly column: Column;
  readonly live: CatalogColumn;
  readonly liveColumns: ReadonlyMap<string, CatalogColumn>;
  /** Undefined for a type that the registry has no word for. */
  readonly liveType: ColumnType | undefined;
  /** The column in SQL: `t."amount"`. */
  readonly sql: string;
  readonly hidden: boolean;
}

/** Whether no value of a column may be shown: it is encrypted, a blind index, or classified. */
export function isHidden(column: Column): boolean {
  return (
    column.encryption !== undefined ||
    column.blindIndexOf !== undefined ||
    column.classification !== undefined
  );
}

/** The subject of a rule about the values of a column. */
export function columnSubject(
  { table, column, hidden }: RuleColumn,
  kind: RuleSubject["kind"],
  what: string,
): RuleSubject {
  return subjectOf({
    kind,
    table: table.name,
    columns: [column.name],
    hidden,
    says: valueSays(column.name, what),
  });
}

/** The same type without its length, precision and scale. */
export function bareType(type: ColumnType): ColumnType {
  if (type.kind === "enum") return type;
  return { name: type.name, kind: type.kind, dimensions: type.dimensions };
}

/** Kinds of whole numbers, and their bounds in PostgreSQL. */
export const integerBounds: Readonly<
  Partial<Record<ColumnType["kind"], readonly [least: string, most: string]>>
> = {
  int16: ["-32768", "32767"],
  int32: ["-2147483648", "2147483647"],
  int64: ["-9223372036854775808", "9223372036854775807"],
};

/** How many characters a `char(n)` of the registry or of the live table is filled up to; undefined for other texts. */
export function paddedLength(
  type: ColumnType,
  liveType: ColumnType | undefined,
): number | undefined {
  const lengths = [type, liveType].flatMap((one) =>
    one?.kind === "text" && one.name === "char" ? [one.length ?? 1] : [],
  );
  return lengths.length === 0 ? undefined : Math.max(...lengths);
}
