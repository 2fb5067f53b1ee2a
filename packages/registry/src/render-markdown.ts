import { formatColumnType } from "./column-type.ts";
import type {
  Collection,
  Column,
  DocumentAccess,
  DocumentField,
  Index,
  Registry,
  Table,
} from "./registry.ts";
import { renderErd } from "./render-erd.ts";

/** A Markdown page: the diagram, then every table, enum and collection. The same registry gives the same page. */
export function renderMarkdown(registry: Registry): string {
  const sections = [
    "# Column registry",
    ["```mermaid", renderErd(registry).trimEnd(), "```"].join("\n"),
    ...[...registry.tables.values()].flatMap(tableSections),
  ];
  if (registry.enums.size > 0) {
    const rows = [...registry.enums.values()].map(({ name, values, description = "" }) => [
      code(name),
      values.map(code).join(", "),
      text(description),
    ]);
    sections.push("## Enums", tableOf(["Enum", "Values", "What it is"], rows));
  }
  for (const collection of registry.collections.values())
    sections.push(...collectionSections(collection));
  return `${sections.join("\n\n")}\n`;
}

function tableSections(table: Table): readonly string[] {
  const sections = [`## ${text(table.name)}`];
  if (table.description !== undefined) sections.push(text(table.description));
  const facts = [
    ...(table.owner === undefined ? [] : [`Owner: ${text(table.owner)}`]),
    ...(table.tags.length === 0 ? [] : [`Tags: ${table.tags.map(text).join(", ")}`]),
  ];
  if (facts.length > 0) sections.push(facts.join(" · "));
  const rows = [...table.columns.values()].map((column) => columnRow(table, column));
  sections.push(tableOf(["Column", "Type", "Null", "Default", "What it is"], rows));
  const constraints = constraintLines(table);
  if (constraints.length > 0) sections.push(constraints.map((line) => `- ${line}`).join("\n"));
  const { firestore } = table;
  if (firestore !== undefined) {
    sections.push(
      `Documents: ${code(firestore.collection)}, id ${code(firestore.idColumn)}`,
      ...accessLine(firestore.access),
      tableOf(["Field", "Type", "Column"], [...firestore.fields.values()].map(fieldRow)),
    );
  }
  return sections;
}

function columnRow(table: Table, column: Column): readonly string[] {
  const {
    name,
    type,
    nullable,
    description,
    classification,
    deprecated,
    encryption,
    blindIndexOf,
    format,
    oneOf,
  } = column;
  const isKey = table.primaryKey?.columns.includes(name) === true;
  const notes = [
    ...(isKey ? ["primary key"] : []),
    ...(description === undefined ? [] : [text(description)]),
    ...(format === undefined ? [] : [format]),
    ...(oneOf === undefined ? [] : [`one of ${oneOf.map(code).join(", ")}`]),
    ...(classification === undefined ? [] : [`classification: ${text(classification)}`]),
    ...(encryption === undefined ? [] : ["encrypted"]),
    ...(blindIndexOf === undefined ? [] : [`blind index of ${code(blindIndexOf)}`]),
    ...(deprecated === undefined
      ? []
      : [deprecated === true ? "deprecated" : `deprecated: ${text(deprecated)}`]),
  ];
  return [
    code(name),
    code(formatColumnType(type)),
    nullable ? "yes" : "no",
    column.default === undefined ? "" : code(column.default),
    notes.join("; "),
  ];
}

function constraintLines(table: Table): readonly string[] {
  return [
    ...table.uniques.map(
      ({ name, columns }) => `unique (${columns.map(code).join(", ")}): ${code(name)}`,
    ),
    ...table.foreignKeys.map((key) => {
      const actions = [
        ...(key.onDelete === "no action" ? [] : [`on delete ${key.onDelete}`]),
        ...(key.onUpdate === "no action" ? [] : [`on update ${key.onUpdate}`]),
      ];
      const target = `${code(key.referencedTable)} (${key.referencedColumns.map(code).join(", ")})`;
      return `${["references", target].join(" ")} by ${key.columns.map(code).join(", ")}${actions.map((action) => `, ${action}`).join("")}: ${code(key.name)}`;
    }),
    ...table.checks.map(({ name, expression }) => `check ${code(expression)}: ${code(name)}`),
    ...table.indexes.map(indexLine),
  ];
}

function indexLine({ name, parts, unique, method, where, include }: Index): string {
  const columns = parts.map((part) => code("column" in part ? part.column : part.expression));
  return (
    [
      `${unique ? "unique index" : "index"} (${columns.join(", ")})`,
      ...(method === "btree" ? [] : [`using ${method}`]),
      ...(include.length === 0 ? [] : [`including ${include.map(code).join(", ")}`]),
      ...(where === undefined ? [] : [`where ${code(where)}`]),
    ].join(" ") + `: ${code(name)}`
  );
}

function fieldRow(field: DocumentField): readonly string[] {
  return [code(field.name), field.type, field.column === undefined ? "(own)" : code(field.column)];
}

/** What apps may do; nothing when they may do nothing. */
function accessLine(access: DocumentAccess): readonly string[] {
  const { owner } = access;
  const whose =
    owner === undefined ? "" : owner.kind === "id" ? "the id" : `the field ${code(owner.field)}`;
  const allowed = (["read", "create", "update", "delete"] as const)
    .filter((action) => access[action] !== "none")
    .map((action) =>
      access[action] === "owner"
        ? `${action} (the user in ${whose})`
        : `${action} (who is signed in)`,
    );
  return allowed.length === 0 ? [] : [`Apps may ${allowed.join(", ")}.`];
}

function collectionSections({ name, description, fields, access }: Collection): readonly string[] {
  const rows = [...fields.values()].map((field) => [
    code(field.name),
    field.type,
    field.required ? "yes" : "no",
    text(field.description ?? ""),
  ]);
  return [
    `## ${text(name)} (documents only)`,
    ...(description === undefined ? [] : [text(description)]),
    ...accessLine(access),
    tableOf(["Field", "Type", "Required", "What it is"], rows),
  ];
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.map(cell).join(" | ")} |`).join("\n");
}

/** In a table each bar ends a cell, in code too; elsewhere a backslash before it would be seen in code. */
function cell(markdown: string): string {
  return markdown.replaceAll(/(?<!\\)\|/g, String.raw`\|`);
}

/** Text that Markdown must not take for markup, on one line. */
function text(value: string): string {
  return (
    value
      .replaceAll(/\s+/g, " ")
      .trim()
      .replaceAll(/[\\`*_{}[\]<>#|~&]/g, String.raw`\$&`)
      // The beginning of a list, a rule or an underlined heading.
      .replace(/^([-+=]|\d+(?=[.)]))/, (start) => (/^\d/.test(start) ? `${start}\\` : `\\${start}`))
  );
}

/** A code span; a longer run of backticks than any inside of it stands around it. */
function code(value: string): string {
  const line = value.replaceAll(/\s+/g, " ");
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const space = longest > 0 || line.startsWith(" ") || line.endsWith(" ") || line === "" ? " " : "";
  return `${fence}${space}${line}${space}${fence}`;
}
