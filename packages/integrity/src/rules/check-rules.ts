import { quoteIdentifier, type CatalogCheck, type CatalogTable } from "@ctb-data/postgres";
import type { CheckConstraint, Table } from "@ctb-data/registry";
import type { RowRule } from "../rows/row-rule.ts";
import { columnsInSql, isQualifiedBy } from "./columns-in-sql.ts";
import { isHidden } from "./rule-column.ts";
import { subjectOf } from "./rule-subject.ts";

/** What the checks of a table are found in. */
export interface CheckedTable {
  readonly table: Table | undefined;
  readonly live: CatalogTable;
  /** Columns whose live type is so different that the registry's expressions may not be SQL any more; and those that are missing. */
  readonly changed: ReadonlySet<string>;
}

/** A check under one name: as the registry has it, as the database has it, or both. */
interface NamedCheck {
  readonly name: string;
  readonly registry: CheckConstraint | undefined;
  readonly live: CatalogCheck | undefined;
}

function namedChecks({ table, live }: CheckedTable): readonly NamedCheck[] {
  const inRegistry = new Map((table?.checks ?? []).map((check) => [check.name, check]));
  const inDatabase = new Map(live.checks.map((check) => [check.name, check]));
  return [...new Set([...inRegistry.keys(), ...inDatabase.keys()])].map((name) => ({
    name,
    registry: inRegistry.get(name),
    live: inDatabase.get(name),
  }));
}

/**
 * A rule for each check of the registry and of the live table, whatever the database says of its being validated or enforced.
 * Both expressions of one name are one rule.
 */
export function checkRules(checked: CheckedTable): readonly RowRule[] {
  return namedChecks(checked).flatMap((check) => {
    const { table, live } = checked;
    const expressions = [
      ...(check.registry === undefined || changedIn(check.registry, checked).length > 0
        ? []
        : [check.registry.expression]),
      ...(check.live === undefined ? [] : [check.live.expression]),
    ];
    if (expressions.length === 0) return [];
    const names = live.columns.map(({ name }) => name);
    const columns =
      check.live?.columns ?? columnsInSql(check.registry?.expression ?? "", new Set(names));
    const hidden = columns.some((name) => {
      const column = table?.columns.get(name);
      return column !== undefined && isHidden(column);
    });
    // Nobody but the database wants it, and the database does not insist.
    const severity =
      check.registry === undefined && check.live?.enforced === false ? "warning" : "error";
    const subject = subjectOf({
      kind: "check",
      severity,
      table: live.name,
      columns,
      hidden,
      constraint: check.name,
      says: [`breaks the check ${check.name}`, `break the check ${check.name}`],
    });
    const different = new Map(expressions.map((sql) => [sql.replaceAll(/[\s()]/g, ""), sql]));
    return [
      { subject, sql: [...different.values()].map((sql) => isFalse(sql, live.name)).join(" OR ") },
    ];
  });
}

/** True when a check is false. Null counts as kept. */
function isFalse(expression: string, table: string): string {
  if (!isQualifiedBy(expression, table)) return `NOT (${expression})`;
  // The expression calls the table by its name, which here is t.
  return `NOT (SELECT (${expression}) FROM (SELECT t.*) AS ${quoteIdentifier(table)})`;
}

function changedIn(check: CheckConstraint, { changed }: CheckedTable): readonly string[] {
  return columnsInSql(check.expression, changed);
}

/** Why some checks of the registry are not evaluated: full sentences. */
export function uncheckedChecks(checked: CheckedTable): readonly string[] {
  return namedChecks(checked).flatMap(({ name, registry }) => {
    const columns = registry === undefined ? [] : changedIn(registry, checked);
    if (columns.length === 0) return [];
    return [
      `The check ${name} of the registry was not evaluated on ${checked.live.name}: the database does not have ${columns.join(", ")} with the type that the registry says.`,
    ];
  });
}
