import type { Firestore, RawFailure, RawWrite } from "@ctb-data/firestore";
import { isPassingStatus } from "../middle/passing-fault.ts";
import { readingAhead } from "../middle/reading-ahead.ts";
import { PipelineError } from "../pipeline-error.ts";
import type { IntakeTally } from "./intake-tally.ts";
import { intakeHashOf, presentDocuments, type PresentDocument } from "./present-documents.ts";
import type { WantedDocument } from "./record-intake.ts";

export interface DocumentIntakeOptions {
  readonly firestore: Pick<Firestore, "raw" | "emulator">;
  /** The fields that are the intake's: the columns that the blueprint maps, and the marks. */
  readonly fields: readonly string[];
  readonly tally: IntakeTally;
  /** A document that Firestore does not take for what it is. */
  readonly refuse: (refused: { readonly line: string; readonly reason: string }) => Promise<void>;
  /** Called with documents that were written. */
  readonly onWritten: (documents: number) => void;
  readonly signal?: AbortSignal | undefined;
}

type Documents = AsyncGenerator<readonly WantedDocument[], void>;

/** Others were first: what there is now decides. */
const raceStatuses: ReadonlySet<string> = new Set([
  "ALREADY_EXISTS",
  "FAILED_PRECONDITION",
  "NOT_FOUND",
]);
/** How often others may be first at one document. */
const mostRaces = 20;
const settledAtOnce = 500;

/** Brings documents into their collection: those that are not there are created, and those of which the vendor has sent something else changed. */
export class DocumentIntake {
  readonly #options: DocumentIntakeOptions;
  readonly #stopping = new AbortController();
  readonly #signal: AbortSignal;
  readonly #asked = { create: 0, merge: 0 };
  readonly #failed = { create: 0, merge: 0 };
  readonly #races = new Map<string, number>();
  #written = 0;
  #raced: WantedDocument[] = [];
  #refused: RawFailure[] = [];
  #end: PipelineError | undefined;

  constructor(options: DocumentIntakeOptions) {
    this.#options = options;
    const { signal } = this.#stopping;
    this.#signal =
      options.signal === undefined ? signal : AbortSignal.any([options.signal, signal]);
  }

  /**
   * Writes them, no faster than Firestore takes them.
   *
   * @param isFresh nothing is there: it is not looked for.
   * @throws {FirestoreError}; {PipelineError} FIRESTORE_FAILED; what `documents` and `onWritten` throw
   */
  async write(documents: Documents, isFresh: boolean): Promise<void> {
    await this.#send(this.#writesOf(readingAhead(this.#looked(documents, isFresh))));
    while (this.#raced.length > 0) await this.#send(this.#settled());
    await this.#tellRefused();
    const { tally } = this.#options;
    tally.atLeast("created", this.#asked.create - this.#failed.create);
    tally.atLeast("changed", this.#asked.merge - this.#failed.merge);
  }

  /** Counts what would be written. @throws {FirestoreError}; what `documents` throws */
  async rehearse(documents: Documents, isFresh: boolean): Promise<void> {
    const { tally } = this.#options;
    for await (const writes of readingAhead(this.#looked(documents, isFresh))) {
      for (const { op } of writes) tally.add(op === "create" ? "created" : "changed");
      await tally.tell();
    }
  }

  async #send(writes: AsyncGenerator<RawWrite, void>): Promise<void> {
    const { firestore, onWritten } = this.#options;
    try {
      await firestore.raw.write(writes, {
        ...(firestore.emulator && { ramp: false as const }),
        signal: this.#signal,
        onFailure: (failure) => this.#fail(failure),
        onProgress: ({ written }) => {
          this.#written += written;
          this.#count();
          onWritten(written);
        },
      });
    } catch (error) {
      throw this.#end ?? error;
    }
  }

  /** What has been done at least: which of the writes on their way are done is not known. */
  #count(): void {
    const { tally } = this.#options;
    tally.atLeast("created", this.#written - this.#asked.merge);
    tally.atLeast("changed", this.#written - this.#asked.create);
  }

  async *#looked(
    documents: Documents,
    isFresh: boolean,
  ): AsyncGenerator<readonly RawWrite[], void> {
    const { firestore } = this.#options;
    for await (const wanted of documents) {
      const paths = isFresh ? [] : wanted.map(({ path }) => path);
      const present = await presentDocuments(firestore, paths, this.#signal);
      yield wanted.flatMap((document) => this.#writeOf(document, present.get(document.path)));
    }
  }

  async *#writesOf(
    batches: AsyncGenerator<readonly RawWrite[], void>,
  ): AsyncGenerator<RawWrite, void> {
    for await (const writes of batches) {
      yield* this.#counted(writes);
      while (this.#raced.length >= settledAtOnce) yield* this.#settled();
      await this.#tellRefused();
      await this.#options.tally.tell();
    }
  }

  /** Looks again at documents of which others were first. */
  async *#settled(): AsyncGenerator<RawWrite, void> {
    const raced = this.#raced.splice(0, settledAtOnce);
    const paths = raced.map(({ path }) => path);
    const present = await presentDocuments(this.#options.firestore, paths, this.#signal);
    for (const document of raced) {
      const writes = this.#writeOf(document, present.get(document.path));
      if (writes.length > 0)
        this.#races.set(document.path, (this.#races.get(document.path) ?? 0) + 1);
      yield* this.#counted(writes);
    }
  }

  *#counted(writes: readonly RawWrite[]): Generator<RawWrite, void> {
    for (const write of writes) {
      this.#asked[write.op === "create" ? "create" : "merge"] += 1;
      yield write;
    }
  }

  /** None where the document says already what the vendor has sent, whatever people have made of it since. */
  #writeOf(
    { line, hashes }: WantedDocument,
    present: PresentDocument | undefined,
  ): readonly RawWrite[] {
    if (present === undefined) return [{ op: "create", line }];
    const { hash, failed, updateTimeUs } = present;
    if (hash !== undefined && hashes.has(hash)) {
      this.#options.tally.add("unchanged");
      return [];
    }
    const lastUpdateTime = {
      seconds: Math.floor(updateTimeUs / 1_000_000),
      nanoseconds: (updateTimeUs % 1_000_000) * 1000,
    };
    // The blueprint may have mapped other columns then: what nobody could use would go on failing.
    const fields = [...new Set([...this.#options.fields, ...failed])];
    return [{ op: "merge", line, fields, lastUpdateTime }];
  }

  #fail(failure: RawFailure): void {
    const { op, path, line: bytes, status, message } = failure;
    this.#failed[op === "create" ? "create" : "merge"] += 1;
    const line = bytes?.toString("utf8") ?? "";
    if (raceStatuses.has(status)) {
      if ((this.#races.get(path) ?? 0) >= mostRaces)
        this.#stop(path, "others change the document again and again");
      const hash = intakeHashOf(line);
      this.#raced.push({ path, line, hashes: new Set(hash === undefined ? [] : [hash]) });
    } else if (isPassingStatus(status) || status === "PERMISSION_DENIED")
      this.#stop(path, `${status}: ${message}`);
    else this.#refused.push(failure);
  }

  #stop(path: string, reason: string): void {
    this.#end ??= new PipelineError(
      "FIRESTORE_FAILED",
      `The document ${path} could not be written: ${reason}.`,
      { path, hint: "Take the file in again: what was taken in is not taken in twice." },
    );
    this.#stopping.abort();
  }

  async #tellRefused(): Promise<void> {
    for (const { line, status, message } of this.#refused.splice(0))
      await this.#options.refuse({
        line: line?.toString("utf8") ?? "",
        reason: `Firestore does not take the document (${status}): ${message}`,
      });
  }
}
