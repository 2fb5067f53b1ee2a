import { quoteIdentifier } from "@ctb-data/postgres";
import type { RowKey, RowReference, RowRule, TableScan } from "../rows/row-rule.ts";

/** The one rule, reference or key of a scan that a finding is about. */
export type Broken =
  | { readonly rule: RowRule }
  | { readonly reference: RowReference }
  | { readonly key: RowKey };

/** Finds it by the finding's id. */
export function brokenOf(scan: TableScan, id: string): Broken | undefined {
  const rule = scan.rules.find(({ subject }) => subject.id === id);
  if (rule) return { rule };
  const reference = scan.references.find(({ subject }) => subject.id === id);
  if (reference) return { reference };
  const key = scan.keys.find(({ subject }) => subject.id === id);
  return key && { key };
}

/** A scan with nothing in it but that. */
export function scanOnly(scan: TableScan, broken: Broken): TableScan {
  return {
    ...scan,
    rules: "rule" in broken ? [broken.rule] : [],
    references: "reference" in broken ? [broken.reference] : [],
    keys: "key" in broken ? [broken.key] : [],
  };
}

/** The condition in SQL for the rows that a finding is about, of the alias `t`; undefined where only the model can tell. */
export function brokenRowsSql(scan: TableScan, broken: Broken): string | undefined {
  if ("reference" in broken) return orphanSql(broken.reference);
  if ("key" in broken) return duplicateSql(scan, broken.key);
  return "sql" in broken.rule ? broken.rule.sql : undefined;
}

function orphanSql({ columns, referencedTable, referencedColumns, match }: RowReference): string {
  const own = columns.map((column) => `t.${quoteIdentifier(column)}`);
  const same = own.map(
    (column, index) => `r.${quoteIdentifier(referencedColumns[index] ?? "")} = ${column}`,
  );
  const there = own
    .map((column) => `${column} IS NOT NULL`)
    .join(match === "full" ? " OR " : " AND ");
  const some = own.length > 1 && match === "full" ? `(${there})` : there;
  return `${some} AND NOT EXISTS (SELECT FROM ${referencedTable} r WHERE ${same.join(" AND ")})`;
}

function duplicateSql(scan: TableScan, { parts, where, nullsNotDistinct }: RowKey): string {
  const conditions = [
    ...(where === undefined ? [] : [`(${where})`]),
    ...(nullsNotDistinct ? [] : parts.map((part) => `(${part}) IS NOT NULL`)),
  ];
  const filter = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  // As `scanKeys`: the row with the smallest primary key is kept, without one the first of the table.
  const order = [...scan.key.map((name) => `t.${quoteIdentifier(name)}`), "t.tableoid", "t.ctid"];
  return `(t.tableoid, t.ctid) IN (SELECT d.tableoid, d.ctid FROM (SELECT t.tableoid, t.ctid, row_number() OVER (PARTITION BY ${parts.join(", ")} ORDER BY ${order.join(", ")}) AS place FROM ${scan.table} t${filter}) d WHERE d.place > 1)`;
}

/** The columns that are emptied for a finding, and the condition under which a row would be as wrong as before. */
export interface Clearing {
  readonly columns: readonly string[];
  /** In SQL, of the alias `t`, for a row whose columns are empty. */
  readonly stillBroken: readonly string[];
}

/** What `set-null` does for a finding; undefined where its rows move all the same, since the columns may not be null. */
export function clearingOf(broken: Broken, clearable: ReadonlySet<string>): Clearing | undefined {
  if ("reference" in broken) {
    const { columns, match } = broken.reference;
    const cleared = columns.filter((name) => clearable.has(name));
    // One null is enough for a key that is not MATCH FULL.
    const enough = match === "full" ? columns.length : 1;
    return cleared.length < enough ? undefined : { columns: cleared, stillBroken: [] };
  }
  if ("key" in broken) {
    const { parts, where, nullsNotDistinct, subject } = broken.key;
    const cleared = subject.columns.filter((name) => clearable.has(name));
    if (cleared.length === 0 || nullsNotDistinct) return undefined;
    const full = parts.map((part) => `(${part}) IS NOT NULL`).join(" AND ");
    const stillBroken = where === undefined ? full : `(${where}) AND ${full}`;
    return { columns: cleared, stillBroken: [stillBroken] };
  }
  const { rule } = broken;
  const cleared = rule.subject.columns.filter((name) => clearable.has(name));
  if (cleared.length === 0 || rule.subject.kind === "null") return undefined;
  if ("sql" in rule) return { columns: cleared, stillBroken: [rule.sql] };
  return cleared.length < rule.subject.columns.length
    ? undefined
    : { columns: cleared, stillBroken: [] };
}
