import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Gives a text in a style where stdout shows colours, and as it is elsewhere. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Writes a line to stdout. */
export function say(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** How wide the terminal is; 80 where there is none. */
export function columns(): number {
  return Math.max(40, process.stdout.isTTY ? process.stdout.columns || 80 : 80);
}

/** A time in seconds, as `0.42 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** Writes rows below their titles. The first column takes the room that the others leave. */
export function sayTable(titles: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = titles.map((title, index) =>
    Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return index === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  say(paint("bold", line(titles)));
  for (const row of rows) {
    say(line(row));
  }
}
