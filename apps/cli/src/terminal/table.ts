import CliTable from "cli-table3";
import { breakWords } from "./break-words.ts";
import { displayWidth } from "./display-width.ts";
import type { Channel, Style } from "./terminal.ts";
import { wrapText } from "./wrap-text.ts";

/** A column of a table. */
export interface TableColumn {
  readonly title: string;
  readonly align?: "left" | "right";
  /** Left out of a terminal that is too narrow, the highest number first. Without one it always stays. */
  readonly dropOrder?: number;
  /** Wraps when nothing more can be left out. One column of a table. */
  readonly wraps?: boolean;
}

/** What stands in one place of a table. */
export type TableCell = string | { readonly text: string; readonly style: Style };

export interface TableContent {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly TableCell[])[];
}

const gap = 2;
const noBorders = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: " ".repeat(gap),
} as const;

/**
 * Lays out a table for a channel, without its last line feed. On a terminal it fits the width: columns are left out by
 * their `dropOrder` (and named below), then the wrapping column wraps. Elsewhere every line is as long as it is.
 */
export function renderTable(channel: Channel, content: TableContent): string {
  const { shown, hidden, wrapTo } = fit(content, channel.columns);
  const table = new CliTable({
    chars: noBorders,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    colAligns: shown.map(({ column }) => column.align ?? "left"),
  });
  table.push(shown.map(({ column }) => channel.paint(["bold"], column.title)));
  for (const row of content.rows) {
    table.push(
      shown.map(({ column, index }) =>
        paintCell(channel, row[index] ?? "", column.wraps === true ? wrapTo : undefined),
      ),
    );
  }
  const lines = table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
  if (hidden.length > 0) {
    const names = hidden.map(({ column }) => column.title).join(", ");
    lines.push(channel.paint("dim", `not shown at this width: ${names}`));
  }
  return lines.join("\n");
}

interface ShownColumn {
  readonly column: TableColumn;
  readonly index: number;
  readonly width: number;
}

interface Fit {
  readonly shown: readonly ShownColumn[];
  readonly hidden: readonly ShownColumn[];
  /** Of the column that wraps; undefined when it need not. */
  readonly wrapTo: number | undefined;
}

/** The least width of a column that wraps. */
const minimumWrap = 12;

function fit({ columns, rows }: TableContent, available: number | undefined): Fit {
  let shown: readonly ShownColumn[] = columns.map((column, index) => ({
    column,
    index,
    width: Math.max(
      displayWidth(column.title),
      ...rows.map((row) => displayWidth(cellText(row[index] ?? ""))),
    ),
  }));
  const hidden: ShownColumn[] = [];
  if (available === undefined) {
    return { shown, hidden, wrapTo: undefined };
  }
  const excess = (): number => totalWidth(shown) - available;
  // A row on one line is easier to read than one more column.
  while (excess() > 0) {
    const next = shown
      .filter(({ column }) => column.dropOrder !== undefined)
      .toSorted((a, b) => (b.column.dropOrder ?? 0) - (a.column.dropOrder ?? 0))[0];
    if (next === undefined) {
      break;
    }
    shown = shown.filter((column) => column !== next);
    hidden.push(next);
  }
  const wrapping = shown.find(({ column }) => column.wraps === true);
  const wrapTo =
    wrapping !== undefined && excess() > 0
      ? Math.max(minimumWrap, wrapping.width - excess())
      : undefined;
  return { shown, hidden, wrapTo };
}

function totalWidth(columns: readonly ShownColumn[]): number {
  return columns.reduce((sum, { width }) => sum + width, gap * (columns.length - 1));
}

function cellText(cell: TableCell): string {
  return typeof cell === "string" ? cell : cell.text;
}

function paintCell(channel: Channel, cell: TableCell, columns: number | undefined): string {
  const text = wrapText(breakWords(cellText(cell), columns), columns);
  return typeof cell === "string" ? text : channel.paint(cell.style, text);
}
