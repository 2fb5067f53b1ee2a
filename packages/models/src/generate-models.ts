import type { Collection, Column, Registry, Table } from "@ctb-data/registry";
import { generatedHeader } from "./generated-header.ts";
import { docComment, GeneratedNames, propertyName, textLiteral } from "./generated-names.ts";
import {
  columnFieldTypeOf,
  inputTypeOf,
  isOptional,
  mentionedTypes,
  ownFieldTypeOf,
  rowTypeOf,
  valueTypeOf,
} from "./generated-types.ts";
import { tableLiteral } from "./table-literal.ts";

/** A file that generated code consists of. */
export interface GeneratedFile {
  /** Relative to the folder that it is written to, with `/`. */
  readonly path: string;
  readonly content: string;
}

/** Choices about generated code. */
export interface GenerateOptions {
  /** What generated code imports instead of `@ctb-data/models`. */
  readonly importFrom?: string;
  /** How generated files import one another: `.ts` runs in Node as it is, `.js` is what older set-ups compile. */
  readonly importExtension?: ".ts" | ".js" | "";
}

/** What formatters of generated code are set to. */
const width = 100;

const header = `${generatedHeader("models", "//")}\n\n`;

/** One table or collection, and the names that its code has. */
interface Named<Thing> {
  readonly thing: Thing;
  readonly className: string;
  readonly file: string;
}

/**
 * TypeScript for every table of a registry: `<table>.ts` with the types, zod schemas and class of each, `index.ts` that
 * exports them all, and `firestore.ts` with the types of the documents. The same registry gives the same bytes.
 */
export function generateModels(
  registry: Registry,
  options: GenerateOptions = {},
): readonly GeneratedFile[] {
  const { importFrom = "@ctb-data/models", importExtension = ".ts" } = options;
  const names = new GeneratedNames();
  const name = <Thing extends { readonly name: string }>(thing: Thing): Named<Thing> => {
    const className = names.classOf(thing.name);
    return { thing, className, file: names.fileOf(className) };
  };
  const tables = [...registry.tables.values()].map(name);
  const collections = [...registry.collections.values()].map(name);
  return [
    ...tables.map((table) => ({ path: `${table.file}.ts`, content: tableFile(table, importFrom) })),
    { path: "firestore.ts", content: firestoreFile(tables, collections, importFrom) },
    { path: "index.ts", content: indexFile(tables, importExtension) },
  ];
}

function importTypes(code: string, importFrom: string): string {
  const types = mentionedTypes(code);
  return types.length === 0 ? "" : formatImport(`import type {`, types, importFrom);
}

/** An import on one line when it fits, as formatters have it. */
function formatImport(start: string, imported: readonly string[], importFrom: string): string {
  const line = `${start} ${imported.join(", ")} } from ${textLiteral(importFrom)};\n`;
  if (line.length <= width + 1) return line;
  return `${start}\n${imported.map((one) => `  ${one},\n`).join("")}} from ${textLiteral(importFrom)};\n`;
}

function tableFile({ thing: table, className }: Named<Table>, importFrom: string): string {
  const body = `${tableTypes(table, className)}
const ${className}Model: ModelClass<${className}Types> = modelClass(${tableLiteral(table)});

${docComment([`A row of ${table.name}.`, table.description], "")}export class ${className} extends ${className}Model {}

/** Its zod schemas: of input, of a row in PostgreSQL, of a document, and of each column's input. */
export const ${schemasNameOf(className)}: ModelSchemas<${className}Types> = ${className}.model;
`;
  const imported = [
    ...mentionedTypes(body).map((type) => `type ${type}`),
    "modelClass",
    "type ModelClass",
    "type ModelSchemas",
  ];
  const byName = imported.toSorted((a, b) =>
    compareNames(a.replace("type ", ""), b.replace("type ", "")),
  );
  return `${header}${formatImport("import {", byName, importFrom)}
${body}`;
}

const compareNames = (a: string, b: string): number => {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  if (left !== right) return left < right ? -1 : 1;
  return a < b ? 1 : -1;
};

function schemasNameOf(className: string): string {
  return `${className.slice(0, 1).toLowerCase()}${className.slice(1)}Schemas`;
}

function tableTypes(table: Table, className: string): string {
  const columns = [...table.columns.values()];
  const shown = columns.filter((column) => column.blindIndexOf === undefined);
  const hasDocuments = table.firestore !== undefined;
  return `/** The columns of ${commentText(table.name)}. A property that is missing is not null. */
export interface ${className}Value {
${properties(shown, valueTypeOf)}}

/** What an application may give for them: \`${className}.parse\` makes a value of it, or says what is wrong. */
export interface ${className}Input {
${properties(shown, inputTypeOf)}}

/** A row of ${commentText(table.name)} in PostgreSQL. */
export interface ${className}Row {
${properties(columns, rowTypeOf)}}
${hasDocuments ? `\n${documentInterface(table, className)}` : ""}
interface ${className}Types {
  readonly value: ${className}Value;
  readonly input: ${className}Input;
  readonly row: ${className}Row;
  readonly document: ${hasDocuments ? `${className}Document` : "never"};
}
`;
}

function properties(columns: readonly Column[], typeOf: (column: Column) => string): string {
  return columns.map((column) => columnProperty(column, typeOf(column))).join("");
}

const commentText = (text: string): string => docComment([text], "").slice(4, -4) || "the table";

function columnProperty(column: Column, type: string): string {
  const deprecated = column.deprecated === true ? "" : (column.deprecated ?? "");
  const lines = [
    column.description,
    column.deprecated === undefined ? undefined : `@deprecated ${deprecated}`,
  ];
  return docComment(lines, "  ") + property(column.name, isOptional(column), type);
}

function property(name: string, isLeftOut: boolean, type: string): string {
  return `  readonly ${propertyName(name)}${isLeftOut ? "?" : ""}: ${type};\n`;
}

function documentInterface(table: Table, className: string): string {
  const { firestore } = table;
  if (firestore === undefined) return "";
  const fields = [...firestore.fields.values()].map((field) => {
    if (field.column === undefined) {
      return (
        docComment([field.description], "  ") +
        property(field.name, !field.required, ownFieldTypeOf(field))
      );
    }
    const column = table.columns.get(field.column);
    if (column === undefined) return "";
    return property(field.name, isOptional(column), columnFieldTypeOf(column, field.type));
  });
  return `/** A document of the collection ${commentText(firestore.collection)} in Firestore. */
export interface ${className}Document {
${fields.join("")}}
`;
}

function collectionInterface({ thing, className }: Named<Collection>): string {
  const fields = [...thing.fields.values()].map(
    (field) =>
      docComment([field.description], "  ") +
      property(field.name, !field.required, ownFieldTypeOf(field)),
  );
  return `${docComment([`A document of the collection ${thing.name} in Firestore.`, thing.description], "")}export interface ${className}Document {
${fields.join("")}}
`;
}

function firestoreFile(
  tables: readonly Named<Table>[],
  collections: readonly Named<Collection>[],
  importFrom: string,
): string {
  const interfaces = [
    ...tables
      .filter(({ thing }) => thing.firestore !== undefined)
      .map(({ thing, className }) => documentInterface(thing, className)),
    ...collections.map(collectionInterface),
  ];
  const paths = [
    ...tables.flatMap(({ thing, className }) =>
      thing.firestore === undefined
        ? []
        : [property(thing.firestore.collection, false, `${className}Document`)],
    ),
    ...collections.map(({ thing, className }) =>
      property(thing.name, false, `${className}Document`),
    ),
  ];
  const body = `${interfaces.join("\n")}${interfaces.length > 0 ? "\n" : ""}/** The documents of each collection. */
export interface FirestoreCollections {
${[...new Set(paths)].join("")}}
`;
  const imports = importTypes(body, importFrom);
  return `${header}${imports}${imports === "" ? "" : "\n"}${body}`;
}

function indexFile(tables: readonly Named<Table>[], importExtension: string): string {
  const exported = tables.map(({ thing, className, file }) => {
    const types = ["Input", "Row", "Value", ...(thing.firestore === undefined ? [] : ["Document"])];
    const names = [
      className,
      ...types.toSorted().map((suffix) => `type ${className}${suffix}`),
      schemasNameOf(className),
    ];
    return `export {\n${names.map((one) => `  ${one},\n`).join("")}} from "./${file}${importExtension}";\n`;
  });
  return `${header}${exported.length === 0 ? "export {};\n" : exported.join("")}`;
}
