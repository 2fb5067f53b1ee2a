import { displayWidth } from "./display-width.ts";

/** Breaks a text into lines of at most `columns`, at spaces only; each line after the first begins with `indent`. */
export function wrapText(text: string, columns: number | undefined, indent = ""): string {
  if (columns === undefined) {
    return text;
  }
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const start = lines.length === 0 ? "" : indent;
    const longer = line === "" ? `${start}${word}` : `${line} ${word}`;
    if (line !== "" && displayWidth(longer) > columns) {
      lines.push(line);
      line = `${indent}${word}`;
    } else {
      line = longer;
    }
  }
  return [...lines, line].join("\n");
}
