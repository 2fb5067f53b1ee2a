/** How a list of numbers is written. */
export interface CompactStyle {
  /** What stands between the ends of a range. */
  readonly range: string;
  /** Numbers are filled up with zeros. */
  readonly digits: number;
}

/** Sorted numbers as a list with ranges where three or more follow each other: `1-5,8`. */
export function compactField(values: readonly number[], { range, digits }: CompactStyle): string {
  const runs: { first: number; last: number }[] = [];
  for (const value of values) {
    const current = runs.at(-1);
    if (current !== undefined && value === current.last + 1) current.last = value;
    else runs.push({ first: value, last: value });
  }
  const text = (value: number): string => String(value).padStart(digits, "0");
  return runs
    .flatMap(({ first, last }) => {
      if (last === first) return [text(first)];
      return last === first + 1
        ? [text(first), text(last)]
        : [`${text(first)}${range}${text(last)}`];
    })
    .join(",");
}
