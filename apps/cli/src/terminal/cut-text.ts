import { displayWidth } from "./display-width.ts";

const graphemes = new Intl.Segmenter();

/** The text on one line of at most `columns`: white space becomes one space, and what is too long ends with `…`. Without a width it is not cut. */
export function cutText(text: string, columns: number | undefined): string {
  const line = text.trim().replaceAll(/\s+/gu, " ");
  if (columns === undefined || displayWidth(line) <= columns) return line;
  let cut = "";
  for (const { segment } of graphemes.segment(line)) {
    if (displayWidth(cut + segment) > columns - 1) break;
    cut += segment;
  }
  return `${cut.trimEnd()}…`;
}
