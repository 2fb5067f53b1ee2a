import type { Connection, Postgres } from "@ctb-data/postgres";
import { PipelineError } from "../pipeline-error.ts";
import { throwIfAborted } from "./export-failure.ts";
import { inSession, type SessionOptions } from "./export-snapshot.ts";

/** By pool, when the last one that has asked is done. */
const turns = new WeakMap<Postgres, Promise<void>>();

/**
 * As `inSession` for writing, for what needs a second session of the same pool meanwhile. One at a time in each pool: many could take all
 * of its connections and each wait for one more.
 *
 * @throws {PipelineError} INVALID_OPTIONS for a pool of one connection; else as `inSession`.
 */
export async function inTwoSessions<T>(
  postgres: Postgres,
  options: SessionOptions & { readonly fn: (connection: Connection) => Promise<T> },
): Promise<T> {
  const work = async (): Promise<T> => {
    throwIfAborted(options);
    await checkPool(postgres, options);
    return await inSession(postgres, "write", options);
  };
  const mine = (turns.get(postgres) ?? Promise.resolve()).then(work);
  turns.set(postgres, mine.then(ended, ended));
  return await mine;
}

async function checkPool(postgres: Postgres, { signal, doing }: SessionOptions): Promise<void> {
  const health = await postgres.health(signal && { signal });
  if (!health.ok || health.pool.size > 1) return;
  throw new PipelineError(
    "INVALID_OPTIONS",
    `${doing} needs two connections, and the pool has one.`,
    {
      hint: "Raise poolSize (DATABASE_POOL_SIZE).",
    },
  );
}

function ended(): void {
  // However it has ended, it is the turn of the next.
}
