import { generatedHeader } from "@ctb-data/models";
import type { Column, Registry, Table } from "@ctb-data/registry";
import { isSerial } from "./sql-type.ts";
import {
  docComment,
  InterfaceNames,
  propertySource,
  valueTypeSource,
} from "./typescript-source.ts";

/** `database.ts`: the tables as Kysely's types have them. */
export function generateDatabaseTypes(registry: Registry): string {
  const names = new InterfaceNames(["Database", "ColumnType", "Generated", "Json"]);
  const tables = [...registry.tables.values()].map((table) => ({
    table,
    name: names.take(table.name, "Table"),
  }));
  const interfaces = tables.map(
    ({ table, name }) =>
      `${docComment(table.description)}export interface ${name} {\n${columns(table)}}\n`,
  );
  const entries = tables.map(
    ({ table, name }) => `  ${propertySource(tableKey(registry, table))}: ${name};\n`,
  );
  const body = [
    ...interfaces,
    `/** For \`db.kysely<Database>()\`. */\nexport interface Database {\n${entries.join("")}}\n`,
  ].join("\n");
  return [header, imports(body), body].filter((part) => part !== "").join("\n");
}

const header = `${generatedHeader("postgres", "//")}\n`;

function imports(body: string): string {
  const kysely = ["ColumnType", "Generated"].filter((name) => new RegExp(`\\b${name}<`).test(body));
  return [
    /\bJson\b/.test(body) ? 'import type { Json } from "@ctb-data/models";\n' : "",
    kysely.length === 0 ? "" : `import type { ${kysely.join(", ")} } from "kysely";\n`,
  ].join("");
}

/** Outside of `public` a table is named with its schema. */
function tableKey(registry: Registry, table: Table): string {
  return registry.schema === "public" ? table.name : `${registry.schema}.${table.name}`;
}

function columns(table: Table): string {
  return [...table.columns.values()]
    .map(
      (column) =>
        `${docComment(noteOf(column), "  ")}  ${propertySource(column.name)}: ${columnSource(column)};\n`,
    )
    .join("");
}

function noteOf(column: Column): string | undefined {
  if (!column.encryption) return column.description;
  const note = "Ciphertext: read and write it through the table's model.";
  return column.description === undefined ? note : `${column.description}\n${note}`;
}

/** Kinds that may be written in more ways than they are read. */
const kinder: Readonly<Partial<Record<Column["type"]["kind"], string>>> = {
  date: "Date",
  timestamp: "Date",
  timestamptz: "Date",
  int64: "number",
  decimal: "number",
};

function columnSource(column: Column): string {
  const value = column.encryption ? "string" : valueTypeSource(column);
  const nullable = column.nullable ? " | null" : "";
  const generated = column.default !== undefined || isSerial(column);
  const more =
    column.encryption || column.type.dimensions > 0 ? undefined : kinder[column.type.kind];
  if (more === undefined)
    return generated ? `Generated<${value}${nullable}>` : `${value}${nullable}`;
  const written = `${value} | ${more}${nullable}`;
  const inserted = generated || column.nullable ? `${written} | undefined` : written;
  return `ColumnType<${value}${nullable}, ${inserted}, ${written}>`;
}
