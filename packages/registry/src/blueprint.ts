import type { ColumnType, ForeignKey, Source } from "./registry.ts";

/** A checked vendor blueprint: how one vendor's records map to the canonical tables, in one direction or in both. */
export interface VendorBlueprint {
  readonly vendor: string;
  /** Free text: `1`, `2026-01`. */
  readonly version: string;
  readonly description?: string;
  /** From a vendor's file into a canonical table. */
  readonly intake?: BlueprintIntake;
  /** From canonical tables into a vendor's file or table. */
  readonly export?: BlueprintExport;
  /** Free metadata, as the file has it. */
  readonly meta: Readonly<Record<string, unknown>>;
  /** What the file says, for keeping it in a database: `parseBlueprintData` makes the same blueprint of it. */
  readonly data: BlueprintData;
  readonly source: Source;
}

/**
 * The data of a blueprint's file. The canonical columns of `intake` and the fields of `export` are lists, because `jsonb` does
 * not keep the order of a map's keys.
 */
export interface BlueprintData {
  readonly [key: string]: BlueprintJson;
}

export type BlueprintJson =
  | null
  | boolean
  | number
  | string
  | readonly BlueprintJson[]
  | BlueprintData;

/** Records that come in: `columns` says where the value of each canonical column is found in a source record. */
export interface BlueprintIntake {
  readonly format: "csv" | "json" | "ndjson";
  /** What stands between two values of a CSV line. */
  readonly delimiter: string;
  /** The canonical table. */
  readonly table: string;
  /** The collection that holds the records until they are promoted. */
  readonly collection: string;
  /** The source columns (paths, in JSON) whose values tell one record from another. */
  readonly key: readonly ValueOrigin[];
  /** Keyed by canonical column, in the order of the file. */
  readonly columns: ReadonlyMap<string, IntakeColumn>;
  readonly source: Source;
}

export interface IntakeColumn extends ValueRule {
  /** The canonical column. */
  readonly column: string;
  /**
   * Of a column with a foreign key of its own: the values that come are not the key, but those of this unique column of the table
   * that it references.
   */
  readonly lookup?: string;
}

/** Records that go out: one per row of the first table of `tables`. */
export interface BlueprintExport {
  /** The first has one row per record; each of the others is joined by `joins`, at most one row each. */
  readonly tables: readonly [string, ...string[]];
  /** In the order in which they must be joined. */
  readonly joins: readonly BlueprintJoin[];
  readonly output: BlueprintOutput;
  /** Keyed by target field, in the vendor's order. */
  readonly fields: ReadonlyMap<string, ExportField>;
  /** Which rows are records: those that fit all of them. */
  readonly where: readonly BlueprintCondition[];
  /** The columns of the first table that give the records their order: its primary key unless the file says otherwise. */
  readonly orderBy: readonly string[];
  readonly source: Source;
}

/** The column has one of the values; null is NULL. */
export interface BlueprintCondition {
  readonly table: string;
  readonly column: string;
  readonly values: readonly BlueprintScalar[];
}

/** `from`'s foreign key leads to `table`. */
export interface BlueprintJoin {
  readonly table: string;
  readonly from: string;
  readonly foreignKey: ForeignKey;
}

export type BlueprintOutput =
  | {
      readonly format: "csv";
      readonly delimiter: string;
      readonly header: boolean;
      readonly quote: "needed" | "always";
      readonly lineEnd: "\n" | "\r\n";
    }
  | { readonly format: "ndjson" }
  | { readonly format: "fixed-width"; readonly lineEnd: "\n" | "\r\n" }
  /** A table of the vendor's own, created from the fields. */
  | { readonly format: "table"; readonly table: string };

export interface ExportField extends ValueRule {
  /** The vendor's name for it. */
  readonly name: string;
  /** The vendor's type; never an enum. */
  readonly type: ColumnType;
  /** Fixed-width only: how many characters, and on which side the value is filled up. */
  readonly width?: number;
  readonly align?: "left" | "right";
  readonly fill?: string;
}

/**
 * How the value of one target is made: taken from its origin, then `trim`. What is missing then becomes the `default`; what `values` has is
 * done; the rest goes through `format`.
 */
export interface ValueRule {
  readonly origin: ValueOrigin | ConstantOrigin;
  /** A record without a value here is rejected. */
  readonly required: boolean;
  /** What to write instead of a missing value or null. */
  readonly default?: BlueprintScalar;
  /** Keyed by the source value as text. */
  readonly values?: ReadonlyMap<string, BlueprintScalar>;
  /** For a source value that `values` lacks: `keep` it, `reject` the record, or use this value. Only with `values`. */
  readonly otherwise?: "keep" | "reject" | { readonly value: BlueprintScalar };
  readonly format?: ValueFormat;
  /** Space around a text is dropped before anything else. */
  readonly trim: boolean;
  readonly source: Source;
}

export interface ValueOrigin {
  readonly kind: "column";
  /** Export: the canonical table. Intake: undefined, the column is one of the vendor's. */
  readonly table?: string;
  readonly column: string;
  /** Steps into a JSON value: member names and array positions (from 0). Empty for the value itself. */
  readonly path: readonly (string | number)[];
}

export interface ConstantOrigin {
  readonly kind: "constant";
  readonly value: BlueprintScalar;
}

export type BlueprintScalar = string | number | boolean | null;

/** How a value looks in the vendor's text: printed so on the way out, read so on the way in. */
export type ValueFormat =
  /** `YYYY MM DD HH mm ss` and fractions `S` … `SSSSSS`; all else stands for itself. */
  | { readonly kind: "date"; readonly pattern: string }
  | {
      readonly kind: "number";
      /** Leading zeros make up this many digits before the decimal mark. */
      readonly digits?: number;
      /** Exactly so many digits behind it; a value with more is rejected, never rounded. */
      readonly decimals?: number;
      /** `""`: no mark at all, the decimals are implied. */
      readonly decimalMark: "." | "," | "";
      readonly groupMark: "" | "," | "." | " ";
    }
  | { readonly kind: "case"; readonly to: "upper" | "lower" }
  /** A text filled up to `length` characters. */
  | {
      readonly kind: "pad";
      readonly length: number;
      readonly fill: string;
      readonly side: "left" | "right";
    };
