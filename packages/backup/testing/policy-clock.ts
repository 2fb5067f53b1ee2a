import type { Clock } from "../src/schedule/clock.ts";

/** A clock that stands still but for sleep, which takes no time. */
export interface TestClock extends Clock {
  /** Sets it, as an administrator or a suspended laptop does. */
  jump(ms: number): void;
  /** How often anybody slept. */
  readonly sleeps: number;
  /** The longest sleep. */
  readonly longestMs: number;
}

/** What happens at a time by the *true* clock, which no jump moves. */
export interface TimedAction {
  readonly at: string;
  readonly act: (clock: TestClock) => void;
}

/** A clock that starts at a time and does what is planned when it has come. */
export function testClock(start: string, plan: readonly TimedAction[] = []): TestClock {
  let real = Date.parse(start);
  let offset = 0;
  const waiting = plan
    .map(({ at, act }) => ({ at: Date.parse(at), act }))
    .toSorted((left, right) => left.at - right.at);
  const clock = {
    sleeps: 0,
    longestMs: 0,
    now: () => new Date(real + offset),
    jump: (ms: number) => {
      offset += ms;
    },
    sleep: async (ms: number, signal?: AbortSignal) => {
      clock.sleeps += 1;
      clock.longestMs = Math.max(clock.longestMs, ms);
      const end = real + ms;
      for (let next = waiting[0]; next !== undefined && next.at <= end; next = waiting[0]) {
        real = Math.max(real, next.at);
        waiting.shift();
        next.act(clock);
        if (signal?.aborted) break;
      }
      real = Math.max(real, end);
      await Promise.resolve();
    },
  };
  return clock;
}
