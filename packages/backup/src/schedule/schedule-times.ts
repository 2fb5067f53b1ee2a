import { Cron } from "croner";

/** When: a pattern, and the zone that its hours are of. */
export interface ScheduleTimes {
  readonly pattern: string;
  readonly timeZone: string;
}

/** The next times of a schedule after a moment, oldest first: fewer than asked for only where the calendar ends. */
export function nextRuns(times: ScheduleTimes, count: number, after: Date): readonly Date[] {
  return cronOf(times).nextRuns(count, after);
}

/** The last time of a schedule up to a moment, itself included. */
export function lastRun(times: ScheduleTimes, upTo: Date): Date | undefined {
  // croner 11 leaves out a run at the very moment, and takes one that is earlier in the same second.
  return cronOf(times).previousRuns(1, new Date(upTo.getTime() + 1))[0];
}

/** A daemon asks every minute: reading the pattern takes longer than the answer. */
const crons = new WeakMap<ScheduleTimes, Cron>();

function cronOf(times: ScheduleTimes): Cron {
  const known = crons.get(times);
  if (known !== undefined) return known;
  const cron = new Cron(times.pattern, {
    timezone: times.timeZone,
    mode: "5-part",
    // With "single-value", the default, a list of hours would skip the day when clocks are put forward.
    fixedTimeRule: "no-wildcard",
    paused: true,
  });
  crons.set(times, cron);
  return cron;
}
