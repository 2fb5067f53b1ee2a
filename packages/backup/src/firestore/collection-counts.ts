/** The ids of the collections on the way to a document: `clients/notes` of `clients/42/notes/7`. */
export function collectionPathOf(documentPath: string): string {
  return documentPath
    .split("/")
    .filter((_, index) => index % 2 === 0)
    .join("/");
}

/** Counts documents by the path of their collections' ids. */
export class CollectionCounts {
  readonly #counts = new Map<string, number>();
  #parent = "";
  #path = "";
  #run = 0;

  add(documentPath: string): void {
    const parent = documentPath.slice(0, documentPath.lastIndexOf("/"));
    if (parent !== this.#parent) {
      this.#flush();
      this.#parent = parent;
      this.#path = collectionPathOf(documentPath);
    }
    this.#run += 1;
  }

  /** By path, in the order of the paths. */
  toRecord(): Readonly<Record<string, number>> {
    this.#flush();
    return Object.fromEntries([...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  #flush(): void {
    if (this.#run === 0) return;
    this.#counts.set(this.#path, (this.#counts.get(this.#path) ?? 0) + this.#run);
    this.#run = 0;
  }
}
