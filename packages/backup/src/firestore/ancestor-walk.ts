/**
 * Finds documents that are not there but have something below them, while the names go by in their order: a document comes
 * before what is below it.
 */
export class AncestorWalk {
  /** Of the first document: whether they are there, who reads the names before it knows. */
  readonly #unresolved: string[] = [];
  /** The last document and all above it, missing ones among them. */
  readonly #open: string[] = [];
  #missing = 0;
  #isEmpty = true;

  add(path: string): void {
    const open = this.#open;
    while (open.length > 0 && !path.startsWith(`${open.at(-1)}/`)) open.pop();
    let slash = endOfDocument(path, open.at(-1)?.length ?? -1);
    while (slash !== -1) {
      const above = path.slice(0, slash);
      if (this.#isEmpty) this.#unresolved.push(above);
      else this.#missing += 1;
      open.push(above);
      slash = endOfDocument(path, slash);
    }
    open.push(path);
    this.#isEmpty = false;
  }

  /** How many are missing altogether, of walks over neighbouring ranges of names in their order. */
  static missingIn(walks: Iterable<AncestorWalk>): number {
    let missing = 0;
    let open: readonly string[] = [];
    for (const walk of walks) {
      if (walk.#isEmpty) continue;
      missing += walk.#missing + walk.#unresolved.filter((path) => !open.includes(path)).length;
      open = walk.#open;
    }
    return missing;
  }
}

/** Where the next document above the last one ends, behind that which ends at `from`; -1 when there is none. */
function endOfDocument(path: string, from: number): number {
  const behindCollection = path.indexOf("/", from + 1);
  return behindCollection === -1 ? -1 : path.indexOf("/", behindCollection + 1);
}
