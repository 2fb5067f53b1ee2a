import { displayWidth } from "./display-width.ts";

/**
 * Breaks a text into lines of at most `columns`, at spaces only. Each line after the first begins with `indent`; the spaces that the
 * text itself begins with stay.
 */
export function wrapText(text: string, columns: number | undefined, indent = ""): string {
  if (columns === undefined || displayWidth(text) <= columns) {
    return text;
  }
  const start = /^ */u.exec(text)?.[0] ?? "";
  const [first = "", ...rest] = text.slice(start.length).split(" ");
  const lines: string[] = [];
  let line = `${start}${first}`;
  for (const word of rest) {
    const longer = `${line} ${word}`;
    if (displayWidth(longer) > columns) {
      lines.push(line);
      line = `${indent}${word}`;
    } else {
      line = longer;
    }
  }
  return [...lines, line].map((each) => each.trimEnd()).join("\n");
}
