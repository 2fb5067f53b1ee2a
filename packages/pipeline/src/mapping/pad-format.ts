import type { ValueFormat } from "@ctb-data/registry";
import { Misfit } from "./misfit.ts";

/** A text that is filled up to a length. */
export type PadFormat = Extract<ValueFormat, { readonly kind: "pad" }>;

/** The number of characters (code points), as PostgreSQL counts them. */
export function lengthOf(text: string): number {
  let length = text.length;
  for (let at = 1; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xdc_00 && unit <= 0xdf_ff) length -= 1;
  }
  return length;
}

/** Compiles the printer of a padded text. */
export function padPrinterOf({ length, fill, side }: PadFormat): (text: string) => string | Misfit {
  return (text) => {
    const room = length - lengthOf(text);
    if (room < 0) return new Misfit("too_long", `is longer than ${length} characters`);
    return side === "left" ? fill.repeat(room) + text : text + fill.repeat(room);
  };
}

/** Compiles the reader of a padded text: without what it was filled up with. Of nothing but digits one is left. */
export function padReaderOf({ length, fill, side }: PadFormat): (text: string) => string | Misfit {
  const isDigit = /^\d$/.test(fill);
  return (text) => {
    if (lengthOf(text) > length) {
      return new Misfit("too_long", `is longer than ${length} characters`);
    }
    let [from, to] = [0, text.length];
    if (side === "left") while (text.startsWith(fill, from) && from < to) from += fill.length;
    else while (to > 0 && text.endsWith(fill, to)) to -= fill.length;
    const rest = text.slice(from, to);
    return rest === "" && isDigit && text !== "" ? fill : rest;
  };
}
