import { ModelError } from "@ctb-data/models";
import type { FieldFailure } from "../failure.ts";
import type { PromotionTarget, TargetColumn } from "./promotion-target.ts";
import type { PromotableDocument } from "./promotion.ts";

/** Documents that have the same columns. */
export interface ColumnGroup {
  readonly g: number;
  /** In the order of the table. */
  readonly columns: readonly TargetColumn[];
  /** The columns with a default that they have: what tells one INSERT from another. */
  readonly presets: string;
}

/** A document that could become a row. */
export interface Candidate {
  readonly document: PromotableDocument;
  readonly group: ColumnGroup;
  /** What is stored, by column; the columns of references are added when they are resolved. */
  readonly row: object;
  /** The values that its references were resolved to, as PostgreSQL prints them. */
  readonly resolved: Map<string, string>;
  /** PostgreSQL has not stored it once, without saying why. */
  skipped: boolean;
}

/** Documents as candidates, in the order of the UTF-8 bytes of their ids, and those that cannot be any. */
export class CandidateMaker {
  readonly #target: PromotionTarget;
  readonly #groups = new Map<string, ColumnGroup>();

  constructor(target: PromotionTarget) {
    this.#target = target;
  }

  /** The candidate of a document, or why it is none. */
  make(document: PromotableDocument): Candidate | readonly FieldFailure[] {
    try {
      const row = this.#target.toRow(document.row);
      const names = [...Object.keys(row), ...document.references.map(({ column }) => column)];
      const given = names.filter((name) => Reflect.get(row, name) !== undefined || !(name in row));
      const failures = given.flatMap((name) => this.#unusable(name));
      if (failures.length > 0) return failures;
      if (given.length === 0 && this.#target.spare.length === 0) return [nothingGiven];
      return { document, row, group: this.#group(given), resolved: new Map(), skipped: false };
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      return error.issues.map(({ path, message }) => ({
        field: String(path[0] ?? ""),
        code: "wrong_type" as const,
        message: `The value ${message}.`,
      }));
    }
  }

  #unusable(name: string): readonly FieldFailure[] {
    const column = this.#target.columns.get(name);
    const place = this.#target.live.place;
    if (column === undefined)
      return [
        {
          field: name,
          code: "unknown_field",
          message: `The table ${place} of the database has no column ${name}.`,
        },
      ];
    if (!column.live.generated) return [];
    return [
      { field: name, code: "refused", message: `PostgreSQL computes ${name} of ${place} itself.` },
    ];
  }

  #group(names: readonly string[]): ColumnGroup {
    const signature = JSON.stringify(names);
    const known = this.#groups.get(signature);
    if (known !== undefined) return known;
    const set = new Set(names);
    const columns = [...this.#target.columns.values()].filter(({ name }) => set.has(name));
    const presets = columns.filter(({ live }) => live.hasDefault).map(({ stage }) => stage);
    const group = { g: this.#groups.size, columns, presets: presets.join() };
    this.#groups.set(signature, group);
    return group;
  }
}

const nothingGiven: FieldFailure = {
  field: "",
  code: "missing",
  message: "The document has no column of the table.",
};

/** The value of a column as PostgreSQL prints it; null for null, undefined where there is none. @throws {ModelError} */
export function textOf(candidate: Candidate, column: TargetColumn): string | null | undefined {
  const resolved = candidate.resolved.get(column.name);
  if (resolved !== undefined) return resolved;
  const value: unknown = Reflect.get(candidate.row, column.name);
  return value === null || value === undefined ? value : column.toText(value);
}
