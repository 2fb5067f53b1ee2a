import { rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { BackupError } from "../../backup-error.ts";
import type { StoredObject, Upload } from "../storage.ts";
import { throwIfCancelled } from "../throw-if-cancelled.ts";
import { draftIn, linkDraft, openDraft } from "./draft-file.ts";
import { fileErrorCode, folderError } from "./folder-error.ts";
import { syncFolder, type FolderPlace, type FolderTree } from "./folder-tree.ts";

/** What a large object on its way needs to know. */
export interface FileUploadOptions {
  readonly tree: FolderTree;
  readonly key: string;
  readonly signal: AbortSignal | undefined;
}

/** A draft that gets the object's name when it is complete. */
export class FileUpload implements Upload {
  readonly #options: FileUploadOptions;
  readonly #place: FolderPlace;
  readonly #draft: string;
  readonly #handle: FileHandle;
  #sizeBytes = 0;
  #state: "open" | "closed" = "open";

  private constructor(
    options: FileUploadOptions,
    place: FolderPlace,
    draft: { readonly name: string; readonly handle: FileHandle },
  ) {
    this.#options = options;
    this.#place = place;
    this.#draft = draft.name;
    this.#handle = draft.handle;
  }

  static async open(options: FileUploadOptions): Promise<FileUpload> {
    throwIfCancelled(options.signal);
    for (let tries = 1; ; tries += 1) {
      try {
        const place = await options.tree.make(options.key);
        const name = draftIn(place.folder);
        return new FileUpload(options, place, { name, handle: await openDraft(name) });
      } catch (error) {
        // Somebody removed the folder because it was empty.
        if (fileErrorCode(error) !== "ENOENT" || tries === 50) throw error;
      }
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#run("Writing", async () => {
      for (let at = 0; at < chunk.length;) {
        const { bytesWritten } = await this.#handle.write(
          chunk,
          at,
          chunk.length - at,
          this.#sizeBytes,
        );
        at += bytesWritten;
        this.#sizeBytes += bytesWritten;
      }
    });
  }

  async complete(): Promise<StoredObject> {
    return await this.#run("Completing", async () => {
      const { key } = this.#options;
      await this.#handle.sync();
      const { size, mtime } = await this.#handle.stat();
      if (size !== this.#sizeBytes)
        throw new BackupError(
          "STORAGE_FAILED",
          `Of ${key}, ${this.#sizeBytes} bytes were written and ${size} are there.`,
          {
            hint: "Something else changes files in the folder of the storage.",
            key,
          },
        );
      await this.#handle.close();
      await this.#publish();
      this.#state = "closed";
      return { key, sizeBytes: size, modifiedAt: mtime };
    });
  }

  async abort(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    await this.#handle.close().catch(() => undefined);
    await rm(this.#draft, { force: true }).catch(() => undefined);
    await this.#options.tree.prune(this.#place.folder);
  }

  async #publish(): Promise<void> {
    const { key } = this.#options;
    const file = join(this.#place.folder, this.#place.name);
    const linked = await linkDraft(this.#draft, file);
    if (linked === "exists")
      throw new BackupError(
        "CONFLICT",
        `The object ${key} is there already, and large objects are never replaced.`,
        {
          hint: "On a file system that ignores case, keys that differ only in case are the same.",
          key,
        },
      );
    if (linked === "linked") await rm(this.#draft);
    else await rename(this.#draft, file);
    await syncFolder(this.#place.folder);
  }

  /** A failure is final: the disk may be full, so what was written goes away at once. */
  async #run<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const { key, signal } = this.#options;
    try {
      throwIfCancelled(signal);
      if (this.#state === "closed")
        throw new BackupError("STORAGE_FAILED", `The upload of ${key} has ended.`, { key });
      return await work();
    } catch (error) {
      await this.abort();
      throw folderError(`${doing} ${key}`, error, key);
    }
  }
}
