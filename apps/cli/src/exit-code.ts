/** What the exit code of every command means. Scripts rely on it, so a number never changes its meaning. */
export const exitCode = {
  done: 0,
  /** The command ran and failed. */
  failed: 1,
  /** The command line or the configuration is wrong; nothing was touched. */
  usage: 2,
  /** There is something to do, or things differ: pending migrations, drift, generated files out of date. */
  different: 3,
  /** Refused for safety; a flag that the hint names lifts it. */
  refused: 4,
  /** Somebody else holds the lock. */
  locked: 5,
  /** Ctrl-C, SIGTERM or SIGHUP. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** The same table in words, for the help of every command. */
export const exitCodeHelp: readonly (readonly [ExitCode, string])[] = [
  [exitCode.done, "done"],
  [exitCode.failed, "failed"],
  [exitCode.usage, "wrong usage or configuration; nothing was touched"],
  [exitCode.different, "there is something to do, or it differs"],
  [exitCode.refused, "refused for safety"],
  [exitCode.locked, "locked by someone else"],
  [exitCode.interrupted, "interrupted"],
];
