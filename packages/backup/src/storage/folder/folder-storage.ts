import { mkdir, realpath, rm, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { BackupError } from "../../backup-error.ts";
import { checkSmall, maxSmallBytes } from "../small-object.ts";
import { checkStorageKey, checkStoragePrefix } from "../storage-key.ts";
import type {
  ObjectContent,
  PutOptions,
  ReadOptions,
  Storage,
  StorageCapabilities,
  StoredObject,
  Upload,
} from "../storage.ts";
import { throwIfCancelled } from "../throw-if-cancelled.ts";
import { draftIn, etagOf, linkDraft, writeDraft } from "./draft-file.ts";
import { FileUpload } from "./file-upload.ts";
import { fileErrorCode, folderError } from "./folder-error.ts";
import { FolderTree, syncFolder, type FolderPlace } from "./folder-tree.ts";
import { listFiles, statObject } from "./list-files.ts";
import { ObjectVersions } from "./object-versions.ts";
import { putFile } from "./put-file.ts";
import { openObject } from "./read-file.ts";
import { sweepDrafts, type Swept } from "./sweep-drafts.ts";

/** Where a folder of archives is. */
export interface FolderStorageOptions {
  /** The folder. It is made (0700) when it is missing, and so are the folders above it. */
  readonly dir: string;
}

/** What can stop a single operation. */
interface Stop {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a folder as a storage. An object is a plain file of its key's name, 0600, whole or not there: it is written beside its
 * place under a name of `.ctb-tmp-…`, synced, and then linked or renamed. Many processes, also on several machines (NFS), may
 * use one folder; see {@link ObjectVersions} for what `ifMatch` rests on. Symbolic links below the folder are not followed.
 *
 * @throws {BackupError} STORAGE_DENIED, STORAGE_FULL or STORAGE_FAILED when the folder cannot be made or is none.
 */
export async function openFolderStorage({ dir }: FolderStorageOptions): Promise<Storage> {
  if (dir === "" || dir.includes("\0"))
    throw new BackupError("INVALID_OPTIONS", "The folder of the storage has no name.");
  try {
    const path = resolve(dir);
    await mkdir(path, { recursive: true, mode: 0o700 });
    return new FolderStorage(dir, new FolderTree(await realpath(path)));
  } catch (error) {
    if (["EEXIST", "ENOTDIR"].includes(fileErrorCode(error) ?? ""))
      throw new BackupError(
        "STORAGE_FAILED",
        `Opening the folder ${dir} failed: it is a file, or lies below one.`,
        { hint: "Name a folder, or a bucket as s3://bucket/prefix.", cause: error },
      );
    throw folderError(`Opening the folder ${dir}`, error);
  }
}

class FolderStorage implements Storage {
  readonly description: string;
  readonly #tree: FolderTree;

  constructor(description: string, tree: FolderTree) {
    this.description = description;
    this.#tree = tree;
  }

  async put(
    key: string,
    body: Uint8Array,
    options: PutOptions = {},
  ): Promise<{ readonly etag: string }> {
    checkStorageKey(key);
    checkSmall(key, body);
    return await this.#run(`Writing ${key}`, { key, ...options }, async () => ({
      etag: await this.#inFolder(
        key,
        async (place) => await putFile(key, place, { body, options }),
      ),
    }));
  }

  async get(key: string, options: Stop = {}): Promise<ObjectContent | undefined> {
    return await this.#withObject(key, options, async (place) => {
      await using handle = await openObject(place);
      if (!handle) return undefined;
      const { size } = await handle.stat();
      if (size > maxSmallBytes)
        throw new BackupError(
          "INVALID_OPTIONS",
          `${key} has ${size} bytes; at most ${maxSmallBytes} are read at once.`,
          { key },
        );
      const body = new Uint8Array(await handle.readFile());
      return { body, etag: await etagOf(handle, body) };
    });
  }

  async openUpload(key: string, { signal }: Stop = {}): Promise<Upload> {
    checkStorageKey(key);
    return await this.#run(
      `Writing ${key}`,
      { key, signal },
      async () => await FileUpload.open({ tree: this.#tree, key, signal }),
    );
  }

  async openRead(
    key: string,
    { start = 0, end = Infinity, signal }: ReadOptions = {},
  ): Promise<Readable> {
    const handle = await this.#withObject(key, { signal }, openObject);
    if (!handle)
      throw new BackupError("NOT_FOUND", `There is no object ${key} in ${this.description}.`, {
        key,
      });
    const { size } = await handle.stat();
    const last = Math.min(end, size) - 1;
    if (last < start) {
      await handle.close();
      return Readable.from([]);
    }
    const bytes = handle.createReadStream({ start, end: last, highWaterMark: 256 * 1024 });
    return Readable.from(this.#readOn(key, { bytes, length: last + 1 - start, signal }), {
      objectMode: false,
    });
  }

  async head(key: string, options: Stop = {}): Promise<StoredObject | undefined> {
    return await this.#withObject(key, options, async ({ folder, name }) => {
      const found = await statObject(folder, name, true);
      return found && { key, ...found };
    });
  }

  async *list(prefix: string, { signal }: Stop = {}): AsyncIterable<StoredObject> {
    checkStoragePrefix(prefix);
    throwIfCancelled(signal);
    try {
      for await (const object of listFiles(this.#tree.root, prefix)) {
        throwIfCancelled(signal);
        yield object;
      }
    } catch (error) {
      throw folderError(`Listing ${prefix} in ${this.description}`, error);
    }
  }

  async delete(keys: readonly string[], options: Stop = {}): Promise<void> {
    keys.forEach(checkStorageKey);
    for (const key of keys) {
      await this.#run(`Removing ${key}`, { key, ...options }, async () => {
        const place = await this.#tree.find(key);
        if (!place) return;
        await removeObject(place);
        await this.#tree.prune(place.folder);
      });
    }
  }

  async sweepUploads(prefix: string, before: Date, options: Stop = {}): Promise<Swept> {
    checkStoragePrefix(prefix);
    const leave = async (folder: string): Promise<void> => {
      throwIfCancelled(options.signal);
      await this.#tree.prune(folder);
    };
    return await this.#run(
      `Sweeping ${prefix}`,
      options,
      async () => await sweepDrafts(this.#tree.root, { prefix, before, leave }),
    );
  }

  async probe(options: Stop = {}): Promise<StorageCapabilities> {
    return await this.#run(`Trying ${this.description}`, options, async () => {
      const [first, second] = [draftIn(this.#tree.root), draftIn(this.#tree.root)];
      try {
        await writeDraft(first, Buffer.from("probe"));
        const links =
          (await linkDraft(first, second)) === "linked" &&
          (await linkDraft(first, second)) === "exists";
        return { conditionalCreate: links, conditionalUpdate: links, checksums: true };
      } finally {
        await Promise.all([first, second].map(async (file) => await rm(file, { force: true })));
      }
    });
  }

  async close(): Promise<void> {
    // Nothing stays open between two calls.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async *#readOn(
    key: string,
    {
      bytes,
      length,
      signal,
    }: {
      readonly bytes: Readable;
      readonly length: number;
      readonly signal: AbortSignal | undefined;
    },
  ): AsyncGenerator<Uint8Array> {
    let read = 0;
    try {
      for await (const chunk of bytes) {
        throwIfCancelled(signal);
        if (!(chunk instanceof Uint8Array)) continue;
        read += chunk.length;
        yield chunk;
      }
      if (read < length) throw new Error(`it ended ${length - read} bytes too early`);
    } catch (error) {
      throw folderError(`Reading ${key}`, error, key);
    } finally {
      bytes.destroy();
    }
  }

  async #withObject<T>(
    key: string,
    options: Stop,
    work: (place: FolderPlace) => Promise<T>,
  ): Promise<T | undefined> {
    checkStorageKey(key);
    return await this.#run(`Reading ${key}`, { key, ...options }, async () => {
      const place = await this.#tree.find(key);
      return place && (await work(place));
    });
  }

  /** Others remove folders that are empty; then they are made again. */
  async #inFolder<T>(key: string, work: (place: FolderPlace) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work(await this.#tree.make(key));
      } catch (error) {
        if (fileErrorCode(error) !== "ENOENT" || tries === 50) throw error;
      }
    }
  }

  async #run<T>(
    doing: string,
    { key, signal }: Stop & { readonly key?: string },
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      throwIfCancelled(signal);
      return await work();
    } catch (error) {
      throw folderError(`${doing} in ${this.description}`, error, key);
    }
  }
}

async function removeObject(place: FolderPlace): Promise<void> {
  try {
    await unlink(join(place.folder, place.name));
    await syncFolder(place.folder);
  } catch (error) {
    if (fileErrorCode(error) !== "ENOENT") throw error;
  }
  const versions = new ObjectVersions(place);
  for (;;) {
    const { generation, file } = await versions.state();
    if (generation === 0 || file === undefined || (await versions.append(generation, undefined)))
      return;
  }
}
