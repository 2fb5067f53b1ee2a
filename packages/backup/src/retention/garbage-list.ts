import type { OnBackupProgress } from "../progress.ts";
import type { Storage, StoredObject } from "../storage/storage.ts";
import { deleteObjects } from "./delete-objects.ts";

/** Something that was removed, or would be. */
export interface CollectedGarbage {
  readonly kind: "never-committed" | "pruned" | "evidence" | "tombstone" | "probe" | "upload";
  /** The id of the backup, or the prefix. */
  readonly name: string;
  readonly objects: number;
  readonly sizeBytes: number;
}

/** Something that was left. */
export interface KeptGarbage {
  readonly name: string;
  /** A full sentence. */
  readonly why: string;
}

/** What was found of no use. */
export interface GarbageReport {
  readonly dryRun: boolean;
  readonly collected: readonly CollectedGarbage[];
  /** What looks like garbage and was left. */
  readonly kept: readonly KeptGarbage[];
  readonly freedObjects: number;
  readonly freedBytes: number;
}

/** Removes garbage, or only says so, and remembers what. */
export class GarbageList {
  readonly #options: {
    readonly storage: Storage;
    readonly dryRun: boolean;
    readonly onProgress?: OnBackupProgress | undefined;
  };
  readonly #collected: CollectedGarbage[] = [];
  readonly #kept: KeptGarbage[] = [];

  constructor(options: {
    readonly storage: Storage;
    readonly dryRun: boolean;
    readonly onProgress?: OnBackupProgress | undefined;
  }) {
    this.#options = options;
  }

  /** Removes objects, all of one thing. What the storage denies is kept, and told. */
  async remove(
    kind: CollectedGarbage["kind"],
    name: string,
    objects: readonly StoredObject[],
  ): Promise<void> {
    if (objects.length === 0) return;
    const { storage, dryRun } = this.#options;
    const sizeBytes = objects.reduce((sum, object) => sum + object.sizeBytes, 0);
    const deletion = dryRun
      ? { objects: objects.length, sizeBytes, denied: [] }
      : await deleteObjects(storage, objects);
    const [first] = deletion.denied;
    if (first !== undefined)
      this.keep(
        name,
        `The storage does not let ${deletion.denied.length} of its objects be deleted, as ${first}.`,
      );
    if (deletion.objects > 0)
      this.add({ kind, name, objects: deletion.objects, sizeBytes: deletion.sizeBytes });
  }

  add(item: CollectedGarbage): void {
    this.#collected.push(item);
    const { objects: items, sizeBytes: bytes, name } = item;
    this.#options.onProgress?.({ kind: "count", store: "storage", name, items, bytes });
  }

  keep(name: string, why: string): void {
    this.#kept.push({ name, why });
  }

  report(): GarbageReport {
    return {
      dryRun: this.#options.dryRun,
      collected: this.#collected,
      kept: this.#kept,
      freedObjects: this.#collected.reduce((sum, { objects }) => sum + objects, 0),
      freedBytes: this.#collected.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    };
  }
}
