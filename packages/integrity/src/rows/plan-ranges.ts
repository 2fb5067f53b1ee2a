import type { TablePiece } from "./scan-facts.ts";
import type { ScanPlan, ScanRange } from "./scan-plan.ts";

/** A part of a scan that is one statement. */
export interface PlannedRange {
  readonly plan: ScanPlan;
  /** Undefined: all of the table in one statement. */
  readonly range: ScanRange | undefined;
  /** About which share of the table's rows come before it, and before its end; both 0 where another plan counts them. */
  readonly from: number;
  readonly to: number;
}

/** Pages of a piece: at least 32 MiB, so that a piece is worth a statement; at most 1 GiB, so that no statement takes long. */
const [leastPages, mostPages] = [4096, 131_072];

/**
 * The statements of a scan, so that all sessions have something to do. Keys that are joined are hashed anew by each statement: with
 * them there are no more pieces than pay for that. Where not even two do, those references are a statement of their own, which the server
 * spreads over its workers.
 */
export function planRanges(
  plan: ScanPlan,
  pieces: readonly TablePiece[],
  sessions: number,
): readonly PlannedRange[] {
  const pages = pieces.reduce((sum, piece) => sum + piece.pages, 0);
  if (pages <= leastPages) return [{ plan, range: undefined, from: 0, to: 1 }];
  const joined = plan.references.filter(({ by }) => by === "join");
  const few = Math.max(leastPages, Math.ceil(pages / (sessions * 8)));
  if (joined.length === 0) return cut(plan, pieces, Math.min(mostPages, few));
  const keys = joined.reduce((sum, one) => sum + (one.by === "join" ? one.sides.referenced.estimatedRows : 0), 0); // prettier-ignore
  const worth = Math.min(sessions, Math.floor(plan.facts.estimatedRows / Math.max(1, keys) / 2));
  if (worth > 1) return cut(plan, pieces, Math.max(leastPages, Math.ceil(pages / worth)));
  const rest = { ...plan, references: plan.references.filter(({ by }) => by !== "join") };
  const alone = { plan: { ...plan, rules: [], references: joined }, range: undefined };
  if (rest.rules.length + rest.references.length === 0) return [{ ...alone, from: 0, to: 1 }];
  return [{ ...alone, from: 0, to: 0 }, ...cut(rest, pieces, Math.min(mostPages, few))];
}

function cut(
  plan: ScanPlan,
  pieces: readonly TablePiece[],
  pagesOfOne: number,
): readonly PlannedRange[] {
  const pages = pieces.reduce((sum, piece) => sum + piece.pages, 0);
  let before = 0;
  return pieces.flatMap((piece) => {
    const start = before;
    before += piece.pages;
    const count = piece.heap ? Math.max(1, Math.ceil(piece.pages / pagesOfOne)) : 1;
    const edge = (index: number): number => Math.floor((piece.pages * index) / count);
    return Array.from({ length: count }, (_, index) => ({
      plan,
      range: {
        piece,
        fromPage: edge(index),
        toPage: index === count - 1 ? undefined : edge(index + 1),
      },
      from: (start + edge(index)) / pages,
      to: (start + edge(index + 1)) / pages,
    }));
  });
}
