import type { RowViolation, RuleSubject, TableScan } from "./row-rule.ts";

/** A row of a finding. */
export interface FoundRow extends Pick<RowViolation, "tableId" | "ctid" | "key"> {
  readonly detail?: string;
}

/** What was found about one subject. */
export interface FoundSubject {
  readonly subject: RuleSubject;
  readonly count: number;
  /** At most {@link mostExamples}, in the order in which they lie in the table; of partitions in the order of their oids. */
  readonly rows: readonly FoundRow[];
}

export const mostExamples = 5;

interface Tally {
  readonly subject: RuleSubject;
  count: number;
  readonly rows: (FoundRow & { readonly place: readonly number[] })[];
}

/** Counts what is found in one table, and remembers the first rows of each subject, in whatever order they come. */
export class FoundRows {
  readonly scan: TableScan;
  /** How many rows were looked at. */
  rows = 0;
  readonly #tallies = new Map<string, Tally>();

  constructor(scan: TableScan) {
    this.scan = scan;
  }

  add(subject: RuleSubject, row: FoundRow): void {
    const tally = this.#tallyOf(subject);
    tally.count += 1;
    const place = placeOf(row);
    const last = tally.rows.at(-1);
    if (tally.rows.length === mostExamples && last && !isBefore(place, last.place)) return;
    const at = tally.rows.findIndex((other) => isBefore(place, other.place));
    tally.rows.splice(at === -1 ? tally.rows.length : at, 0, { ...row, place });
    tally.rows.length = Math.min(tally.rows.length, mostExamples);
  }

  /** In the order of the scan's rules, references and keys. */
  subjects(): readonly FoundSubject[] {
    const { rules, references, keys } = this.scan;
    return [...rules, ...references, ...keys].flatMap(({ subject }) => {
      const tally = this.#tallies.get(subject.id);
      return tally ? [tally] : [];
    });
  }

  #tallyOf(subject: RuleSubject): Tally {
    const known = this.#tallies.get(subject.id);
    if (known) return known;
    const tally: Tally = { subject, count: 0, rows: [] };
    this.#tallies.set(subject.id, tally);
    return tally;
  }
}

/** `(12,3)` of a table: three numbers that compare as places do. */
function placeOf({ tableId, ctid }: FoundRow): readonly number[] {
  const comma = ctid.indexOf(",");
  return [Number(tableId), Number(ctid.slice(1, comma)), Number(ctid.slice(comma + 1, -1))];
}

function isBefore(left: readonly number[], right: readonly number[]): boolean {
  const at = left.findIndex((number, index) => number !== right[index]);
  return at !== -1 && (left[at] ?? 0) < (right[at] ?? 0);
}
