import type { QueryConfig, QueryResult } from "pg";
import type { DatabaseContext } from "./database-context.ts";
import type { Limits, Session } from "./session.ts";

/** Where sessions come from: a fresh one of the pool for each task, or the one of a transaction. */
export interface SessionSource {
  readonly inTransaction: boolean;
  acquire(signal?: AbortSignal): Promise<Session>;
  release(session: Session): void;
}

/** Lends a session to `fn`. */
export async function withSession<T>(
  source: SessionSource,
  fn: (session: Session) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const session = await source.acquire(signal);
  try {
    return await fn(session);
  } finally {
    source.release(session);
  }
}

/** Runs one statement; values come back as models have them. */
export async function runOn(
  session: Session,
  context: DatabaseContext,
  { config, limits }: { readonly config: QueryConfig; readonly limits?: Limits },
): Promise<QueryResult> {
  const result: QueryResult | QueryResult[] = await session.run(config, limits);
  // Several statements without parameters: the last one's answer.
  const last = Array.isArray(result) ? result.at(-1) : result;
  if (!context.types.isComplete(last)) await context.types.complete(last, session);
  return last;
}
