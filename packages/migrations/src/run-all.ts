import { PostgresError, type Postgres } from "@ctb-data/postgres";
import { insertHistorySql } from "./history-table.ts";
import { MigrationError } from "./migration-error.ts";
import { rowOf, runOf, type MigrationJob } from "./migration-job.ts";
import { withMigrationSession, type MigrationSession } from "./migration-session.ts";
import { runMigration } from "./run-migration.ts";
import type { MigrationRun, RunOptions } from "./run-options.ts";

/** Runs one file in the session of the moment, and knows what it was when the connection breaks. */
export type RunJob = (
  job: MigrationJob,
  place: { readonly index: number; readonly count: number },
) => Promise<MigrationRun>;

const reconnects = 5;

/**
 * Opens a session and lets `work` run files in it. When the connection breaks, a new session tells from the history what
 * became of the file that ran: if its COMMIT went through, `work` is called again and goes on behind it; if not, that is the error.
 * `onCommitted` gets a file that was committed although its answer never came.
 *
 * @throws {MigrationError} CONNECTION_LOST, and what `work` throws.
 */
export async function runAll<T>(
  db: Postgres,
  options: RunOptions,
  {
    work,
    onCommitted,
  }: {
    readonly work: (session: MigrationSession, run: RunJob) => Promise<T>;
    readonly onCommitted: (run: MigrationRun) => void;
  },
): Promise<T> {
  let running: MigrationJob | undefined;
  const inSession = async (session: MigrationSession): Promise<T> => {
    if (running) onCommitted(await outcomeOf(session, running));
    running = undefined;
    return await work(session, async (job, place) => {
      running = job;
      const run = await runMigration(session, job, place);
      running = undefined;
      return run;
    });
  };
  for (let attempt = 1; ; attempt += 1) {
    const before = running;
    try {
      return await withMigrationSession(db, options, inSession);
    } catch (error) {
      if (!isLost(error) || options.signal?.aborted)
        throw before && running === before ? unknown(before, error) : error;
      if (attempt > reconnects) throw running ? unknown(running, error) : error;
    }
  }
}

function isLost(error: unknown): boolean {
  return error instanceof PostgresError && error.code === "CONNECTION_LOST";
}

/** What became of a file whose connection broke. Nothing is running any more: the lock was free. */
async function outcomeOf(session: MigrationSession, job: MigrationJob): Promise<MigrationRun> {
  const { connection, history, by } = session;
  const entry = history.entries.get(job.version);
  const mine = entry?.run === job.run ? entry : undefined;
  if (mine && mine.state !== "running" && mine.state !== "failed")
    return runOf(job, mine.durationMs);
  const { file, header, statements } = job.parsed;
  if (header.transaction) {
    const message = `${file}: the connection broke while it ran; nothing of it was done.`;
    if (job.direction === "up") {
      await connection.query(
        insertHistorySql({ ...rowOf(job, by), state: "failed", error: { message } }),
      );
    }
    throw new MigrationError("CONNECTION_LOST", message, {
      file,
      version: job.version,
      hint: `Run ctb-data migrate ${job.direction === "up" ? "up" : "rollback"} again.`,
    });
  }
  const done = mine?.done ?? job.done;
  throw new MigrationError(
    "CONNECTION_LOST",
    `${file}: the connection broke behind statement ${done} of ${statements.length}.`,
    {
      file,
      version: job.version,
      statement: done + 1,
      statements: statements.length,
      hint: "Go on with ctb-data migrate retry.",
    },
  );
}

function unknown({ parsed, version }: MigrationJob, cause: unknown): MigrationError {
  if (cause instanceof MigrationError && cause.code === "CONNECTION_LOST") return cause;
  const why = cause instanceof Error ? ` (${cause.message})` : "";
  return new MigrationError(
    "CONNECTION_LOST",
    `${parsed.file}: the connection broke while it ran, and the server could not be asked what became of it${why}.`,
    {
      file: parsed.file,
      version,
      cause,
      hint: "When the server is back, ctb-data migrate status tells.",
    },
  );
}
