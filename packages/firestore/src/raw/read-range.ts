import { toFirestoreError } from "../classify-error.ts";
import { FirestoreError } from "../firestore-error.ts";
import type { RawBatch, RawRange, RawReadOptions } from "../raw.ts";
import { BatchFeed } from "./batch-feed.ts";
import { isPassing, waitBeforeTry } from "./passing-failure.ts";
import type { RawCalls } from "./raw-calls.ts";
import { runQueryRequest, type NameBounds } from "./raw-requests.ts";
import type { WireTime } from "./time-text.ts";
import { WireError } from "./wire-reader.ts";

export interface RangeReading {
  readonly range: RawRange;
  readonly readTime: WireTime;
  readonly namesOnly?: boolean;
}

/** Reads a range to its end, over as many streams as it takes. */
export async function* readRange(
  calls: RawCalls,
  reading: RangeReading,
  { limit = Infinity, retries = 10, signal }: RawReadOptions,
): AsyncGenerator<RawBatch, void> {
  let last: string | undefined;
  let left = limit;
  for (let attempt = 0; left > 0; attempt += 1) {
    try {
      for await (const batch of oneStream(
        calls,
        requestOf(calls, reading, { last, left }),
        signal,
      )) {
        attempt = 0;
        last = batch.lines.at(-1)?.path ?? last;
        left -= batch.lines.length;
        yield batch;
      }
      return;
    } catch (error) {
      if (!isPassing(error) || attempt >= retries) throw readError(error);
    }
    await waitBeforeTry(attempt, signal);
  }
}

function requestOf(
  { database }: RawCalls,
  { range, readTime, namesOnly = false }: RangeReading,
  { last, left }: { readonly last: string | undefined; readonly left: number },
): Buffer {
  const nameOf = (path: string): string => `${database}/documents/${path}`;
  const first = last ?? range.start;
  const bounds: NameBounds = {
    start: first === undefined ? undefined : { name: nameOf(first), included: last === undefined },
    end: range.end === undefined ? undefined : nameOf(range.end),
  };
  const limit = Number.isFinite(left) ? left : undefined;
  const { group } = range;
  return runQueryRequest({ database, readTime, namesOnly, limit, group, ...bounds });
}

async function* oneStream(
  calls: RawCalls,
  request: Buffer,
  signal: AbortSignal | undefined,
): AsyncGenerator<RawBatch, void> {
  const feed = new BatchFeed(calls.database);
  const over = new AbortController();
  const ended = calls
    .stream("RunQuery", request, {
      onMessage: feed.onMessage,
      signal: signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]),
    })
    .then(
      () => feed.finish(),
      (error: unknown) => feed.finish({ error }),
    );
  try {
    for (let batch = await feed.next(); batch !== undefined; batch = await feed.next()) yield batch;
  } finally {
    over.abort();
    await ended;
  }
}

/** What a read failed with, in words of this package. */
export function readError(error: unknown): FirestoreError {
  if (error instanceof WireError)
    return new FirestoreError("UNSUPPORTED", `A document cannot be read whole: ${error.message}`, {
      hint: "Use a newer version of this package: nothing is left out without a word.",
      cause: error,
    });
  return toFirestoreError(error);
}
