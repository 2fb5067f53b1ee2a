import type { Uncovered } from "../archive/postgres-manifest.ts";

/** One object of a database: what makes it, and what must be there before it. */
export interface SchemaObject {
  /** Its kind and its full name, as `index sales.orders_key on sales.orders`. The same in every database that has it. */
  readonly id: string;
  /** In lower case: `table`, `enum`, `foreign key`, `grant`, … */
  readonly kind: string;
  /** Null for what is in no schema, as extensions. */
  readonly schema: string | null;
  /** As the catalog has it, unquoted. With argument types for functions. */
  readonly name: string;
  /** One or more statements, each with its semicolon, that say the full name of everything. */
  readonly sql: string;
  /** Ids of objects of this export that must be made before. */
  readonly dependsOn?: readonly string[];
  /** The table, view or sequence that it belongs to. */
  readonly table?: { readonly schema: string; readonly name: string };
  /** Roles that must exist. The owner of the whole is never among them. */
  readonly roles?: readonly string[];
}

/** A whole schema, each list in an order in which it can be run. */
export interface SchemaExport {
  /** `180004` */
  readonly serverVersionNumber: number;
  /** What must be there before the rows are. */
  readonly preData: readonly SchemaObject[];
  /** What comes after the rows: indexes, then foreign keys, then triggers and policies, then refreshes. */
  readonly postData: readonly SchemaObject[];
  /** What names roles: grants, default privileges, settings of roles. Roles belong to the cluster and may be missing elsewhere. */
  readonly grants: readonly SchemaObject[];
  /** What the database has and this export has not. */
  readonly uncovered: readonly Uncovered[];
}
