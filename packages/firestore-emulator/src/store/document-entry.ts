import { lastId } from "../name/resource-name.ts";
import type { Collection } from "./collection.ts";
import type { StoredDocument } from "./stored-document.ts";

/** What a document was from a time on; `undefined` when it did not exist. */
export interface DocumentVersion {
  readonly time: number;
  readonly document: StoredDocument | undefined;
}

/** A place where a document is, or was, with as much of its past as may still be read. */
export class DocumentEntry {
  readonly path: string;
  readonly id: string;
  /** What is directly below it, by collection id; there may be something below a document that does not exist. */
  collections: Map<string, Collection> | undefined;
  /** Oldest first; empty for a document that never existed, and is here for what is below it. */
  #versions: DocumentVersion[] = [];

  constructor(path: string) {
    this.path = path;
    this.id = lastId(path);
  }

  get current(): StoredDocument | undefined {
    return this.#versions.at(-1)?.document;
  }

  get versions(): readonly DocumentVersion[] {
    return this.#versions;
  }

  /** The document as it was at that time. */
  at(time: number): StoredDocument | undefined {
    for (let index = this.#versions.length - 1; index >= 0; index -= 1) {
      const version = this.#versions[index];
      if (version && version.time <= time) return version.document;
    }
    return undefined;
  }

  add(version: DocumentVersion): void {
    // A first `push` makes room for 17, and most documents have one version.
    if (this.#versions.length === 0) this.#versions = [version];
    else this.#versions.push(version);
  }

  /** Forgets what was replaced before that time. Returns whether nothing is left. */
  forget(before: number): boolean {
    let keep = this.#versions.length - 1;
    while (keep > 0 && (this.#versions[keep]?.time ?? 0) > before) keep -= 1;
    if (keep > 0) this.#versions = this.#versions.slice(keep);
    const [first] = this.#versions;
    if (first && first.document === undefined && first.time <= before) this.#versions.shift();
    return this.#versions.length === 0;
  }
}
