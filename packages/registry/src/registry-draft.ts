import type { z } from "zod";
import type { Checking } from "./check-shape.ts";
import type { columnHeadSchema, firestoreHeadSchema, tableHeadSchema } from "./registry-schema.ts";
import type { Column, EnumType, IndexPart, ReferentialAction } from "./registry.ts";
import type { Located, LocatedMap, Spot } from "./yaml-node.ts";

/** What the documents of a table are called, before their fields are looked at. */
export interface DocumentDraft {
  readonly table: TableDraft;
  readonly at: Located;
  readonly collection: string;
  readonly idColumn: string;
  readonly omit: ReadonlySet<string>;
  readonly rules: DocumentRules;
}

/** Who may do what to documents, before it is known which fields they have. */
export type DocumentRules = Pick<z.infer<typeof firestoreHeadSchema>, "owner" | "access">;

/** What the checks of tables share. */
export interface RegistryChecking extends Checking {
  readonly schema: string;
  readonly enums: ReadonlyMap<string, EnumType>;
  /** Undefined for one that could not be read. */
  readonly mixins: ReadonlyMap<string, LocatedMap | undefined>;
  /** Enums that could not be read: a column may name them all the same. */
  readonly lostEnums: ReadonlySet<string>;
}

/** A column whose own keys were checked. */
export interface ColumnDraft {
  readonly at: LocatedMap;
  readonly data: z.infer<typeof columnHeadSchema>;
  readonly column: Column;
}

/** A key, check, index or foreign key before it has a name. */
interface Unnamed {
  /** As the file gives it. */
  readonly name: string | undefined;
  readonly spot: Spot;
}

export interface KeyDraft extends Unnamed {
  readonly columns: readonly string[];
}

export interface CheckDraft extends Unnamed {
  readonly expression: string;
  /** The columns that the expression mentions. */
  readonly columns: readonly string[];
}

export interface IndexDraft extends Unnamed {
  readonly parts: readonly IndexPart[];
  /** What PostgreSQL calls each part when it makes up a name. */
  readonly partNames: readonly string[];
  readonly unique: boolean;
  readonly method: string;
  readonly where?: string;
  readonly include: readonly string[];
  /** All columns that it mentions. */
  readonly columns: readonly string[];
}

/** A foreign key as the file has it: the other side is not looked up yet. */
export interface ReferenceDraft extends Unnamed {
  /** Undefined: the columns have the names of those on the other side. */
  readonly columns: readonly string[] | undefined;
  /** Either a text, as in `clients.id`, or a table and columns (none: its primary key). */
  readonly target: string | { readonly table: string; readonly columns: readonly string[] };
  readonly onDelete: ReferentialAction;
  readonly onUpdate: ReferentialAction;
}

/** A foreign key both sides of which exist. */
export interface ForeignKeyDraft extends Unnamed {
  readonly columns: readonly string[];
  readonly referencedTable: string;
  readonly referencedColumns: readonly string[];
  readonly onDelete: ReferentialAction;
  readonly onUpdate: ReferentialAction;
}

/** A table whose own keys and columns were checked. */
export interface TableDraft {
  readonly name: string;
  readonly at: LocatedMap;
  readonly data: z.infer<typeof tableHeadSchema>;
  readonly columns: ReadonlyMap<string, ColumnDraft>;
  /** A column could not be read, so that an unknown name may be its. */
  readonly incomplete: boolean;
  readonly primaryKey?: KeyDraft;
  readonly uniques: readonly KeyDraft[];
  readonly checks: readonly CheckDraft[];
  readonly indexes: readonly IndexDraft[];
  readonly references: readonly ReferenceDraft[];
}
