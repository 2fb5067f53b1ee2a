import { quoteIdentifier, type CatalogEnum } from "@ctb-data/postgres";
import { columnTypes, type BuiltInType, type ColumnTypeName } from "@ctb-data/registry";

/** The type of a live column as far as the registry has words for it. */
export type LiveType =
  | BuiltInType
  | {
      readonly name: string;
      readonly kind: "enum";
      readonly values: readonly string[];
      readonly dimensions: number;
    };

const spelling = /^(?<name>[a-z ]+?)(?:\((?<parameters>[-\d,]+)\))?$/;

function isTypeName(name: string): name is ColumnTypeName {
  return Object.hasOwn(columnTypes, name);
}

/**
 * What the type of a live column is in the registry's words, from the spelling of a `CatalogColumn`: `varchar(255)`, `text[]`,
 * `mood`. Undefined for a type that the registry does not know: a domain, a type of an extension, an enum that is not in `enums`.
 */
export function liveTypeOf(text: string, enums: readonly CatalogEnum[] = []): LiveType | undefined {
  const element = text.replace(/(?:\[\])+$/, "");
  const dimensions = (text.length - element.length) / 2;
  const known = enums.find(
    ({ schema, name }) =>
      quoteIdentifier(name) === element ||
      `${quoteIdentifier(schema)}.${quoteIdentifier(name)}` === element,
  );
  if (known !== undefined)
    return { name: known.name, kind: "enum", values: known.values, dimensions };
  const groups = spelling.exec(element)?.groups;
  // What PostgreSQL calls bpchar is a char without a limit.
  const name = groups?.["name"] === "bpchar" ? "char" : groups?.["name"];
  if (name === undefined || !isTypeName(name)) return undefined;
  const base = { name, kind: columnTypes[name].kind, dimensions };
  const parameters = (groups?.["parameters"] ?? "").split(",").filter((part) => part !== "");
  const [first, second] = parameters.map(Number);
  if (first === undefined) return base;
  if (base.kind === "text") return { ...base, length: first };
  return { ...base, precision: first, ...(base.kind === "decimal" && { scale: second ?? 0 }) };
}
