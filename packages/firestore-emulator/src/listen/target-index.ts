import { lastId, parentPath } from "../name/resource-name.ts";
import type { DocumentTransition, TargetEffect, WatchTarget } from "./watch-target.ts";

/** The targets of a stream, by id and by where their documents are: a commit is shown only to those that it may concern. */
export class TargetIndex {
  readonly #byId = new Map<number, WatchTarget>();
  readonly #byCollection = new Map<string, Set<WatchTarget>>();
  readonly #byPath = new Map<string, Set<WatchTarget>>();
  readonly #anywhere = new Set<WatchTarget>();

  get size(): number {
    return this.#byId.size;
  }

  all(): readonly WatchTarget[] {
    return [...this.#byId.values()];
  }

  get(id: number): WatchTarget | undefined {
    return this.#byId.get(id);
  }

  add(target: WatchTarget): void {
    this.#byId.set(target.id, target);
    const { place } = target;
    if (place.kind === "anywhere") this.#anywhere.add(target);
    else if (place.kind === "collections") addTo(this.#byCollection, place.id, target);
    else for (const path of place.paths) addTo(this.#byPath, path, target);
  }

  delete(target: WatchTarget): void {
    this.#byId.delete(target.id);
    const { place } = target;
    if (place.kind === "anywhere") this.#anywhere.delete(target);
    else if (place.kind === "collections") deleteFrom(this.#byCollection, place.id, target);
    else for (const path of place.paths) deleteFrom(this.#byPath, path, target);
  }

  /** Whether any target may hold the document at that path. */
  concerns(path: string): boolean {
    return (
      this.#anywhere.size > 0 ||
      this.#byPath.has(path) ||
      this.#byCollection.has(lastId(parentPath(path)))
    );
  }

  /** What changes mean for each target, in the order of the targets. */
  effectsOf(
    changes: Iterable<DocumentTransition>,
  ): readonly (readonly [WatchTarget, readonly TargetEffect[]])[] {
    const concerned = new Map<WatchTarget, DocumentTransition[]>();
    for (const change of changes) {
      for (const target of this.#of(change.path)) {
        const own = concerned.get(target);
        if (own) own.push(change);
        else concerned.set(target, [change]);
      }
    }
    return [...concerned].map(([target, own]) => [target, target.apply(own)] as const);
  }

  *#of(path: string): Generator<WatchTarget, void> {
    yield* this.#anywhere;
    yield* this.#byPath.get(path) ?? [];
    yield* this.#byCollection.get(lastId(parentPath(path))) ?? [];
  }
}

function addTo(index: Map<string, Set<WatchTarget>>, key: string, target: WatchTarget): void {
  const existing = index.get(key);
  if (existing) existing.add(target);
  else index.set(key, new Set([target]));
}

function deleteFrom(index: Map<string, Set<WatchTarget>>, key: string, target: WatchTarget): void {
  const existing = index.get(key);
  existing?.delete(target);
  if (existing?.size === 0) index.delete(key);
}
