/** What a live database has, in the words of the registry, so that the two compare. Lists are in catalog order. */
export interface Catalog {
  /** As `SHOW server_version` says it. */
  readonly serverVersion: string;
  /** The schemas that were read. */
  readonly schemas: readonly string[];
  readonly tables: readonly CatalogTable[];
  readonly enums: readonly CatalogEnum[];
  readonly sequences: readonly CatalogSequence[];
  readonly views: readonly CatalogView[];
}

export interface CatalogTable {
  readonly schema: string;
  readonly name: string;
  readonly comment?: string;
  readonly partitioned: boolean;
  /** The planner's estimate; -1 when the table was never analysed. */
  readonly estimatedRows: number;
  readonly columns: readonly CatalogColumn[];
  readonly primaryKey?: CatalogKey;
  readonly uniques: readonly CatalogKey[];
  readonly foreignKeys: readonly CatalogForeignKey[];
  readonly checks: readonly CatalogCheck[];
  /** Without the indexes that belong to a primary key or a unique constraint. */
  readonly indexes: readonly CatalogIndex[];
}

export interface CatalogColumn {
  readonly name: string;
  /** PostgreSQL's `format_type`: `character varying(255)`, `text[]`, `integer`. */
  readonly type: string;
  readonly nullable: boolean;
  /** The default as PostgreSQL prints it. A `serial` column has its `nextval(…)` here and `serial: true`. */
  readonly default?: string;
  /** The default is the next value of a sequence that the column owns. */
  readonly serial: boolean;
  readonly identity?: "always" | "by default";
  /** The expression of a generated column. */
  readonly generated?: string;
  /** It is generated when it is read, and not stored (PostgreSQL 18). Left out where it is stored. */
  readonly virtual?: true;
  /** Its collation, quoted as `format_type` quotes, where it is not that of its type. */
  readonly collation?: string;
  /** The name of its NOT NULL constraint where that is `NOT VALID` (PostgreSQL 18): rows from before may have nulls. */
  readonly notNullNotValid?: string;
  readonly comment?: string;
}

export interface CatalogKey {
  readonly name: string;
  readonly columns: readonly string[];
  /** `NULLS NOT DISTINCT`: null counts as a value. Left out where it does not. */
  readonly nullsNotDistinct?: true;
  /** Left out where it is checked at once. */
  readonly deferrable?: true;
  /** `WITHOUT OVERLAPS` (PostgreSQL 18): the last column is a range, and no two overlap. Left out where they are equal or not. */
  readonly withoutOverlaps?: true;
}

export interface CatalogForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly referencedSchema: string;
  readonly referencedTable: string;
  readonly referencedColumns: readonly string[];
  readonly onDelete: "no action" | "restrict" | "cascade" | "set null" | "set default";
  readonly onUpdate: "no action" | "restrict" | "cascade" | "set null" | "set default";
  /** The columns that `SET NULL` and `SET DEFAULT` of a deletion set, where those are not all. */
  readonly onDeleteColumns?: readonly string[];
  readonly deferrable: boolean;
  /** `INITIALLY DEFERRED`. Left out where it is not. */
  readonly deferred?: true;
  /** `full`: a key of which only a part is null is refused. PostgreSQL has no `partial`. */
  readonly match: "simple" | "full";
  /** False after `NOT VALID`: rows from before are not checked. */
  readonly validated: boolean;
  /** False for `NOT ENFORCED` (PostgreSQL 18). */
  readonly enforced: boolean;
  /** False when a trigger that keeps it, on either side or on a partition of it, is switched off. */
  readonly triggersEnabled: boolean;
  /** `PERIOD` (PostgreSQL 18): the last column is a range that the referenced rows must cover. Left out where it is not. */
  readonly period?: true;
}

export interface CatalogCheck {
  readonly name: string;
  /** As PostgreSQL prints it, without the parentheses around it. */
  readonly expression: string;
  readonly columns: readonly string[];
  readonly validated: boolean;
  /** False for `NOT ENFORCED` (PostgreSQL 18). */
  readonly enforced: boolean;
}

export interface CatalogIndex {
  readonly name: string;
  readonly unique: boolean;
  /** `NULLS NOT DISTINCT`: null counts as a value. Left out where it does not. */
  readonly nullsNotDistinct?: true;
  readonly method: string;
  /** The whole statement, as `pg_get_indexdef` prints it. */
  readonly definition: string;
  readonly parts: readonly CatalogIndexPart[];
  readonly include: readonly string[];
  /** All columns that it needs, in the order of the table: those in its expressions and its predicate among them. */
  readonly columns: readonly string[];
  /** The predicate of a partial index. */
  readonly where?: string;
  /** False for an index that a failed `CREATE INDEX CONCURRENTLY` left behind. */
  readonly valid: boolean;
}

export interface CatalogIndexPart {
  /** Undefined for an expression. */
  readonly column?: string;
  readonly expression?: string;
  readonly order: "asc" | "desc";
  readonly nulls: "first" | "last";
  /** Undefined when it is the default of the column's type. */
  readonly operatorClass?: string;
  /** Of a column, when the index compares by another collation than the column: `"C"`, quoted. */
  readonly collation?: string;
}

export interface CatalogEnum {
  readonly schema: string;
  readonly name: string;
  readonly values: readonly string[];
  readonly comment?: string;
}

export interface CatalogSequence {
  readonly schema: string;
  readonly name: string;
  /** The column that owns it. */
  readonly ownedBy?: { readonly table: string; readonly column: string };
  readonly type: string;
}

export interface CatalogView {
  readonly schema: string;
  readonly name: string;
  readonly materialized: boolean;
}
