import { describe, expect, test } from "vitest";
import { dayMs, hourMs } from "../../testing/policy-backups.ts";
import { testClock, type TestClock, type TimedAction } from "../../testing/policy-clock.ts";
import { BackupError } from "../backup-error.ts";
import { systemClock } from "./clock.ts";
import { parseSchedule } from "./parse-schedule.ts";
import { runSchedule, type RunScheduleOptions, type ScheduleEvent } from "./run-schedule.ts";

interface Trial {
  readonly start: string;
  /** When the signal aborts, by the true clock. */
  readonly end: string;
  readonly pattern?: string;
  readonly timeZone?: string;
  readonly plan?: readonly TimedAction[];
  /** Backups that are there already. */
  readonly before?: readonly string[];
  readonly run?: (clock: TestClock, count: number) => void;
  readonly options?: Partial<RunScheduleOptions>;
}

/** Runs a daemon over a storage that is a list, and tells when backups began. */
async function trial({ start, end, plan = [], before = [], ...how }: Trial) {
  const abort = new AbortController();
  const clock = testClock(start, [...plan, { at: end, act: () => abort.abort() }]);
  const stored = before.map((iso) => new Date(iso));
  const events: ScheduleEvent[] = [];
  const began: string[] = [];
  let looks = 0;
  await runSchedule({
    schedule: parseSchedule({
      pattern: how.pattern ?? "0 2 * * *",
      timeZone: how.timeZone ?? "UTC",
      now: clock.now(),
    }),
    startedAts: async () => {
      looks += 1;
      return await Promise.resolve([...stored]);
    },
    run: async () => {
      const startedAt = clock.now();
      began.push(startedAt.toISOString().slice(0, 16));
      how.run?.(clock, began.length);
      await clock.sleep(5 * 60_000);
      stored.push(startedAt);
    },
    onEvent: (event) => events.push(event),
    signal: abort.signal,
    clock,
    ...how.options,
  });
  return { began, events, clock, looks, kinds: events.map(({ kind }) => kind) };
}

function failure(code: "STORAGE_FAILED" | "LOCKED"): never {
  throw new BackupError(code, "The disk is on fire.");
}

describe("backups are made when they are due", () => {
  test("one a day, at the minute of the pattern, and nothing is slept through", async () => {
    const { began, clock, kinds, looks } = await trial({
      start: "2026-11-24T12:00:00Z",
      end: "2026-11-27T12:00:00Z",
      before: ["2026-11-24T02:00:00Z"],
    });
    expect(began).toEqual(["2026-11-25T02:00", "2026-11-26T02:00", "2026-11-27T02:00"]);
    expect(clock.longestMs).toBeLessThanOrEqual(5 * 60_000);
    expect(kinds).toEqual([
      "started",
      "waiting",
      "running",
      "done",
      "waiting",
      "running",
      "done",
      "waiting",
      "running",
      "done",
      "waiting",
      "stopped",
    ]);
    // Every hour, and around each run.
    expect(looks).toBeGreaterThanOrEqual(72);
    expect(looks).toBeLessThan(90);
  });

  test("at 03:00 where the clocks of the zone leave 02:00 out, and once where they show it twice", async () => {
    const spring = {
      start: "2027-03-27T12:00:00Z",
      end: "2027-03-30T00:30:00Z",
      before: ["2027-03-27T01:00:00Z"],
    };
    expect((await trial({ ...spring, timeZone: "Europe/Berlin" })).began).toEqual([
      "2027-03-28T01:00",
      "2027-03-29T00:00",
      "2027-03-30T00:00",
    ]);
    const autumn = {
      start: "2026-10-24T12:00:00Z",
      end: "2026-10-26T12:00:00Z",
      before: ["2026-10-24T00:00:00Z"],
    };
    expect((await trial({ ...autumn, timeZone: "Europe/Berlin" })).began).toEqual([
      "2026-10-25T00:00",
      "2026-10-26T01:00",
    ]);
    const newYork = {
      start: "2027-03-13T12:00:00Z",
      end: "2027-03-15T12:00:00Z",
      before: ["2027-03-13T07:00:00Z"],
    };
    expect((await trial({ ...newYork, timeZone: "America/New_York" })).began).toEqual([
      "2027-03-14T07:00",
      "2027-03-15T06:00",
    ]);
    const twice = {
      start: "2026-10-31T12:00:00Z",
      end: "2026-11-02T12:00:00Z",
      before: ["2026-10-31T05:30:00Z"],
      pattern: "30 1 * * *",
    };
    expect((await trial({ ...twice, timeZone: "America/New_York" })).began).toEqual([
      "2026-11-01T05:30",
      "2026-11-02T06:30",
    ]);
  });

  test("once for a week that was missed, at once", async () => {
    const { began } = await trial({
      start: "2026-11-24T12:00:00Z",
      end: "2026-11-25T12:00:00Z",
      before: ["2026-11-16T02:00:00Z", "2026-11-17T02:00:00Z"],
    });
    expect(began).toEqual(["2026-11-24T12:00", "2026-11-25T02:00"]);
  });

  test("not again after a restart, nor when another one made the backup meanwhile", async () => {
    const { began } = await trial({
      start: "2026-11-25T02:06:00Z",
      end: "2026-11-25T12:00:00Z",
      before: ["2026-11-25T02:00:00Z"],
    });
    expect(began).toEqual([]);
  });

  test("a run that takes longer than the pattern's distance is followed by one run, never by two at a time", async () => {
    const { began } = await trial({
      start: "2026-11-24T12:00:30Z",
      end: "2026-11-24T12:20:00Z",
      pattern: "* * * * *",
    });
    expect(began).toEqual([
      "2026-11-24T12:00",
      "2026-11-24T12:05",
      "2026-11-24T12:10",
      "2026-11-24T12:15",
    ]);
  });

  test("when enabled is false nothing is looked at and nothing runs", async () => {
    const { kinds, looks, began } = await trial({
      start: "2026-11-24T12:00:00Z",
      end: "2026-11-25T12:00:00Z",
      options: { enabled: false },
    });
    expect({ kinds, looks, began }).toEqual({ kinds: ["disabled"], looks: 0, began: [] });
  });
});

describe("when the clock is set", () => {
  const days = {
    start: "2026-11-24T12:00:00Z",
    end: "2026-11-27T12:00:00Z",
    before: ["2026-11-24T02:00:00Z"],
  };

  test("a day ahead, a backup is made at once", async () => {
    const { began, kinds } = await trial({
      ...days,
      plan: [{ at: "2026-11-24T13:00:00Z", act: (clock) => clock.jump(dayMs) }],
    });
    expect(began).toEqual(
      ["2026-11-25T13:00", "2026-11-26T02:00", "2026-11-27T02:00", "2026-11-28T02:00"].map((time) =>
        expect.stringContaining(time.slice(0, 14)),
      ),
    );
    expect(kinds).toContain("clock");
  });

  test("a day back, the time that was made is not made again, and the next one is waited for by the new clock", async () => {
    const { began } = await trial({
      ...days,
      plan: [{ at: "2026-11-25T13:00:00Z", act: (clock) => clock.jump(-dayMs) }],
    });
    expect(began).toEqual(["2026-11-25T02:00", "2026-11-26T02:00"]);
  });

  test("ahead and back again, the backup of the future that this left behind stands for no other", async () => {
    const { began } = await trial({
      ...days,
      plan: [
        { at: "2026-11-24T13:00:00Z", act: (clock) => clock.jump(365 * dayMs) },
        { at: "2026-11-24T14:00:00Z", act: (clock) => clock.jump(-365 * dayMs) },
      ],
    });
    expect(began).toEqual([
      expect.stringContaining("2027-11-24T13:0"),
      "2026-11-25T02:00",
      "2026-11-26T02:00",
      "2026-11-27T02:00",
    ]);
  });

  test("a laptop that slept over the time makes its backup within a minute of waking up", async () => {
    const { began } = await trial({
      ...days,
      end: "2026-11-24T14:00:00Z",
      plan: [{ at: "2026-11-24T13:00:10Z", act: (clock) => clock.jump(20 * hourMs) }],
    });
    expect(began).toEqual([expect.stringMatching(/^2026-11-25T09:0[01]$/u)]);
  });
});

describe("when a run fails", () => {
  test("it is tried again after pauses that grow up to an hour, and the daemon goes on", async () => {
    const { began, events } = await trial({
      start: "2026-11-25T01:00:00Z",
      end: "2026-11-26T03:00:00Z",
      before: ["2026-11-24T02:00:00Z"],
      run: (_, count) => (count <= 9 ? failure("STORAGE_FAILED") : undefined),
    });
    const pauses = events.flatMap((event) =>
      event.kind === "failed" ? [event.retryInMs / 60_000] : [],
    );
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(began.slice(0, 4)).toEqual([
      "2026-11-25T02:00",
      "2026-11-25T02:01",
      "2026-11-25T02:03",
      "2026-11-25T02:07",
    ]);
    expect(began.at(-1)).toBe("2026-11-26T02:00");
    expect(began).toHaveLength(11);
  });

  test("whatever is thrown, and whatever the storage says when it is looked at", async () => {
    let looks = 0;
    const { began, events } = await trial({
      start: "2026-11-25T01:59:30Z",
      end: "2026-11-25T03:00:00Z",
      options: {
        startedAts: async () => {
          looks += 1;
          return looks <= 3 ? await Promise.reject(new Error("no network")) : [];
        },
      },
    });
    expect(events.filter(({ kind }) => kind === "failed")).toMatchObject([
      { what: "look", retryInMs: 60_000 },
      { what: "look" },
      { what: "look" },
    ]);
    expect(began[0]).toBe("2026-11-25T02:06");
  });

  test("a storage that does not show the backup that was made gets one for each scheduled time, not one after another", async () => {
    const { began } = await trial({
      start: "2026-11-25T01:00:00Z",
      end: "2026-11-27T12:00:00Z",
      options: {
        startedAts: async () => await Promise.resolve([new Date("2026-11-24T02:00:00Z")]),
      },
    });
    expect(began).toEqual(["2026-11-25T02:00", "2026-11-26T02:00", "2026-11-27T02:00"]);
  });

  test("LOCKED is told once and asked again each minute, without growing pauses, until the other one is done", async () => {
    const { began, kinds } = await trial({
      start: "2026-11-25T01:59:00Z",
      end: "2026-11-25T12:00:00Z",
      before: ["2026-11-24T02:00:00Z"],
      run: (_, count) => (count <= 30 ? failure("LOCKED") : undefined),
    });
    expect(kinds.filter((kind) => kind === "locked")).toHaveLength(1);
    expect(kinds).not.toContain("failed");
    expect(began.at(-1)).toBe("2026-11-25T02:30");
  });
});

test("two daemons on one storage, one of which has the lease, make one backup a day", async () => {
  const stored = [new Date("2026-11-24T02:00:00Z")];
  const abort = new AbortController();
  let held = false;
  let made = 0;
  const daemon = async (): Promise<void> => {
    const clock = testClock("2026-11-24T12:00:00Z", [
      { at: "2026-11-28T12:00:00Z", act: () => abort.abort() },
    ]);
    await runSchedule({
      schedule: parseSchedule({ pattern: "0 2 * * *", now: clock.now() }),
      startedAts: async () => await Promise.resolve([...stored]),
      run: async () => {
        if (held) failure("LOCKED");
        held = true;
        const startedAt = clock.now();
        for (let turn = 0; turn < 20; turn += 1) await clock.sleep(1000);
        stored.push(startedAt);
        made += 1;
        held = false;
      },
      signal: abort.signal,
      clock,
    });
  };
  await Promise.all([daemon(), daemon()]);
  expect(made).toBe(4);
});

describe("when it is stopped", () => {
  test("it ends at once, in the middle of a sleep of the real clock", async () => {
    const abort = new AbortController();
    const events: string[] = [];
    const running = runSchedule({
      schedule: parseSchedule({ pattern: "0 2 29 2 *" }),
      startedAts: async () => await Promise.resolve([systemClock.now()]),
      run: async () => await Promise.reject(new Error("not due")),
      onEvent: ({ kind }) => {
        events.push(kind);
        if (kind === "waiting") setImmediate(() => abort.abort());
      },
      signal: abort.signal,
    });
    await running;
    expect(events).toEqual(["started", "waiting", "stopped"]);
  });

  test("the backup that runs is aborted, and waited for until it has cleaned up", async () => {
    const abort = new AbortController();
    const events: string[] = [];
    await runSchedule({
      schedule: parseSchedule({ pattern: "0 2 * * *" }),
      startedAts: async () => await Promise.resolve([]),
      run: async (signal) => {
        setImmediate(() => abort.abort());
        await systemClock.sleep(600_000, signal);
        events.push("cleaning up");
        await systemClock.sleep(1);
        events.push("clean");
        throw new BackupError("CANCELLED", "Stopped.");
      },
      onEvent: ({ kind }) => events.push(kind),
      signal: abort.signal,
    });
    expect(events).toEqual(["started", "running", "cleaning up", "clean", "stopped"]);
  });
});
