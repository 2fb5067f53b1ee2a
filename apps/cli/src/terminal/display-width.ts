import { stripVTControlCharacters } from "node:util";

const wide =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
const graphemes = new Intl.Segmenter();

/** How many columns of a terminal a line takes: two for an East Asian or emoji character, none for colour. */
export function displayWidth(line: string): number {
  const text = stripVTControlCharacters(line);
  // Nearly every text is ASCII, and a segmenter is slow.
  if (/^[\x20-\x7e]*$/u.test(text)) {
    return text.length;
  }
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += wide.test(segment) ? 2 : 1;
  }
  return width;
}
