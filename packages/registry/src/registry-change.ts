import type {
  CheckConstraint,
  Collection,
  Column,
  DocumentMapping,
  EnumType,
  ForeignKey,
  Index,
  KeyConstraint,
  Table,
} from "./registry.ts";

/**
 * One difference between two registries. Names of tables and columns are those *after*, but for what is gone; a rename
 * is a change of its own and comes first. `destructive`: applying it loses data, or may fail on the data that is there.
 */
export type RegistryChange = { readonly destructive: boolean } & (
  | { readonly kind: "schema-changed"; readonly before: string; readonly after: string }
  | { readonly kind: "enum-added"; readonly enum: EnumType }
  | { readonly kind: "enum-removed"; readonly enum: EnumType }
  | {
      readonly kind: "enum-changed";
      readonly before: EnumType;
      readonly after: EnumType;
      /** New values, each with the value that it stands before (undefined: at the end). */
      readonly added: readonly { readonly value: string; readonly before?: string }[];
      readonly removed: readonly string[];
      /** The values that both have stand in another order. */
      readonly reordered: boolean;
    }
  | { readonly kind: "table-added"; readonly table: Table }
  | { readonly kind: "table-removed"; readonly table: Table }
  | { readonly kind: "table-renamed"; readonly from: string; readonly to: string }
  | { readonly kind: "column-added"; readonly table: string; readonly column: Column }
  | { readonly kind: "column-removed"; readonly table: string; readonly column: Column }
  | {
      readonly kind: "column-renamed";
      readonly table: string;
      readonly from: string;
      readonly to: string;
    }
  | {
      readonly kind: "column-changed";
      readonly table: string;
      readonly before: Column;
      readonly after: Column;
      /** All that differs, at least one. */
      readonly what: readonly ColumnAspect[];
    }
  | {
      readonly kind: "primary-key-changed";
      readonly table: string;
      readonly before?: KeyConstraint;
      readonly after?: KeyConstraint;
    }
  | { readonly kind: "unique-added"; readonly table: string; readonly constraint: KeyConstraint }
  | { readonly kind: "unique-removed"; readonly table: string; readonly constraint: KeyConstraint }
  | { readonly kind: "check-added"; readonly table: string; readonly constraint: CheckConstraint }
  | { readonly kind: "check-removed"; readonly table: string; readonly constraint: CheckConstraint }
  | { readonly kind: "foreign-key-added"; readonly table: string; readonly constraint: ForeignKey }
  | {
      readonly kind: "foreign-key-removed";
      readonly table: string;
      readonly constraint: ForeignKey;
    }
  | { readonly kind: "index-added"; readonly table: string; readonly index: Index }
  | { readonly kind: "index-removed"; readonly table: string; readonly index: Index }
  /** Of a key, a unique constraint, a check or a foreign key that is otherwise the same. */
  | {
      readonly kind: "constraint-renamed";
      readonly table: string;
      readonly from: string;
      readonly to: string;
    }
  | {
      readonly kind: "index-renamed";
      readonly table: string;
      readonly from: string;
      readonly to: string;
    }
  | {
      readonly kind: "documents-changed";
      readonly table: string;
      readonly before?: DocumentMapping;
      readonly after?: DocumentMapping;
    }
  | {
      readonly kind: "collection-changed";
      readonly name: string;
      readonly before?: Collection;
      readonly after?: Collection;
    }
);

/**
 * What can differ between two columns. `type`, `nullable`, `default` and `encryption` change the database; `rules`
 * (format, min, max, pattern) only the models; `notes` (description, examples, classification, deprecated) only texts.
 */
export type ColumnAspect = "type" | "nullable" | "default" | "encryption" | "rules" | "notes";
