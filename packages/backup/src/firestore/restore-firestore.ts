import type { RawFailure, RawWrite, RawWriteOptions } from "@ctb-data/firestore";
import { BackupError } from "../backup-error.ts";
import type { OnBackupProgress } from "../progress.ts";
import { archiveLines, type ArchiveLinesOptions } from "./archive-lines.ts";
import {
  checkArchive,
  checkEmpty,
  checkResumable,
  notOfThisRestore,
  sameDocument,
} from "./check-archive.ts";
import { currentLines, linesOf } from "./database-lines.ts";
import { deleteOthers } from "./delete-others.ts";
import { databaseName, type DocumentLine } from "./document-line.ts";
import { withBackupErrors } from "./firestore-failure.ts";
import type { FirestoreStore } from "./firestore-store.ts";
import { mergeLines } from "./merge-lines.ts";
import { normalLine } from "./normal-line.ts";

export interface RestoreFirestoreOptions extends ArchiveLinesOptions {
  readonly firestore: FirestoreStore;
  /**
   * `empty`: refused when the target (or the collection) has any document. `overwrite`: replaces documents of the same name and
   * keeps others. `exact`: writes what differs, and then deletes what the archive does not have.
   */
  readonly mode: "empty" | "overwrite" | "exact";
  /**
   * With `empty`: goes on with a restore that was broken off. Documents that are as the archive has them are taken for those of
   * the earlier try; any other is still refused.
   */
  readonly resume?: boolean | undefined;
  /** Writes per second, see `RawWriteOptions`. Default: 500, and half more every five minutes. False for an emulator. */
  readonly ramp?: RawWriteOptions["ramp"];
  readonly onProgress?: OnBackupProgress | undefined;
}

export interface RestoredDocuments {
  /** Documents of the archive that were restored: `written` and `unchanged`. */
  readonly documents: number;
  readonly written: number;
  /** Documents that were there already as the archive has them. */
  readonly unchanged: number;
  /** Documents that the archive does not have. Only `exact` deletes. */
  readonly deleted: number;
  /** References to the source's database that now are to the target's. Those to any other stay. */
  readonly movedReferences: number;
}

/**
 * Restores documents as they were, to the last bit, but for the times that Firestore itself gives them. Before anything is
 * written, every part that is needed is read to its end: a part that is damaged changes nothing. A restore that was broken off
 * is done again: `overwrite` and `exact` as they are, `empty` with `resume`.
 *
 * @throws {BackupError} NOT_EMPTY, NOT_FOUND, CORRUPT, WRONG_KEY; FIRESTORE_FAILED and CANCELLED, after which some documents are
 * there.
 */
export async function restoreFirestore(
  options: RestoreFirestoreOptions,
): Promise<RestoredDocuments> {
  return await withBackupErrors(async () => {
    const documents = await check(options);
    options.onProgress?.({ kind: "step", step: "documents" });
    options.onProgress?.({ kind: "total", store: "firestore", items: documents, bytes: undefined });
    return await new Restore(options, documents).run();
  });
}

async function check(options: RestoreFirestoreOptions): Promise<number> {
  const { mode, resume = false, onProgress } = options;
  onProgress?.({ kind: "step", step: "checking", detail: "documents" });
  if (mode !== "empty") return await checkArchive(options);
  if (resume) return await checkResumable(options);
  await checkEmpty(options);
  return await checkArchive(options);
}

/** So many documents are asked for at once. */
const mostAsked = 50;

class Restore {
  readonly #options: RestoreFirestoreOptions;
  readonly #documents: number;
  /** Lines of documents that are there already, by path. */
  readonly #doubted = new Map<string, Buffer>();
  #unchanged = 0;
  #failure: BackupError | undefined;

  constructor(options: RestoreFirestoreOptions, documents: number) {
    this.#options = options;
    this.#documents = documents;
  }

  async run(): Promise<RestoredDocuments> {
    const { firestore, mode } = this.#options;
    const { written, movedReferences } = await firestore.raw.write(this.#writes(), this.#writing);
    await this.#askDoubted();
    if (this.#failure !== undefined) throw this.#failure;
    const deleted =
      mode === "exact" ? await deleteOthers({ ...this.#options, writing: this.#writing }) : 0;
    const restored = written + this.#unchanged;
    if (restored !== this.#documents)
      throw new BackupError(
        "CORRUPT",
        `The archive had ${this.#documents} documents when it was checked, and ${restored} when they were written.`,
      );
    return {
      documents: restored,
      written,
      unchanged: this.#unchanged,
      deleted,
      movedReferences,
    };
  }

  get #writing(): RawWriteOptions {
    const { manifest, ramp, signal, onProgress } = this.#options;
    return {
      from: databaseName(manifest),
      ramp,
      signal,
      onFailure: (failure) => this.#fail(failure),
      onProgress: ({ written, bytes }) =>
        onProgress?.({
          kind: "count",
          store: "firestore",
          name: "documents",
          items: written,
          bytes,
        }),
    };
  }

  async *#writes(): AsyncGenerator<RawWrite, void> {
    const op = this.#options.mode === "empty" ? "create" : "set";
    for await (const { line } of this.#wanted()) {
      if (this.#doubted.size >= mostAsked) await this.#askDoubted();
      if (this.#failure !== undefined) throw this.#failure;
      yield { op, line };
    }
  }

  /** The documents that are to be written. */
  async *#wanted(): AsyncGenerator<DocumentLine, void> {
    const { mode, resume = false } = this.#options;
    if (mode === "overwrite" || (mode === "empty" && !resume)) {
      yield* archiveLines(this.#options);
      return;
    }
    const merged = mergeLines(archiveLines(this.#options), currentLines(this.#options));
    for await (const { path, archived, current } of merged) {
      if (archived === undefined) continue;
      if (current !== undefined && sameDocument(this.#options, archived, current))
        this.#unchanged += 1;
      else yield { path, line: archived };
    }
  }

  #fail({ op, path, line, status, message }: RawFailure): void {
    if (status === "ALREADY_EXISTS" && op === "create" && line !== undefined) {
      // The answer to an earlier try of this very write may have been lost.
      this.#doubted.set(path, line);
      return;
    }
    this.#failure ??= new BackupError(
      "FIRESTORE_FAILED",
      `Firestore did not take the document ${path}: ${status}: ${message}`,
      { path },
    );
  }

  /** Documents that are there, and are as the archive has them, are done. */
  async #askDoubted(): Promise<void> {
    const { firestore, signal } = this.#options;
    const doubted = [...this.#doubted];
    const normal = (line: Uint8Array): Buffer => normalLine(line, [databaseName(firestore)]);
    this.#doubted.clear();
    for (let at = 0; at < doubted.length; at += mostAsked) {
      const asked = new Map(doubted.slice(at, at + mostAsked));
      const snapshot = await firestore.raw.snapshot({ signal });
      for (const { path, line } of linesOf(await snapshot.get([...asked.keys()], { signal }))) {
        const archived = asked.get(path);
        if (archived === undefined || !normal(archived).equals(normal(line)))
          throw notOfThisRestore(firestore, path);
        this.#unchanged += 1;
      }
    }
  }
}
