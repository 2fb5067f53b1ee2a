import type { ColumnTypeName, FirestoreType, ValueKind } from "./column-types.ts";

/** Where something is declared: lines and columns count from 1. */
export interface Source {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * A checked and resolved column registry: every name exists, every default is filled in, every constraint has the name
 * that it has in PostgreSQL. Maps are keyed by name and keep the order of the file.
 */
export interface Registry {
  readonly version: 1;
  /** The PostgreSQL schema of every table. */
  readonly schema: string;
  readonly enums: ReadonlyMap<string, EnumType>;
  readonly tables: ReadonlyMap<string, Table>;
  /** Documents that have no table. */
  readonly collections: ReadonlyMap<string, Collection>;
  /** The files it was read from. */
  readonly files: readonly string[];
}

export interface EnumType {
  readonly name: string;
  readonly description?: string;
  readonly values: readonly string[];
  readonly source: Source;
}

export interface Table {
  readonly name: string;
  /** Stays the same when the name changes. */
  readonly id?: string;
  readonly renamedFrom?: string;
  readonly description?: string;
  readonly owner?: string;
  readonly tags: readonly string[];
  /** Includes the columns of its mixins and the blind indexes of its encrypted columns. */
  readonly columns: ReadonlyMap<string, Column>;
  /** Undefined for a table without a primary key. */
  readonly primaryKey?: KeyConstraint;
  /** Of columns (`unique: true`) and of the table, in that order. */
  readonly uniques: readonly KeyConstraint[];
  readonly indexes: readonly Index[];
  /** Of columns (`check`) and of the table, in that order. */
  readonly checks: readonly CheckConstraint[];
  /** Of columns (`references`) and of the table (`fk`), in that order. */
  readonly foreignKeys: readonly ForeignKey[];
  /** How its rows look as documents. Undefined for a table that Firestore does not hold. */
  readonly firestore?: DocumentMapping;
  /** Free metadata, as the file has it. */
  readonly meta: Readonly<Record<string, unknown>>;
  readonly source: Source;
}

export interface Column {
  readonly name: string;
  readonly id?: string;
  readonly renamedFrom?: string;
  /** What the column means. An encrypted column stores its ciphertext in a `text` column all the same. */
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** An SQL expression. */
  readonly default?: string;
  /** `email`, `url`, … : checked by the models. */
  readonly format?: ColumnFormat;
  /** Of a number its smallest value, of a text its smallest length in characters (code points). */
  readonly min?: number;
  readonly max?: number;
  /** A regular expression (ECMAScript, flag `u`), not anchored. */
  readonly pattern?: string;
  /** The only texts that it may have. Checked by the models; the database does not know. */
  readonly oneOf?: readonly string[];
  readonly description?: string;
  readonly examples: readonly unknown[];
  readonly classification?: string;
  readonly encryption?: ColumnEncryption;
  /** This column holds the blind index of that encrypted column; models and documents leave it out. */
  readonly blindIndexOf?: string;
  readonly deprecated?: string | true;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly source: Source;
}

export type ColumnFormat =
  | "email"
  | "url"
  | "uri"
  | "hostname"
  | "ipv4"
  | "ipv6"
  | "phone"
  | "slug";

export type ColumnType = BuiltInType | EnumColumnType;

export interface BuiltInType {
  readonly name: ColumnTypeName;
  readonly kind: Exclude<ValueKind, "enum">;
  /** `varchar(n)`, `char(n)`: in characters. */
  readonly length?: number;
  /** `numeric(p,s)`: digits; `time(p)`, `timestamp(p)`: digits of the second's fraction. */
  readonly precision?: number;
  readonly scale?: number;
  /** 0 for a plain value, 1 for `text[]`, 2 for `text[][]` … */
  readonly dimensions: number;
}

export interface EnumColumnType {
  readonly name: string;
  readonly kind: "enum";
  readonly values: readonly string[];
  readonly dimensions: number;
}

export interface ColumnEncryption {
  /** Undefined when the column cannot be looked up by value. */
  readonly blindIndex?: {
    /** The column that holds it. */
    readonly column: string;
    /** What is done to a value before it is hashed. */
    readonly normalize: "none" | "trim" | "lowercase";
    /** The length of the hash in bits. */
    readonly bits: number;
  };
}

/** A primary key or a unique constraint. */
export interface KeyConstraint {
  readonly name: string;
  readonly columns: readonly string[];
  readonly source: Source;
}

export interface Index {
  readonly name: string;
  readonly parts: readonly IndexPart[];
  readonly unique: boolean;
  /** PostgreSQL's access method: `btree` unless the file says otherwise. */
  readonly method: string;
  /** The predicate of a partial index, in SQL. */
  readonly where?: string;
  /** Columns of a covering index. */
  readonly include: readonly string[];
  readonly source: Source;
}

export type IndexPart = (
  | { readonly column: string }
  /** An SQL expression, without the parentheses around it. */
  | { readonly expression: string }
) & {
  readonly order?: "asc" | "desc";
  readonly nulls?: "first" | "last";
  readonly operatorClass?: string;
};

export interface CheckConstraint {
  readonly name: string;
  /** In SQL, without the parentheses around it. */
  readonly expression: string;
  readonly source: Source;
}

export interface ForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly referencedTable: string;
  readonly referencedColumns: readonly string[];
  readonly onDelete: ReferentialAction;
  readonly onUpdate: ReferentialAction;
  readonly source: Source;
}

export type ReferentialAction = "no action" | "restrict" | "cascade" | "set null" | "set default";

/** How the rows of a table look as documents. */
export interface DocumentMapping {
  readonly collection: string;
  /** The column whose value, as a string, is the document's id. */
  readonly idColumn: string;
  /**
   * In the order in which documents are written; keyed by the document field. The id column is among them only when
   * the file gives it a field: the document's id holds it anyway. Columns of blind indexes never are.
   */
  readonly fields: ReadonlyMap<string, DocumentField>;
  readonly access: DocumentAccess;
  /** What only Firestore needs: the indexes of the table are not among them. */
  readonly indexes: readonly DocumentIndex[];
  readonly source: Source;
}

export type DocumentField =
  /** Holds a column. */
  | {
      readonly name: string;
      readonly column: string;
      /** `string` on a column that references another table's document id, so that both sides compare. */
      readonly type: FirestoreType;
      readonly source: Source;
    }
  /** Is the document's own: no column has it. */
  | {
      readonly name: string;
      readonly column?: undefined;
      readonly type: FirestoreType;
      readonly required: boolean;
      readonly description?: string;
      readonly source: Source;
    };

/**
 * Who may do what to documents from an app. Servers with credentials of the project are not bound by it. `none` unless
 * the file says otherwise.
 */
export interface DocumentAccess {
  /** Where the user id (`uid`) of a document's owner is. Always there when something is the owner's to do. */
  readonly owner?: DocumentOwner;
  readonly read: DocumentAudience;
  readonly create: DocumentAudience;
  readonly update: DocumentAudience;
  readonly delete: DocumentAudience;
}

export type DocumentAudience = "none" | "owner" | "signed_in";

export type DocumentOwner =
  /** The document's id. */
  | { readonly kind: "id" }
  /** A field of texts. */
  | { readonly kind: "field"; readonly field: string };

/** An index of documents. One of a single field says that the field is to be indexed, whatever is derived for it. */
export interface DocumentIndex {
  readonly fields: readonly DocumentIndexField[];
  /** `collection_group`: for queries of all collections of this name. */
  readonly scope: "collection" | "collection_group";
  readonly source: Source;
}

export interface DocumentIndexField {
  /** The field, and the keys of the maps in it. */
  readonly path: readonly string[];
  /** How it is indexed: in an order, by the elements of an array, or for nearest neighbours of vectors. */
  readonly by: "asc" | "desc" | "contains" | { readonly dimension: number };
}

/** Documents that have no table. */
export interface Collection {
  readonly name: string;
  readonly description?: string;
  readonly fields: ReadonlyMap<string, DocumentField & { readonly column?: undefined }>;
  readonly access: DocumentAccess;
  readonly indexes: readonly DocumentIndex[];
  readonly meta: Readonly<Record<string, unknown>>;
  readonly source: Source;
}
