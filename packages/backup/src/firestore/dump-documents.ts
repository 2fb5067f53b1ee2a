import type { RawBatch, RawRange, RawSnapshot } from "@ctb-data/firestore";
import type { FirestoreManifest } from "../archive/firestore-manifest.ts";
import { AncestorWalk } from "./ancestor-walk.ts";
import { ChangeCount } from "./changed-documents.ts";
import { CollectionCounts } from "./collection-counts.ts";
import { toBackupError } from "./firestore-failure.ts";
import { lineRuns } from "./line-runs.ts";
import type { FirestoreSnapshotOptions, GivenFile } from "./open-firestore-snapshot.ts";
import { PartCursor, PartNumbers } from "./part-cursor.ts";
import { timestampText } from "./timestamp-text.ts";

const defaultJobs = 4;
const defaultMarginMs = 2000;
const defaultPartBytes = 256 * 1024 * 1024;
/** More ranges than jobs: no job is left with all the rest. */
const rangesPerJob = 4;

interface Reading {
  readonly range: RawRange;
  readonly walk: AncestorWalk;
  readonly cursor: PartCursor;
}

/** Reads all documents, some ranges side by side, into parts. @throws {BackupError} */
export async function dumpDocuments(
  snapshot: RawSnapshot,
  options: FirestoreSnapshotOptions,
): Promise<FirestoreManifest> {
  try {
    return await new Dump(snapshot, options).run();
  } catch (error) {
    throw toBackupError(error);
  }
}

class Dump {
  readonly #snapshot: RawSnapshot;
  readonly #options: FirestoreSnapshotOptions;
  readonly #counts = new CollectionCounts();
  readonly #changes: ChangeCount;
  readonly #stopping = new AbortController();
  readonly #signal: AbortSignal;
  readonly #partBytes: number;
  #documents = 0;

  constructor(snapshot: RawSnapshot, options: FirestoreSnapshotOptions) {
    this.#snapshot = snapshot;
    this.#options = options;
    this.#partBytes = options.partBytes ?? defaultPartBytes;
    const { signal, changedSince, clockMarginMs = defaultMarginMs } = options;
    this.#changes = new ChangeCount(changedSince, clockMarginMs);
    const stopping = this.#stopping.signal;
    this.#signal = signal === undefined ? stopping : AbortSignal.any([signal, stopping]);
  }

  async run(): Promise<FirestoreManifest> {
    const { files = [], firestore } = this.#options;
    this.#options.onProgress?.({ kind: "step", step: "documents" });
    const readings = await this.#readings();
    await this.#readAll(readings);
    return {
      projectId: firestore.projectId,
      databaseId: firestore.databaseId,
      readTime: timestampText(this.#snapshot.readTime),
      documents: this.#documents,
      collections: this.#counts.toRecord(),
      missingParents: AncestorWalk.missingIn(readings.map(({ walk }) => walk)),
      parts: readings.flatMap(({ cursor }) => cursor.parts),
      files: await this.#writeFiles(files),
      changed: this.#changes.result(),
      warnings: [],
    };
  }

  async #readings(): Promise<readonly Reading[]> {
    const { jobs = defaultJobs, parts } = this.#options;
    const wanted = jobs === 1 ? 1 : jobs * rangesPerJob;
    const ranges = await this.#snapshot.ranges({ wanted, signal: this.#signal });
    const numbers = new PartNumbers();
    return ranges.map((range) => ({
      range,
      walk: new AncestorWalk(),
      cursor: new PartCursor(parts, numbers, this.#partBytes),
    }));
  }

  async #readAll(readings: readonly Reading[]): Promise<void> {
    const { jobs = defaultJobs } = this.#options;
    const waiting = readings.values();
    const failures: unknown[] = [];
    const work = async (): Promise<void> => {
      for (const reading of waiting) {
        if (failures.length > 0) return;
        await this.#read(reading);
      }
    };
    const workers = Array.from({ length: jobs }, async () => {
      await work().catch((error: unknown) => {
        failures.push(error);
        this.#stopping.abort();
      });
    });
    await Promise.all(workers);
    if (failures.length === 0) return;
    await Promise.all(readings.map(async ({ cursor }) => await cursor.abort()));
    throw failures[0];
  }

  async #read({ range, walk, cursor }: Reading): Promise<void> {
    for await (const batch of this.#snapshot.read(range, { signal: this.#signal })) {
      for (const { path, updateTimeUs } of batch.lines) {
        walk.add(path);
        this.#counts.add(path);
        this.#changes.add(path, updateTimeUs);
      }
      this.#documents += batch.lines.length;
      this.#show(batch);
      for (const run of lineRuns(batch, this.#partBytes)) {
        await cursor.write(run);
        const items = run.paths.length;
        const { length: bytes } = run.bytes;
        this.#options.onProgress?.({
          kind: "count",
          store: "firestore",
          name: run.collection,
          items,
          bytes,
        });
      }
    }
    await cursor.finish();
  }

  #show(batch: RawBatch): void {
    const { onDocument } = this.#options;
    if (onDocument === undefined) return;
    let start = 0;
    for (const { path, end } of batch.lines) {
      onDocument({ path, line: batch.bytes.subarray(start, end) });
      start = end;
    }
  }

  async #writeFiles(files: readonly GivenFile[]): Promise<FirestoreManifest["files"]> {
    const written: FirestoreManifest["files"][number][] = [];
    for (const { name, content } of files) {
      const writer = await this.#options.parts.open(`firestore/${name}`);
      try {
        await writer.write(typeof content === "string" ? Buffer.from(content, "utf8") : content);
        written.push({ name, ...(await writer.finish()) });
      } catch (error) {
        await writer.abort();
        throw error;
      }
    }
    return written;
  }
}
