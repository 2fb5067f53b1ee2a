/** A stretch of local time that a time zone leaves out, when its clocks are put forward. */
export interface DstGap {
  /** When it happens. */
  readonly at: Date;
  /** The first local time that is left out, as if it were UTC. */
  readonly localStart: Date;
  /** The first one that is there again. */
  readonly localEnd: Date;
}

const dayMs = 86_400_000;
const secondMs = 1000;

/** The gaps of a time zone in so many days from a moment, in their order. */
export function dstGaps(timeZone: string, from: Date, days: number): readonly DstGap[] {
  const offsetAt = offsetsOf(timeZone);
  const gaps: DstGap[] = [];
  for (let day = 0; day < days; day += 1) {
    let before = from.getTime() + day * dayMs;
    let after = before + dayMs;
    const [offset, newOffset] = [offsetAt(before), offsetAt(after)];
    if (newOffset <= offset) continue;
    while (after - before > secondMs) {
      const middle = Math.floor((before + after) / 2);
      if (offsetAt(middle) === offset) before = middle;
      else after = middle;
    }
    const at = Math.floor(after / secondMs) * secondMs;
    gaps.push({
      at: new Date(at),
      localStart: new Date(at + offset),
      localEnd: new Date(at + newOffset),
    });
  }
  return gaps;
}

/** How far the clocks of a zone are ahead of UTC, milliseconds, at a moment. */
export function offsetsOf(timeZone: string): (momentMs: number) => number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  return (momentMs) => {
    const name =
      format.formatToParts(momentMs).find(({ type }) => type === "timeZoneName")?.value ?? "";
    const [, sign, hours, minutes, seconds] = /^GMT([+-])(\d+):(\d+)(?::(\d+))?$/u.exec(name) ?? [];
    const size =
      Number(hours ?? 0) * 3_600_000 + Number(minutes ?? 0) * 60_000 + Number(seconds ?? 0) * 1000;
    return sign === "-" ? -size : size;
  };
}
