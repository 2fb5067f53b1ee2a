import { type Column, formatColumnType, type Registry, type Table } from "@ctb-data/registry";
import { CliError } from "../cli-error.ts";
import { type CommandContext, flagLayer } from "../command-context.ts";
import { exitCode, type ExitCode } from "../exit-code.ts";
import { loadProjectRegistry } from "../project/load-project-registry.ts";
import { countOf } from "../terminal/count-of.ts";
import { sayNext } from "../terminal/next-step.ts";
import { printJson } from "../terminal/print-json.ts";
import { renderTable } from "../terminal/table.ts";
import type { Channel } from "../terminal/terminal.ts";

interface ShowFlags {
  readonly tables: readonly string[];
  readonly registry?: string | undefined;
}

/** `ctb-data registry show` */
export async function registryShow(context: CommandContext, flags: ShowFlags): Promise<ExitCode> {
  const { terminal } = context;
  const { settings } = await context.settings(
    flagLayer({ REGISTRY_PATH: { flag: "--registry", value: flags.registry } }),
  );
  const registry = await loadProjectRegistry(context, settings);
  const tables =
    flags.tables.length === 0
      ? [...registry.tables.values()]
      : flags.tables.map((name) => tableOf(registry, name));
  if (terminal.json) {
    printJson(terminal, { ...registry, tables });
    return exitCode.done;
  }
  const { out } = terminal;
  if (flags.tables.length === 0) {
    sayOverview(out, registry);
    return exitCode.done;
  }
  for (const [index, table] of tables.entries()) {
    if (index > 0) {
      out.line();
    }
    sayTable(out, table);
  }
  return exitCode.done;
}

function tableOf(registry: Registry, name: string): Table {
  const table = registry.tables.get(name);
  if (table === undefined) {
    throw new CliError("NOT_FOUND", `The registry has no table ${JSON.stringify(name)}.`, {
      hint: `It has ${[...registry.tables.keys()].join(", ") || "no tables at all"}.`,
    });
  }
  return table;
}

function sayOverview(out: Channel, registry: Registry): void {
  const tables = [...registry.tables.values()];
  out.line(
    renderTable(out, {
      columns: [
        { title: "table" },
        { title: "columns", align: "right" },
        { title: "refers to", wraps: true },
        { title: "collection", dropOrder: 1 },
        { title: "description", dropOrder: 2 },
      ],
      rows: tables.map((table) => [
        table.name,
        String(table.columns.size),
        [...new Set(table.foreignKeys.map(({ referencedTable }) => referencedTable))].join(", "),
        table.firestore?.collection ?? "",
        firstLine(table.description),
      ]),
    }),
  );
  out.line();
  const parts = [
    countOf(tables.length, "table"),
    ...(registry.enums.size > 0 ? [countOf(registry.enums.size, "enum")] : []),
    ...(registry.collections.size > 0
      ? [
          countOf(
            registry.collections.size,
            "collection without a table",
            "collections without a table",
          ),
        ]
      : []),
  ];
  out.line(`${parts.join(", ")} in schema ${registry.schema}.`);
  const first = tables[0];
  if (first !== undefined) {
    sayNext(out, `ctb-data registry show ${first.name}`);
  }
}

function sayTable(out: Channel, table: Table): void {
  const where =
    table.firestore === undefined ? "" : ` (documents in ${table.firestore.collection})`;
  out.line(`${out.paint("bold", table.name)}${where}`);
  if (table.description !== undefined) {
    out.line(table.description.trim());
  }
  out.line(
    renderTable(out, {
      columns: [
        { title: "column" },
        { title: "type" },
        { title: "null" },
        { title: "keys", wraps: true },
        { title: "default", dropOrder: 1 },
        { title: "field", dropOrder: 2 },
        { title: "description", dropOrder: 3 },
      ],
      rows: [...table.columns.values()].map((column) => [
        column.name,
        formatColumnType(column.type),
        column.nullable ? "yes" : "no",
        keysOf(table, column),
        column.default ?? "",
        fieldOf(table, column),
        firstLine(column.description),
      ]),
    }),
  );
}

function keysOf(table: Table, { name, encryption }: Column): string {
  const references = table.foreignKeys
    .filter(({ columns }) => columns.includes(name))
    .map(
      (key) =>
        `-> ${key.referencedTable}.${key.referencedColumns[key.columns.indexOf(name)] ?? ""}`,
    );
  return [
    ...(table.primaryKey?.columns.includes(name) === true ? ["primary key"] : []),
    ...(table.uniques.some(({ columns }) => columns.length === 1 && columns[0] === name)
      ? ["unique"]
      : []),
    ...references,
    ...(encryption === undefined ? [] : ["encrypted"]),
  ].join(", ");
}

function fieldOf(table: Table, { name }: Column): string {
  const fields = [...(table.firestore?.fields.values() ?? [])];
  return fields.find(({ column }) => column === name)?.name ?? "";
}

function firstLine(text: string | undefined): string {
  return text?.trim().split("\n")[0] ?? "";
}
