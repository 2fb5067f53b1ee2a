import { setImmediate } from "node:timers/promises";
import { isConnectionLost, toPostgresError } from "./classify-error.ts";
import { CopyInQuery } from "./copy-in-query.ts";
import { CopyOutQuery } from "./copy-out-query.ts";
import { Interruptible } from "./interruptible.ts";
import { PostgresError } from "./postgres-error.ts";
import type { RawCopyOut } from "./postgres.ts";
import { cancelled, type Session } from "./session.ts";

/** What a COPY needs to know of its surroundings. */
export interface RawCopyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly description: string;
}

/** `COPY … TO STDOUT` on a session, in chunks of 512 KiB. It begins with the loop over it. */
export function rawCopyOut(session: Session, sql: string, options: RawCopyOptions): RawCopyOut {
  const query = new CopyOutQuery(sql);
  const chunks = outChunks(session, query, options);
  return {
    get rows() {
      return query.settled ? query.rows : undefined;
    },
    get messages() {
      return query.messages;
    },
    [Symbol.asyncIterator]: () => chunks,
  };
}

async function* outChunks(
  session: Session,
  query: CopyOutQuery,
  { signal, description }: RawCopyOptions,
): AsyncGenerator<Buffer, void> {
  const release = await session.hold();
  let stopping: Promise<void> | undefined;
  const stop = (): void => void (stopping ??= stopCopy(session, query));
  signal?.addEventListener("abort", stop, { once: true });
  try {
    checkSignal(signal);
    session.client.query(query);
    for (let chunk = await query.next(); chunk; chunk = await query.next()) {
      yield chunk;
      query.giveBack(chunk);
    }
    checkSignal(signal);
  } catch (error) {
    checkSignal(signal, error);
    throw failed(session, error, description);
  } finally {
    signal?.removeEventListener("abort", stop);
    if (query.submitted && !query.settled) stop();
    await stopping;
    release();
  }
}

/** Cancels it in the server, and reads what was on its way. */
async function stopCopy(session: Session, query: CopyOutQuery): Promise<void> {
  const drained = query.discard();
  await session.stop();
  await drained;
  await session.stopped();
}

/** `COPY … FROM STDIN` on a session. */
export async function rawCopyIn(
  session: Session,
  copy: { readonly sql: string; readonly chunks: AsyncIterable<Uint8Array> },
  options: RawCopyOptions,
): Promise<{ readonly rows: number }> {
  const { signal } = options;
  checkSignal(signal);
  return await session.exclusively(async () => {
    const query = session.client.query(new CopyInQuery(copy.sql));
    const source = copy.chunks[Symbol.asyncIterator]();
    try {
      await feed(query, source, signal);
    } catch (error) {
      abandon(source);
      await giveUp(session, query);
      throw error;
    }
    const { error } = await query.settled;
    if (error !== undefined) {
      abandon(source);
      throw failed(session, error, options.description);
    }
    if (query.rows !== undefined) return { rows: query.rows };
    throw new PostgresError("INVALID_OPTIONS", "The statement is not one `COPY … FROM STDIN`.");
  });
}

/** Sends everything. Returns early when the server has refused. @throws what the source throws, and CANCELLED. */
async function feed(
  query: CopyInQuery,
  source: AsyncIterator<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const waiting = new Interruptible<"refused">();
  const onAbort = (): void => {
    if (signal) waiting.fail(cancelled(signal));
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  void query.settled.finally(() => waiting.end("refused"));
  try {
    if ((await waiting.on(query.ready)) === "refused") return;
    for (;;) {
      const step = await waiting.on(source.next());
      if (step === "refused") return;
      if (step.done === true) break;
      if ((await waiting.on(query.write(step.value))) === "refused") return;
      // While the socket takes everything at once nothing else would run: no refusal of the server, no timer.
      await setImmediate();
    }
    if ((await waiting.on(query.end())) !== "refused") await waiting.on(query.settled);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** A server that waits for data does not look at cancel requests: it is told that they failed. */
async function giveUp(session: Session, query: CopyInQuery): Promise<void> {
  const timer = setTimeout(() => session.cut(), 5000);
  await Promise.race([query.ready, query.settled]);
  query.fail("given up");
  await query.settled;
  clearTimeout(timer);
}

/** Lets the source clean up. Not waited for: one that hangs would hang this, too. */
function abandon(source: AsyncIterator<Uint8Array>): void {
  Promise.resolve(source.return?.()).catch(() => undefined);
}

function checkSignal(signal: AbortSignal | undefined, cause?: unknown): void {
  if (signal?.aborted === true) throw cancelled(signal, cause);
}

function failed(session: Session, error: unknown, description: string): PostgresError {
  const known = toPostgresError(error, { description });
  if (isConnectionLost(known)) session.taint();
  return known;
}
