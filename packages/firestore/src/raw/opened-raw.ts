import type { FirestoreTimestamp } from "@ctb-data/models";
import { askTime } from "../health.ts";
import type {
  RawAccess,
  RawSnapshot,
  RawSnapshotOptions,
  RawWrite,
  RawWriteOptions,
  RawWriteSummary,
} from "../raw.ts";
import type { RawCalls } from "./raw-calls.ts";
import { TimedRawSnapshot } from "./raw-snapshot.ts";
import { writeRaw } from "./raw-write.ts";
import { lineOfValues } from "./value-line.ts";

/** @internal */
export class OpenedRaw implements RawAccess {
  readonly #calls: RawCalls;
  readonly #timeOf: (time: FirestoreTimestamp | Date) => FirestoreTimestamp;

  constructor(calls: RawCalls, timeOf: (time: FirestoreTimestamp | Date) => FirestoreTimestamp) {
    this.#calls = calls;
    this.#timeOf = timeOf;
  }

  get database(): string {
    return this.#calls.database;
  }

  lineOf(path: string, data: object): string {
    const { context, database } = this.#calls;
    return lineOfValues(path, data, { database, values: context.values });
  }

  async snapshot({ readTime, signal }: RawSnapshotOptions = {}): Promise<RawSnapshot> {
    const { context } = this.#calls;
    const time =
      readTime === undefined ? await askTime(context, { signal }) : this.#timeOf(readTime);
    return new TimedRawSnapshot(this.#calls, time);
  }

  async write(
    writes: Iterable<RawWrite> | AsyncIterable<RawWrite>,
    options: RawWriteOptions = {},
  ): Promise<RawWriteSummary> {
    return await writeRaw(this.#calls, writes, options);
  }
}
