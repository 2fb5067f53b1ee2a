import { quoteIdentifier, type CatalogEnum } from "@ctb-data/postgres";
import { parseColumnType, type ColumnType, type EnumType } from "@ctb-data/registry";

const noEnums: ReadonlyMap<string, EnumType> = new Map();

/**
 * What the type of a live column is in the registry's words, from the spelling of a `CatalogColumn`: `varchar(255)`, `text[]`,
 * `mood`. Undefined for a type that the registry does not know: a domain, a type of an extension, an enum that is not in `enums`.
 */
export function liveTypeOf(
  text: string,
  enums: readonly CatalogEnum[] = [],
): ColumnType | undefined {
  const element = text.replace(/(?:\[\])+$/, "");
  const known = enums.find(
    ({ schema, name }) =>
      quoteIdentifier(name) === element ||
      `${quoteIdentifier(schema)}.${quoteIdentifier(name)}` === element,
  );
  if (known !== undefined) {
    const dimensions = (text.length - element.length) / 2;
    return { name: known.name, kind: "enum", values: known.values, dimensions };
  }
  const parsed = parseColumnType(text, noEnums);
  return "type" in parsed ? parsed.type : undefined;
}
