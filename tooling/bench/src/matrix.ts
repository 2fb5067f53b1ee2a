import { medianOf } from "./measure.ts";
import type { Aim } from "./report.ts";

/** What one contender came to in one row. */
export type Cell =
  | { readonly kind: "figure"; readonly values: readonly number[] }
  /** It said that it did the work, and did not do it right. */
  | { readonly kind: "wrong"; readonly what: string }
  /** It ended with an error, or was too slow to wait for. */
  | { readonly kind: "failed"; readonly what: string }
  | { readonly kind: "none" };

export interface MatrixRow {
  readonly name: string;
  readonly unit: "ms" | "MiB";
  /** By the name of the contender. */
  readonly cells: Readonly<Record<string, Cell>>;
}

/** Many measures of the same contenders, in one table: the less the better in each row. */
export interface Matrix {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly MatrixRow[];
  /** The contenders that the others are compared with, a table of ratios for each. */
  readonly baselines: readonly string[];
  readonly aims: readonly Aim[];
  readonly notes: readonly string[];
}

/** The median of what a contender came to; `undefined` when it came to nothing. */
export function medianIn(row: MatrixRow, column: string): number | undefined {
  const cell = row.cells[column];
  return cell?.kind === "figure" ? medianOf(cell.values) : undefined;
}

/** Prints the figures, then their ratios to each baseline. */
export function formatMatrix({ title, columns, rows, baselines, aims, notes }: Matrix): string {
  const table = (text: (row: MatrixRow, column: string) => string): string[] =>
    rows.map((row) =>
      line(
        row.name,
        columns.map((column) => text(row, column)),
        rows,
        columns,
      ),
    );
  const head = line("", columns, rows, columns);
  const ratios = baselines.flatMap((baseline) => [
    "",
    `as ratios to ${baseline}`,
    head,
    ...table((row, column) => ratioText(row, column, baseline)),
  ]);
  return [
    `## ${title}`,
    head,
    ...table(cellText),
    ...ratios,
    "",
    ...failuresOf(rows, columns),
    ...aims.map(
      ({ text, reached, measured }) => `${reached ? "reached" : "MISSED "}  ${text}: ${measured}`,
    ),
    ...notes.map((note) => `note     ${note}`),
    "",
  ].join("\n");
}

function line(
  name: string,
  cells: readonly string[],
  rows: readonly MatrixRow[],
  columns: readonly string[],
): string {
  const width = Math.max(...rows.map((row) => row.name.length));
  const padded = cells.map((cell, index) =>
    cell.padStart(Math.max(9, columns[index]?.length ?? 0)),
  );
  return `${name.padEnd(width)}  ${padded.join("  ")}`.trimEnd();
}

function cellText(row: MatrixRow, column: string): string {
  const cell = row.cells[column];
  if (cell?.kind === "wrong" || cell?.kind === "failed") return cell.kind.toUpperCase();
  const median = medianIn(row, column);
  if (median === undefined) return "-";
  return `${median.toFixed(median < 10 ? 1 : 0)} ${row.unit}`;
}

function ratioText(row: MatrixRow, column: string, baseline: string): string {
  const median = medianIn(row, column);
  const base = medianIn(row, baseline);
  return median === undefined || base === undefined ? "-" : (median / base).toFixed(2);
}

function failuresOf(rows: readonly MatrixRow[], columns: readonly string[]): readonly string[] {
  return rows.flatMap((row) =>
    columns.flatMap((column) => {
      const cell = row.cells[column];
      return cell?.kind === "wrong" || cell?.kind === "failed"
        ? [`${cell.kind.toUpperCase().padEnd(7)}  ${column}, ${row.name}: ${cell.what}`]
        : [];
    }),
  );
}
