import type { FirestoreTimestamp } from "@ctb-data/models";
import { toFirestoreError } from "../classify-error.ts";
import { FirestoreError } from "../firestore-error.ts";
import type { RawBatch, RawRange, RawRangeOptions, RawReadOptions, RawSnapshot } from "../raw.ts";
import { BatchFeed } from "./batch-feed.ts";
import type { RawCalls } from "./raw-calls.ts";
import { rangesOf } from "./raw-ranges.ts";
import { batchGetRequest, listCollectionIdsRequest, readCollectionIds } from "./raw-requests.ts";
import { readError, readRange } from "./read-range.ts";
import type { WireTime } from "./time-text.ts";

interface Signalled {
  readonly signal?: AbortSignal | undefined;
}

/** @internal */
export class TimedRawSnapshot implements RawSnapshot {
  readonly readTime: FirestoreTimestamp;
  readonly #calls: RawCalls;
  readonly #time: WireTime;

  constructor(calls: RawCalls, readTime: FirestoreTimestamp) {
    this.#calls = calls;
    this.readTime = readTime;
    this.#time = { seconds: readTime.seconds, nanos: readTime.nanoseconds };
  }

  async collections({ signal }: Signalled = {}): Promise<readonly string[]> {
    const { database } = this.#calls;
    const found: string[] = [];
    let pageToken = "";
    do {
      const request = listCollectionIdsRequest({ database, readTime: this.#time, pageToken });
      const page = readCollectionIds(await this.#asked("ListCollectionIds", request, signal));
      found.push(...page.texts);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return found;
  }

  async ranges(options: RawRangeOptions = {}): Promise<readonly RawRange[]> {
    const { collection, group, wanted = 1, signal } = options;
    checkCollection(collection);
    checkCollection(group);
    const collections =
      collection === undefined
        ? wanted > 1 && group === undefined
          ? await this.collections({ signal })
          : []
        : [collection];
    try {
      return await rangesOf({ calls: this.#calls, readTime: this.#time, collections, options });
    } catch (error) {
      throw toFirestoreError(error);
    }
  }

  read(range: RawRange, options: RawReadOptions = {}): AsyncIterable<RawBatch> {
    return readRange(this.#calls, { range, readTime: this.#time }, options);
  }

  async get(paths: readonly string[], { signal }: Signalled = {}): Promise<RawBatch> {
    const { database } = this.#calls;
    if (paths.length === 0) return { bytes: Buffer.alloc(0), lines: [] };
    const names = paths.map((path) => `${database}/documents/${path}`);
    const request = batchGetRequest({ database, names, readTime: this.#time });
    try {
      return await this.#calls.retried(signal, async () => await this.#got(request, signal));
    } catch (error) {
      throw readError(error);
    }
  }

  async #got(request: Buffer, signal: AbortSignal | undefined): Promise<RawBatch> {
    const feed = new BatchFeed(this.#calls.database, { whole: true });
    await this.#calls.stream("BatchGetDocuments", request, { onMessage: feed.onMessage, signal });
    feed.finish();
    return (await feed.next()) ?? { bytes: Buffer.alloc(0), lines: [] };
  }

  async #asked(method: string, request: Buffer, signal: AbortSignal | undefined): Promise<Buffer> {
    try {
      return await this.#calls.tried(method, request, signal);
    } catch (error) {
      throw toFirestoreError(error);
    }
  }
}

function checkCollection(path: string | undefined): void {
  if (path === undefined) return;
  const ids = path.split("/");
  if (ids.length % 2 === 1 && ids.every((id) => id !== "")) return;
  throw new FirestoreError("INVALID_OPTIONS", "That is not the path of a collection.", {
    path,
    hint: "It has an odd number of parts: clients, or clients/42/notes.",
  });
}
