import type { ColumnType, ValueFormat } from "@ctb-data/registry";
import { datePrinterOf, dateReaderOf, type DateKind } from "./date-pattern.ts";
import type { Misfit } from "./misfit.ts";
import { numberPrinterOf, numberReaderOf } from "./number-format.ts";
import { padPrinterOf, padReaderOf } from "./pad-format.ts";

/** Makes a text of a text, or says why not. */
export type ChangeText = (text: string) => string | Misfit;

/** Compiles the printer of a format: of PostgreSQL's text of a value (`true` and `false` for booleans). */
export function printerOf(format: ValueFormat, type: ColumnType | undefined): ChangeText {
  switch (format.kind) {
    case "date":
      return datePrinterOf(format.pattern, dateKindOf(type));
    case "number":
      return numberPrinterOf(format);
    case "pad":
      return padPrinterOf(format);
    case "case":
    default:
      return caseOf(format.to);
  }
}

/** Compiles the reader of a format: gives a text that the column's type reads. */
export function readerOf(format: ValueFormat, type: ColumnType | undefined): ChangeText {
  switch (format.kind) {
    case "date":
      return dateReaderOf(format.pattern, dateKindOf(type));
    case "number":
      return numberReaderOf(format);
    case "pad":
      return padReaderOf(format);
    case "case":
    default:
      return caseOf(format.to);
  }
}

/** Not by the language of the machine, so that the same rows give the same bytes everywhere. */
function caseOf(to: "upper" | "lower"): ChangeText {
  return to === "upper" ? (text) => text.toUpperCase() : (text) => text.toLowerCase();
}

const dateKinds: readonly DateKind[] = ["date", "time", "timestamp", "timestamptz"];

/** Inside of JSON a date is a text: read as a point in time it has all that a pattern may ask for. */
function dateKindOf(type: ColumnType | undefined): DateKind | undefined {
  return dateKinds.find((kind) => kind === type?.kind);
}
