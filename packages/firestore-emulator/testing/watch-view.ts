import type { ListenResponse, TargetChange } from "../src/protocol/messages.ts";
import { microsOf } from "../src/value/timestamp.ts";
import type { MapValue } from "../src/value/value.ts";

/** A document as a client has it. */
export interface SeenDocument {
  readonly fields: MapValue;
  /** Microseconds since 1970. */
  readonly updateTime: number;
}

/** What a client has of a target, by the names of the documents. */
export type SeenDocuments = ReadonlyMap<string, SeenDocument>;

/** What a client was told that all its targets were at one time. */
export interface SeenSnapshot {
  readonly time: number;
  readonly resumeToken: Uint8Array;
  readonly targets: ReadonlyMap<number, SeenDocuments>;
}

interface TargetView {
  documents: Map<string, SeenDocument>;
  isAdded: boolean;
  isCurrent: boolean;
}

/**
 * Follows the protocol of Listen as the client libraries do, and minds what they would let pass: a message about a target
 * that was not added, or a snapshot before all targets are current.
 */
export class WatchView {
  readonly snapshots: SeenSnapshot[] = [];
  readonly removals: TargetChange[] = [];
  readonly filters: NonNullable<ListenResponse["filter"]>[] = [];
  readonly resets: number[] = [];
  readonly #targets = new Map<number, TargetView>();

  /** Expects a target, with the documents that the client has of it already. */
  expectTarget(id: number, documents: SeenDocuments = new Map()): void {
    this.#targets.set(id, { documents: new Map(documents), isAdded: false, isCurrent: false });
  }

  apply(response: ListenResponse): void {
    const { targetChange, documentChange, filter } = response;
    const gone = response.documentDelete ?? response.documentRemove;
    if (targetChange) this.#changeTarget(targetChange);
    if (filter) this.filters.push(filter);
    if (gone) {
      for (const id of gone.removedTargetIds) this.#added(id).documents.delete(gone.document);
    }
    if (!documentChange) return;
    const { document, targetIds = [], removedTargetIds = [] } = documentChange;
    if (!document.updateTime) throw new Error("A document lacks its update time.");
    const seen = { fields: document.fields, updateTime: microsOf(document.updateTime) };
    for (const id of targetIds) this.#added(id).documents.set(document.name, seen);
    for (const id of removedTargetIds) this.#added(id).documents.delete(document.name);
  }

  /** Of the last snapshot. */
  documentsOf(id: number): SeenDocuments {
    return this.snapshots.at(-1)?.targets.get(id) ?? new Map();
  }

  #changeTarget(change: TargetChange): void {
    const { targetIds = [], targetChangeType } = change;
    if (targetChangeType === 0 && targetIds.length === 0) this.#takeSnapshot(change);
    for (const id of targetIds) {
      if (targetChangeType === 1) this.#add(id);
      else if (targetChangeType === 2) this.#remove(id, change);
      else if (targetChangeType === 3) this.#added(id).isCurrent = true;
      else if (targetChangeType === 4) this.#reset(id);
    }
  }

  #takeSnapshot({ readTime, resumeToken }: TargetChange): void {
    if (!readTime || !resumeToken) throw new Error("A snapshot lacks its time or its token.");
    const added = [...this.#targets].filter(([, { isAdded }]) => isAdded);
    const targets = new Map(
      added.map(([id, { documents, isCurrent }]) => {
        if (!isCurrent) throw new Error(`A snapshot came before target ${id} was current.`);
        return [id, new Map(documents)] as const;
      }),
    );
    this.snapshots.push({ time: microsOf(readTime), resumeToken, targets });
  }

  #add(id: number): void {
    const target = this.#targets.get(id);
    if (!target || target.isAdded) throw new Error(`Target ${id} was not to be added.`);
    target.isAdded = true;
  }

  #remove(id: number, change: TargetChange): void {
    this.removals.push(change);
    this.#targets.delete(id);
  }

  #reset(id: number): void {
    this.resets.push(id);
    const target = this.#added(id);
    target.documents.clear();
    target.isCurrent = false;
  }

  #added(id: number): TargetView {
    const target = this.#targets.get(id);
    if (!target?.isAdded) throw new Error(`Target ${id} was not added.`);
    return target;
  }
}
