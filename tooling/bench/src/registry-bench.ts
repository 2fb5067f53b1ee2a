import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { diffRegistries, loadRegistry, parseRegistry } from "@ctb-data/registry";
import { LineCounter, parse, parseDocument } from "yaml";
import { compare } from "./measure.ts";
import type { BenchResult, Comparison } from "./report.ts";

const execute = promisify(execFile);

/** Times loading and checking a large registry, and how fast the command line answers. */
export async function benchRegistry(options: { readonly quick: boolean }): Promise<BenchResult> {
  const size = options.quick ? { tables: 100, columns: 20 } : { tables: 1000, columns: 20 };
  const rounds = options.quick ? 2 : 9;
  return {
    comparisons: [await compareLoading(size, rounds), await compareHelp(options.quick ? 5 : 25)],
    packages: ["yaml", "zod", "commander"],
  };
}

async function compareLoading(
  size: { readonly tables: number; readonly columns: number },
  rounds: number,
): Promise<Comparison> {
  const folder = await mkdtemp(join(tmpdir(), "ctb-data-bench-"));
  try {
    const file = join(folder, "registry.yml");
    const text = registryOf(size);
    await writeFile(file, text);
    const registry = parseRegistry(text);
    const figures = await compare(
      [
        { name: "yaml: parse to plain values", run: async () => parse(text) },
        {
          name: "yaml: parse with positions",
          run: async () => parseDocument(text, { lineCounter: new LineCounter() }).toJS(),
        },
        { name: "ctb-data: load and check", run: async () => await loadRegistry(file) },
        { name: "ctb-data: diff with itself", run: async () => diffRegistries(registry, registry) },
      ],
      { rounds },
    );
    const ms =
      figures.find(({ name }) => name === "ctb-data: load and check")?.medianMs ?? Infinity;
    return {
      title: `${size.tables} tables x ${size.columns} columns (${Math.round(text.length / 1024)} KiB of YAML)`,
      figures,
      aims: [{ text: "under 1 s", reached: ms < 1000, measured: `${Math.round(ms)} ms` }],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareHelp(rounds: number): Promise<Comparison> {
  const cli = fileURLToPath(new URL("../../../apps/cli/dist/main.js", import.meta.url));
  const figures = await compare(
    [
      { name: "an empty Node script", run: async () => await node("-e", "0") },
      { name: "ctb-data --help", run: async () => await node(cli, "--help") },
      {
        name: "ctb-data migrate up --help",
        run: async () => await node(cli, "migrate", "up", "--help"),
      },
    ],
    { rounds },
  );
  const ratio = figures.find(({ name }) => name === "ctb-data --help")?.ratio ?? Infinity;
  return {
    title: "The first answer of the command line (whole processes)",
    figures,
    aims: [
      {
        text: "--help within 2 x of an empty Node script",
        reached: ratio <= 2,
        measured: `${ratio.toFixed(2)} x`,
      },
    ],
  };
}

async function node(...args: readonly string[]): Promise<unknown> {
  return await execute(process.execPath, [...args]);
}

const types = [
  "integer",
  "varchar(255)",
  "text",
  "timestamptz",
  "numeric(12,2)",
  "jsonb",
  "boolean",
];

function registryOf(size: { readonly tables: number; readonly columns: number }): string {
  const lines = ["tables:"];
  for (let table = 0; table < size.tables; table += 1) {
    lines.push(`  table_${table}:`, "    description: One of many", "    columns:");
    lines.push("      - name: id", "        type: serial", "        primary_key: true");
    for (let column = 1; column < size.columns - 1; column += 1) {
      lines.push(`      - name: column_${column}`, `        type: ${types[column % types.length]}`);
      if (column % 3 === 0) {
        lines.push("        nullable: false", "        description: What it means");
      }
    }
    lines.push("      - name: parent_id", "        type: integer");
    lines.push(`        references: table_${Math.max(0, table - 1)}.id`);
  }
  return `${lines.join("\n")}\n`;
}
