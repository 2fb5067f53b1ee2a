import { quoteIdentifier } from "@ctb-data/postgres";
import type { Finding, FindingKind } from "../src/finding.ts";
import type { NextWork } from "../src/fix/fix-findings.ts";
import type { StepTarget } from "../src/fix/step-target.ts";
import type { RuleSubject, TableScan } from "../src/rows/row-rule.ts";

const qualified = (table: string): string => `public.${quoteIdentifier(table)}`;

function subject(
  kind: FindingKind,
  table: string,
  columns: readonly string[],
  constraint?: string,
): RuleSubject {
  return {
    id: `${kind}:${table}.${columns.join(",")}`,
    kind,
    severity: "error",
    columns,
    ...(constraint !== undefined && { constraint }),
    message: (count) => `${count} rows of ${table} have a ${kind} in ${columns.join(", ")}.`,
    hidden: false,
  };
}

function finding(of: RuleSubject, table: string): Finding {
  const { id, kind, severity, columns, constraint, message } = of;
  return {
    id, kind, severity, store: "postgres", table, columns, message: message(1), count: 1, examples: [],
    ...(constraint !== undefined && { constraint }),
  }; // prettier-ignore
}

function target(
  table: string,
  of: RuleSubject,
  scan: Partial<TableScan> & { readonly key?: readonly string[] },
): StepTarget {
  return {
    finding: finding(of, table),
    scan: {
      table: qualified(table), name: table, key: ["id"], estimatedRows: 0, rules: [], references: [], keys: [], ...scan,
    },
  }; // prettier-ignore
}

/** The orphans of a reference: `orphans("orders", ["customer_id"], "customers", ["id"])`. */
export function orphans(
  table: string,
  columns: readonly string[],
  to: { readonly table: string; readonly columns: readonly string[] },
  {
    constraint,
    key = ["id"],
    match = "simple",
  }: {
    readonly constraint?: string;
    readonly key?: readonly string[];
    readonly match?: "simple" | "full";
  } = {},
): StepTarget {
  const of = subject("orphan", table, columns, constraint);
  const reference = {
    subject: of,
    columns,
    referencedTable: qualified(to.table),
    referencedColumns: to.columns,
    match,
  };
  return target(table, of, { key, references: [reference] });
}

/** The rows of a key that are too many. */
export function duplicates(
  table: string,
  columns: readonly string[],
  {
    constraint,
    key = ["id"],
    parts,
  }: {
    readonly constraint?: string;
    readonly key?: readonly string[];
    readonly parts?: readonly string[];
  } = {},
): StepTarget {
  const of = subject("duplicate", table, columns, constraint);
  const rowKey = {
    subject: of,
    parts: parts ?? columns.map((name) => `t.${quoteIdentifier(name)}`),
    nullsNotDistinct: false,
  };
  return target(table, of, { key, keys: [rowKey] });
}

/** The rows for which a condition holds. */
export function broken(
  kind: FindingKind,
  table: string,
  columns: readonly string[],
  sql: string,
  {
    constraint,
    key = ["id"],
  }: { readonly constraint?: string; readonly key?: readonly string[] } = {},
): StepTarget {
  const of = subject(kind, table, columns, constraint);
  return target(table, of, { key, rules: [{ subject: of, sql }] });
}

/** A run that does this, and no second round. */
export function once(targets: readonly StepTarget[]): NextWork {
  return async (done) => (done.length > 0 ? undefined : { targets, documents: [] });
}
