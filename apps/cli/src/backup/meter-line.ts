import { bytesText } from "../terminal/bytes-text.ts";
import { countOf, durationText } from "../terminal/count-of.ts";
import { displayWidth } from "../terminal/display-width.ts";
import { printable } from "../terminal/printable.ts";
import type { MeterReading } from "./progress-meter.ts";

const nouns = { postgres: "row", firestore: "document", storage: "part" } as const;

/** A reading on one line of at most so many columns: what matters least is left out first. */
export function meterLine(reading: MeterReading, columns: number): string {
  const { step, detail, bytes, totalBytes } = reading;
  if (step === "" && bytes === 0) return "";
  const share = shareOf(reading);
  const counted = (["postgres", "firestore", "storage"] as const).flatMap((store) => {
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
      text: reading.bytesPerSecond === 0 ? "" : `${bytesText(reading.bytesPerSecond)}/s`,
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

/** From 0 to 1; undefined when nobody knows how much there is. */
function shareOf({ bytes, totalBytes, items, totalItems }: MeterReading): number | undefined {
  if (totalBytes !== undefined && totalBytes > 0) return Math.min(1, bytes / totalBytes);
  const stores = (["postgres", "firestore", "storage"] as const).filter(
    (store) => items[store] !== undefined || totalItems[store] !== undefined,
  );
  const total = stores.reduce((sum, store) => sum + (totalItems[store] ?? Number.NaN), 0);
  const done = stores.reduce((sum, store) => sum + (items[store] ?? 0), 0);
  return total > 0 ? Math.min(1, done / total) : undefined;
}

function barOf(share: number, width: number): string {
  const full = Math.round(share * width);
  return "█".repeat(full) + "░".repeat(width - full);
}
