import type { FindingKind, Severity } from "../finding.ts";

/** What a rule says of a row that breaks it. */
export interface RuleSubject {
  /** {@link Finding.id} */
  readonly id: string;
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly columns: readonly string[];
  readonly constraint?: string;
  /** The message of the finding: `12 rows of orders have no amount, which the registry requires.` */
  readonly message: (count: number) => string;
  /** Values of these are never shown, in no example. */
  readonly hidden: boolean;
}

/**
 * One rule that each row of a table keeps by itself, without looking at others. Either the server can tell (`sql`), or only
 * the model can (`breaks`).
 */
export type RowRule =
  | {
      readonly subject: RuleSubject;
      /** True for a row that breaks it; null counts as false. Columns are those of the alias `t`: `t."amount" IS NULL`. */
      readonly sql: string;
    }
  | {
      readonly subject: RuleSubject;
      /** A condition in SQL that holds for every row that could break it, to read no more than needed: `t."email" IS NOT NULL`. */
      readonly reads: string;
      /** The columns whose texts it asks for, in this order. */
      readonly columns: readonly string[];
      /** What is wrong with a row, from the texts of its columns as PostgreSQL prints them; undefined when nothing is. */
      readonly breaks: (texts: readonly (string | null)[]) => string | undefined;
    };

/** One reference, as the registry or the live database has it. */
export interface RowReference {
  readonly subject: RuleSubject;
  readonly columns: readonly string[];
  /** Quoted, with its schema. */
  readonly referencedTable: string;
  readonly referencedColumns: readonly string[];
  /** With FULL, a key of which a part is null leads nowhere, too. */
  readonly match: "simple" | "full";
}

/** One key that the registry, or a unique constraint or index of the live database, wants to be there only once. */
export interface RowKey {
  readonly subject: RuleSubject;
  /** SQL of each part, of the alias `t`: `t."email"`, `lower(t."email")`. */
  readonly parts: readonly string[];
  /** The predicate of a partial index, of the alias `t`. */
  readonly where?: string;
  /** `NULLS NOT DISTINCT`: null counts as a value. */
  readonly nullsNotDistinct: boolean;
}

/** All that is to be looked for in one table, in one pass over it for the rules and references, and one for the keys. */
export interface TableScan {
  /** Quoted, with its schema. */
  readonly table: string;
  /** Without its schema. */
  readonly name: string;
  /** The columns that name a row in an example; empty for a table without a primary key. */
  readonly key: readonly string[];
  readonly estimatedRows: number;
  readonly rules: readonly RowRule[];
  readonly references: readonly RowReference[];
  readonly keys: readonly RowKey[];
}

/** A row that breaks one or more of a scan's rules or references. */
export interface RowViolation {
  /** Where it is, as long as nobody changes it: `tableoid` (a partition has its own) and `ctid`. */
  readonly tableId: string;
  readonly ctid: string;
  readonly key: Readonly<Record<string, string | null>>;
  /** Which of the scan's rules and references, and the details of those that the model checks. */
  readonly broken: readonly { readonly subject: RuleSubject; readonly detail?: string }[];
}
