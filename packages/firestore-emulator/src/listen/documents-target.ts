import type { Database } from "../store/database.ts";
import type { StoredDocument } from "../store/stored-document.ts";
import type { DocumentTransition, TargetEffect, TargetStart, WatchTarget } from "./watch-target.ts";

/** Documents by their names. Those that do not exist are told as deleted. */
export class DocumentsTarget implements WatchTarget {
  readonly id: number;
  readonly place: { readonly kind: "documents"; readonly paths: ReadonlySet<string> };
  readonly #database: Database;

  constructor(id: number, database: Database, paths: ReadonlySet<string>) {
    this.id = id;
    this.place = { kind: "documents", paths };
    this.#database = database;
  }

  start(since: number | undefined): TargetStart {
    const effects: TargetEffect[] = [];
    const documents: StoredDocument[] = [];
    let previousCount = 0;
    for (const path of this.place.paths) {
      const document = this.#database.document(path);
      const before = since === undefined ? undefined : this.#database.document(path, since);
      if (document) documents.push(document);
      if (before) previousCount += 1;
      if (since !== undefined && document === before) continue;
      effects.push({ path, document, isIn: document !== undefined, changed: true });
    }
    return { effects, documents, previousCount };
  }

  apply(changes: readonly DocumentTransition[]): readonly TargetEffect[] {
    return changes.map(({ path, after }) => ({
      path,
      document: after,
      isIn: after !== undefined,
      changed: true,
    }));
  }
}
