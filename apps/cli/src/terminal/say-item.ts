import { breakWords } from "./break-words.ts";
import type { Channel, Style } from "./terminal.ts";
import { wrapText } from "./wrap-text.ts";

/** One line for people, that of a list for example. */
export interface Item {
  /** What it begins with, as `error`, and how that looks. */
  readonly mark?: { readonly text: string; readonly style: Style };
  readonly text: string;
  readonly style?: Style;
  /** How many spaces stand before it. */
  readonly indent: number;
}

/** Writes an item; on a terminal it breaks at spaces, words that are longer than a line too, and goes on two columns further in. */
export function sayItem(out: Channel, { mark, text, style, indent }: Item): void {
  const further = " ".repeat(indent + 2);
  const begin = mark === undefined ? "" : `${mark.text} `;
  const room = out.columns === undefined ? undefined : out.columns - further.length;
  const whole = `${" ".repeat(indent)}${begin}${breakWords(text, room)}`;
  const [first = "", ...rest] = wrapText(whole, out.columns, further).split("\n");
  const start = indent + begin.length;
  const painted = (line: string): string => (style === undefined ? line : out.paint(style, line));
  // Only now: an escape sequence must not be cut.
  const head = mark === undefined ? "" : `${out.paint(mark.style, mark.text)} `;
  out.line(`${" ".repeat(indent)}${head}${painted(first.slice(start))}`);
  for (const line of rest) {
    out.line(`${further}${painted(line.slice(further.length))}`);
  }
}
