import { BackupError } from "../backup-error.ts";
import { systemClock, type Clock } from "./clock.ts";
import { dueRun, type DueRun } from "./due-run.ts";
import type { Schedule } from "./parse-schedule.ts";
import { nextRuns } from "./schedule-times.ts";

/** What a schedule tells of itself. */
export type ScheduleEvent =
  /** The first: nothing will run, since `enabled` is false. */
  | { readonly kind: "disabled" }
  /** The first: what will be done. `next` are its next three times, without jitter. */
  | { readonly kind: "started"; readonly schedule: Schedule; readonly next: readonly Date[] }
  | { readonly kind: "waiting"; readonly until: Date }
  /** A run begins. It is for this scheduled time, and for all that were missed before. */
  | { readonly kind: "running"; readonly scheduledAt: Date }
  | { readonly kind: "done"; readonly scheduledAt: Date }
  /** Somebody else holds the lease: they do it. Told once for each scheduled time. */
  | { readonly kind: "locked"; readonly scheduledAt: Date; readonly error: BackupError }
  /** The run, or the look at the storage before it, failed and will be tried again. */
  | {
      readonly kind: "failed";
      readonly what: "run" | "look";
      readonly error: unknown;
      readonly retryInMs: number;
    }
  /** The clock was set, or the machine slept: by so much more than was waited. */
  | { readonly kind: "clock"; readonly jumpedMs: number }
  | { readonly kind: "stopped" };

export interface RunScheduleOptions {
  readonly schedule: Schedule;
  /** False wins over everything: it returns at once. Default true. */
  readonly enabled?: boolean | undefined;
  /** When the committed backups of the source began, out of the storage. */
  readonly startedAts: (signal: AbortSignal) => Promise<readonly Date[]>;
  /** Makes a backup. LOCKED means that somebody else does. When the signal aborts, it cleans up and rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** See {@link dueRun}. */
  readonly jitterMs?: number | undefined;
  readonly key?: string | undefined;
  readonly onEvent?: ((event: ScheduleEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
  /** The longest sleep; a clock that is set, or a machine that slept, is noticed after it. Default 60 seconds. */
  readonly pollMs?: number | undefined;
  /** How often the storage is looked at though nothing is due. Default one hour. */
  readonly lookMs?: number | undefined;
  /** The pause after the first failure; it doubles with each that follows, up to an hour. Default 60 seconds. */
  readonly retryMs?: number | undefined;
}

const mostRetryMs = 3_600_000;
/** A sleep that is longer or shorter by more than this says that the clock was set. */
const jumpMs = 120_000;

/**
 * Makes backups when they are due, until the signal aborts; then it waits only for the run that it has aborted to clean up.
 *
 * What is due comes from the storage, not from memory: missed times are made up for by one backup, restarts change nothing, and two
 * daemons do no harm. Failures never end it: they are told, and tried again after growing pauses.
 */
export async function runSchedule(options: RunScheduleOptions): Promise<void> {
  const { schedule, onEvent, signal = new AbortController().signal, clock = systemClock } = options;
  if (options.enabled === false) {
    onEvent?.({ kind: "disabled" });
    return;
  }
  onEvent?.({ kind: "started", schedule, next: nextRuns(schedule, 3, clock.now()) });
  const state: DaemonState = { sinceLookMs: 0, pauseMs: 0, failures: 0 };
  const daemon: Daemon = { ...options, onEvent: onEvent ?? ignore, signal, clock, state };
  while (!signal.aborted) await sleep(daemon, await step(daemon));
  onEvent?.({ kind: "stopped" });
}

/** What is remembered between two looks at the clock. Nothing of it is needed after a restart. */
interface DaemonState {
  /** What the storage said when it was last looked at; undefined when it must be looked at again. */
  startedAts?: readonly Date[] | undefined;
  sinceLookMs: number;
  /** How long nothing is to be tried. */
  pauseMs: number;
  failures: number;
  /** The scheduled time that was last run for: a storage that does not show the backup must not make one after another. */
  doneFor?: number | undefined;
  lockedFor?: number | undefined;
  /** Until when nothing is due, by what the storage said last. */
  idleUntil?: number | undefined;
}

interface Daemon extends RunScheduleOptions {
  readonly onEvent: (event: ScheduleEvent) => void;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly state: DaemonState;
}

/** Does what is to be done now, and says how long nothing else is, milliseconds. */
async function step(daemon: Daemon): Promise<number> {
  const { state, clock, lookMs = 3_600_000 } = daemon;
  if (state.pauseMs > 0) return state.pauseMs;
  const mustLook = state.startedAts === undefined || state.sinceLookMs >= lookMs;
  if (!mustLook && idleMs(daemon) > 0) return idleMs(daemon);
  let due = mustLook ? undefined : dueAt(daemon);
  if (due === undefined || isToDo(daemon, due)) {
    if (!(await look(daemon))) return state.pauseMs;
    due = dueAt(daemon) ?? { due: false, scheduledAt: null, nextAt: null };
  }
  if (isToDo(daemon, due)) {
    await runFor(daemon, due.scheduledAt ?? clock.now());
    return state.pauseMs;
  }
  const now = clock.now().getTime();
  const until = due.nextAt ?? new Date(now + mostRetryMs);
  if (state.idleUntil !== until.getTime()) daemon.onEvent({ kind: "waiting", until });
  state.idleUntil = until.getTime();
  return until.getTime() - now;
}

/** How long it is certain, without asking anything, that nothing is due, milliseconds. A clock that is set is looked for elsewhere. */
function idleMs({ state, clock }: Daemon): number {
  return Math.max(0, (state.idleUntil ?? 0) - clock.now().getTime());
}

/** By what the storage said last; undefined when it must be asked again. */
function dueAt({ schedule, clock, jitterMs, key, state }: Daemon): DueRun | undefined {
  const { startedAts } = state;
  return startedAts && dueRun({ schedule, startedAts, now: clock.now(), jitterMs, key });
}

function isToDo({ state }: Daemon, { due, scheduledAt }: DueRun): boolean {
  return due && scheduledAt?.getTime() !== state.doneFor;
}

/** Asks the storage. False when it did not answer. */
async function look(daemon: Daemon): Promise<boolean> {
  const { state, signal } = daemon;
  try {
    state.startedAts = await daemon.startedAts(signal);
    state.sinceLookMs = 0;
    return !signal.aborted;
  } catch (error) {
    state.startedAts = undefined;
    if (!signal.aborted) fail(daemon, "look", error);
    return false;
  }
}

async function runFor(daemon: Daemon, scheduledAt: Date): Promise<void> {
  const { state, signal, onEvent, retryMs = 60_000 } = daemon;
  onEvent({ kind: "running", scheduledAt });
  state.startedAts = undefined;
  try {
    await daemon.run(signal);
    state.doneFor = scheduledAt.getTime();
    state.failures = 0;
    onEvent({ kind: "done", scheduledAt });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof BackupError && error.code === "LOCKED")) {
      fail(daemon, "run", error);
      return;
    }
    state.pauseMs = retryMs;
    if (state.lockedFor !== scheduledAt.getTime()) onEvent({ kind: "locked", scheduledAt, error });
    state.lockedFor = scheduledAt.getTime();
  }
}

function fail(
  { state, onEvent, retryMs = 60_000 }: Daemon,
  what: "run" | "look",
  error: unknown,
): void {
  state.pauseMs = Math.min(retryMs * 2 ** state.failures, mostRetryMs);
  state.failures = Math.min(state.failures + 1, 30);
  onEvent({ kind: "failed", what, error, retryInMs: state.pauseMs });
}

/** Sleeps for a while, but never long: the time that is waited for is one of the clock on the wall, which can be set. */
async function sleep(
  { state, clock, signal, onEvent, pollMs = 60_000 }: Daemon,
  ms: number,
): Promise<void> {
  if (signal.aborted || ms <= 0) return;
  const planned = Math.min(ms, pollMs);
  const before = clock.now().getTime();
  await clock.sleep(planned, signal);
  if (signal.aborted) return;
  const passed = clock.now().getTime() - before;
  const jumpedMs = passed - planned;
  if (Math.abs(jumpedMs) > jumpMs) {
    onEvent({ kind: "clock", jumpedMs });
    state.startedAts = undefined;
  }
  const elapsed = Math.max(planned, passed);
  state.sinceLookMs += elapsed;
  state.pauseMs = Math.max(0, state.pauseMs - elapsed);
}

function ignore(): void {
  // Nobody listens.
}
