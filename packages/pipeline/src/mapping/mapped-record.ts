import type { Json, ModelValue } from "@ctb-data/models";
import type { FieldFailure } from "../failure.ts";
import type { SourceRecord } from "../source/source-record.ts";

/** What a column got from a source record. */
export type MappedValue =
  /** A value of the model's type, or null. */
  | { readonly kind: "value"; readonly value: ModelValue }
  /** The row of another table is looked up by one of its unique columns, when the document is promoted. */
  | { readonly kind: "lookup"; readonly column: string; readonly value: ModelValue }
  /** The rule or the column's type could not use it: what the source had, for people to mend. */
  | { readonly kind: "raw"; readonly value: Json; readonly failures: readonly FieldFailure[] };

/** A source record by canonical columns. A column that got nothing is missing: it gets its default. */
export type MappedRecord = ReadonlyMap<string, MappedValue>;

/** Compiled once per blueprint, called per record. */
export interface IntakeMapping {
  /** @returns never throws for what a record holds. */
  map(record: SourceRecord): MappedRecord;
  /**
   * The values of the blueprint's key as texts, space around them dropped; or what is missing of them. Numbers, booleans and
   * texts of one look are one key (`7` and `"7"`).
   */
  keyOf(record: SourceRecord): readonly string[] | readonly FieldFailure[];
}
