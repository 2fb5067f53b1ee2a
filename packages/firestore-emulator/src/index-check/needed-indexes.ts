import type { FieldPath } from "../name/field-path.ts";
import type { ParsedQuery } from "../query/parsed-query.ts";
import { findScan } from "./find-scan.ts";
import { formatIndexes } from "./format-indexes.ts";
import { indexFor, distinctRequirements, type IndexRequirement } from "./index-requirement.ts";
import { automaticIndexes, indexKey, type IndexSet } from "./index-set.ts";
import { withIndex } from "./with-index.ts";

/** Collects which indexes the queries of one database would have needed, each once. */
export class NeededIndexes {
  readonly #given: IndexSet;
  readonly #requirements = new Map<string, IndexRequirement>();

  /** @param given the indexes that are there and so are not collected. */
  constructor(given: IndexSet = automaticIndexes) {
    this.#given = given;
  }

  /** @param aggregatedFields the fields of sums and averages. */
  record(query: ParsedQuery, aggregatedFields: readonly FieldPath[] = []): void {
    for (const requirement of distinctRequirements(query, aggregatedFields)) {
      if (findScan(requirement, this.#given) !== undefined) continue;
      this.#requirements.set(indexKey(indexFor(requirement)), requirement);
    }
  }

  /**
   * The indexes that answer all queries so far, and those that were given. None is among them that the others make up for
   * when they are merged: the shortest come first.
   */
  indexes(): IndexSet {
    let indexes = this.#given;
    const requirements = [...this.#requirements].toSorted(
      ([leftKey, left], [rightKey, right]) =>
        indexFor(left).fields.length - indexFor(right).fields.length ||
        (leftKey < rightKey ? -1 : 1),
    );
    for (const [, requirement] of requirements) {
      if (findScan(requirement, indexes) !== undefined) continue;
      indexes = withIndex(indexes, indexFor(requirement));
    }
    return indexes;
  }

  /** Those indexes as a `firestore.indexes.json`, with those that were given. */
  toJson(): string {
    return formatIndexes(this.indexes());
  }

  /** Forgets what was collected. */
  clear(): void {
    this.#requirements.clear();
  }
}
