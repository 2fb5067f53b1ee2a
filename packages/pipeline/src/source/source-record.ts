import type { Json } from "@ctb-data/models";
import type { FieldFailure } from "../failure.ts";

/**
 * A record of a vendor's file by the vendor's columns. CSV has texts; JSON has any `Json` (numbers without loss, as models have them). It has
 * no prototype, so that any name can be a column's.
 */
export type SourceRecord = Readonly<Record<string, Json>>;

/** One record as it was read, or why it could not be. */
export interface ReadRecord {
  /** Where it begins in the (decompressed) file, from 1. */
  readonly line: number;
  /** Undefined when it cannot be used at all. */
  readonly record: SourceRecord | undefined;
  /** Why not. Empty for a record that could be read. */
  readonly failures: readonly FieldFailure[];
  /** What was there, as a text of at most 4 KiB, for the file of rejects; only of a record that could not be read. */
  readonly text?: string | undefined;
}

/** What is known of a file when it has been read to its end. */
export interface SourceSummary {
  readonly records: number;
  /** Bytes as they are in the file, compressed or not. */
  readonly bytes: number;
  /** SHA-256 of the file as it is, hexadecimal. */
  readonly sha256: string;
}

/** A file that is being read. */
export interface RecordSource extends AsyncIterable<readonly ReadRecord[]> {
  /** Known when the loop over it has come to its end. */
  readonly summary: SourceSummary | undefined;
}

export interface ReadRecordsOptions {
  readonly format: "csv" | "json" | "ndjson";
  /** CSV only. */
  readonly delimiter: string;
  /** The columns that the blueprint reads: a CSV file whose header lacks one is refused at once, with its line and a near name. */
  readonly columns: readonly string[];
  /** About how many records come together. Default 500. */
  readonly batch?: number;
  /** Called with the bytes of the file that were read since the last call. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}
