import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus, release, totalmem } from "node:os";
import { dirname, join } from "node:path";
import type { Matrix } from "./matrix.ts";
import type { Figure } from "./measure.ts";

/** An aim of the project, and whether this run reached it. */
export interface Aim {
  readonly text: string;
  readonly reached: boolean;
  /** What was measured, in words. */
  readonly measured: string;
}

/** Further figures of the contenders. */
export interface Details {
  readonly columns: readonly string[];
  /** By the name of the contender, a number for each column; NaN where nothing is known. */
  readonly rows: Readonly<Record<string, readonly number[]>>;
}

/** One table of a bench. */
export interface Comparison {
  readonly title: string;
  readonly figures: readonly Figure[];
  /** How many things one run does: the table then also has a rate. */
  readonly count?: { readonly of: number; readonly unit: string };
  /** Printed as a second table. */
  readonly details?: Details;
  readonly aims: readonly Aim[];
  /** What a reader must know to judge the figures. */
  readonly notes?: readonly string[];
}

/** What a bench gives: its tables, and the packages whose versions belong beside them. */
export interface BenchResult {
  readonly comparisons: readonly Comparison[];
  readonly matrix?: Matrix;
  readonly packages: readonly string[];
  readonly programs?: Readonly<Record<string, string>>;
}

/** Prints a comparison as a table of at most 80 columns. */
export function formatComparison(comparison: Comparison): string {
  const { title, figures, count, details, aims, notes } = comparison;
  const width = Math.max(...figures.map(({ name }) => name.length), 4);
  const head = `${"".padEnd(width)}  ${"median".padStart(10)} ${"min".padStart(10)} ${"max".padStart(10)} ${"ratio".padStart(7)}`;
  const rows = figures.map((figure) => {
    const rate =
      count === undefined
        ? ""
        : `  ${Math.round((count.of / figure.medianMs) * 1000).toLocaleString("en-US")} ${count.unit}/s`;
    return `${figure.name.padEnd(width)}  ${formatMs(figure.medianMs)} ${formatMs(figure.minMs)} ${formatMs(figure.maxMs)} ${figure.ratio.toFixed(2).padStart(7)}${rate}`;
  });
  const verdicts = aims.map(
    ({ text, reached, measured }) => `${reached ? "reached" : "MISSED "}  ${text}: ${measured}`,
  );
  const remarks = (notes ?? []).map((note) => `note     ${note}`);
  const more = details === undefined ? [] : ["", ...detailLines(details, width)];
  return [`## ${title}`, head, ...rows, ...more, ...verdicts, ...remarks, ""].join("\n");
}

function detailLines({ columns, rows }: Details, width: number): readonly string[] {
  const cells = (name: string, texts: readonly string[]): string =>
    [name.padEnd(width), ...texts.map((text, at) => text.padStart(columns[at]?.length ?? 0))].join(
      "  ",
    );
  return [
    cells("", columns),
    ...Object.entries(rows).map(([name, values]) =>
      cells(
        name,
        values.map((value) => (Number.isNaN(value) ? "-" : value.toFixed(value < 100 ? 1 : 0))),
      ),
    ),
  ];
}

function formatMs(ms: number): string {
  const digits = ms < 10 ? 3 : ms < 1000 ? 1 : 0;
  return `${ms.toFixed(digits)} ms`.padStart(10);
}

/** Writes the figures with the versions and the machine they were measured on. */
export async function saveResult(file: string, name: string, result: BenchResult): Promise<void> {
  const [cpu] = cpus();
  const record = {
    bench: name,
    date: new Date().toISOString(),
    machine: {
      cpu: cpu?.model ?? "unknown",
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${process.platform} ${release()}`,
    },
    versions: { node: process.version, ...versionsOf(result.packages), ...result.programs },
    comparisons: result.comparisons,
    matrix: result.matrix,
  };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(record, undefined, 2)}\n`);
}

function versionsOf(packages: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(packages.map((name) => [name, versionOf(name)]));
}

/** Looks for the package.json by hand: many packages do not export theirs. */
function versionOf(name: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  for (const folder of folders) {
    try {
      const manifest: unknown = JSON.parse(
        readFileSync(join(folder, name, "package.json"), "utf8"),
      );
      if (typeof manifest === "object" && manifest !== null && "version" in manifest) {
        return String(manifest.version);
      }
    } catch {
      // Not in this folder.
    }
  }
  return "unknown";
}
