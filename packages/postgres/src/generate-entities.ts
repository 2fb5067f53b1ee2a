import { generatedHeader } from "@ctb-data/models";
import type { Column, Registry, Table } from "@ctb-data/registry";
import { entityDefinitions, type EntityDefinition } from "./entity-definition.ts";
import { isSerial } from "./sql-type.ts";
import {
  docComment,
  InterfaceNames,
  literalSource,
  propertySource,
  valueTypeSource,
} from "./typescript-source.ts";

/** `entities.ts`: MikroORM's entities, with their types. */
export function generateEntities(registry: Registry): string {
  const definitions = entityDefinitions(registry);
  const taken = new InterfaceNames([
    "Entities",
    "EntityOptions",
    "EntitySchemas",
    "Json",
    "Opt",
    "Keyring",
  ]);
  const names = new Map(definitions.map(({ name }) => [name, taken.take(name, "Entity")]));
  const interfaces = definitions.map((definition) => entityInterface(definition, registry, names));
  const entries = definitions.map(
    ({ name }) => `  ${propertySource(name)}: ${names.get(name) ?? ""};\n`,
  );
  const body = [
    ...interfaces,
    `/** The entity of each table that has a primary key. */\nexport interface Entities {\n${entries.join("")}}\n`,
    `const definitions: readonly EntityDefinition[] = ${literalSource(definitions)};\n`,
    factory,
  ].join("\n");
  return [header, imports(body), body].join("\n");
}

const header = `${generatedHeader("postgres", "//")}\n`;

const factory = `/** MikroORM's schemas, for \`new MikroORM({ entities: Object.values(entities()) })\`. */
export function entities(options: EntityOptions = {}): EntitySchemas<Entities> {
  return defineEntities<Entities>(definitions, options);
}
`;

function imports(body: string): string {
  return [
    /\bJson\b/.test(body) ? 'import type { Json } from "@ctb-data/models";\n' : "",
    "import {\n  defineEntities,\n  type EntityDefinition,\n  type EntityOptions,\n  type EntitySchemas,\n",
    '} from "@ctb-data/postgres/entities";\n',
    /\bOpt\b/.test(body) ? 'import type { Opt } from "@mikro-orm/core";\n' : "",
  ].join("");
}

function entityInterface(
  definition: EntityDefinition,
  registry: Registry,
  names: ReadonlyMap<string, string>,
): string {
  const table = registry.tables.get(definition.name);
  const lines = definition.properties.map((property) => {
    const name = propertySource(property.name);
    const column = table?.columns.get(property.name);
    if (column) return `${docComment(column.description, "  ")}  ${name}${columnSource(column)};\n`;
    if (property.kind === "scalar") return "";
    const target = names.get(property.target) ?? "never";
    return `  /** What ${property.columns.join(", ")} refers to, when it was loaded. */\n  ${name}?: ${target}${property.nullable ? " | null" : ""};\n`;
  });
  return `${docComment(describe(table))}export interface ${names.get(definition.name) ?? ""} {\n${lines.join("")}}\n`;
}

const describe = (table: Table | undefined): string | undefined => table?.description;

/** What has a default may be left out of \`em.create\`. */
function columnSource(column: Column): string {
  const value = `${valueTypeSource(column)}${column.nullable ? " | null" : ""}`;
  if (column.default !== undefined || isSerial(column)) {
    return column.nullable ? `?: ${value}` : `: Opt<${value}>`;
  }
  return `${column.nullable ? "?" : ""}: ${value}`;
}
