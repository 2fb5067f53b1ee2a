import { bytesText } from "../terminal/bytes-text.ts";
import { countOf, durationText } from "../terminal/count-of.ts";
import { displayWidth } from "../terminal/display-width.ts";
import { printable } from "../terminal/printable.ts";
import type { MeterReading } from "./progress-meter.ts";

const nouns = { postgres: "row", firestore: "document", storage: "part", file: "record" } as const;

/** A reading on one line of at most so many columns: what matters least is left out first. */
export function meterLine(reading: MeterReading, columns: number): string {
  const { step, detail, bytes, totalBytes, share } = reading;
  if (step === "" && bytes === 0) return "";
  // Of a file that is read record by record its bytes only say how much of it is left.
  const isCounted = (bytes === 0 || (reading.items.file ?? 0) > 0) && reading.itemsPerSecond > 0;
  const counted = (["file", "postgres", "firestore", "storage"] as const).flatMap((store) => {
    const items = reading.items[store] ?? 0;
    return items === 0 ? [] : [countOf(items, nouns[store])];
  });
  // From what must stay to what goes first.
  const pieces: readonly Piece[] = [
    { place: 0, text: step },
    { place: 2, text: share === undefined ? "" : `${Math.floor(share * 100)}%` },
    { place: 3, text: bytes === 0 ? "" : bytesText(bytes) },
    {
      place: 7,
      text:
        reading.secondsLeft === undefined
          ? ""
          : `${durationText(reading.secondsLeft * 1000).replace(/\.\d/u, "")} left`,
    },
    {
      place: 6,
      text: isCounted
        ? `${reading.itemsPerSecond.toLocaleString("en-US")}/s`
        : reading.bytesPerSecond === 0
          ? ""
          : `${bytesText(reading.bytesPerSecond)}/s`,
    },
    { place: 5, text: counted.join(", ") },
    { place: 1, text: share === undefined ? "" : barOf(share, 16) },
    {
      place: 4,
      text: totalBytes === undefined || bytes === 0 ? "" : `of ${bytesText(totalBytes)}`,
    },
    { place: 8, text: detail === undefined ? "" : printable(detail) },
  ];
  const shown: Piece[] = [];
  for (const piece of pieces) {
    if (piece.text !== "" && displayWidth(joined([...shown, piece])) <= columns) shown.push(piece);
  }
  return joined(shown);
}

interface Piece {
  /** From left to right. */
  readonly place: number;
  readonly text: string;
}

function joined(pieces: readonly Piece[]): string {
  return pieces
    .toSorted((a, b) => a.place - b.place)
    .map(({ text }) => text)
    .join("  ")
    .replace("  of ", " of ");
}

function barOf(share: number, width: number): string {
  const full = Math.round(share * width);
  return "█".repeat(full) + "░".repeat(width - full);
}
