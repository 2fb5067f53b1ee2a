import type { Keyring } from "@ctb-data/models";
import {
  quoteIdentifier,
  type CatalogColumn,
  type CatalogEnum,
  type CatalogTable,
} from "@ctb-data/postgres";
import type { Column, ColumnType, Registry, Table } from "@ctb-data/registry";
import type { RowRule } from "../rows/row-rule.ts";
import { checkRules, uncheckedChecks, type CheckedTable } from "./check-rules.ts";
import { encryptedColumnRules } from "./encrypted-column-rules.ts";
import { liveTypeOf } from "./live-type.ts";
import { plainColumnRules } from "./plain-column-rules.ts";
import { isHidden, type RuleColumn } from "./rule-column.ts";
import { subjectOf } from "./rule-subject.ts";
import { isSameFamily } from "./value-sql.ts";

/** Whose rules are asked for. */
export interface ColumnRulesOptions {
  readonly registry: Pick<Registry, "schema">;
  /** Undefined for a table that only the database has: then only what the database itself declares is looked at. */
  readonly table: Table | undefined;
  /** What the database has in its place, whatever its columns and types are. */
  readonly live: CatalogTable;
  /** The live enums. Without them each value of a column of the enum's name is looked at. */
  readonly enums?: readonly CatalogEnum[] | undefined;
  /** Without it only the form of encrypted values is looked at: see {@link uncheckedColumns}. */
  readonly keyring?: Keyring | undefined;
}

/**
 * All rules that each row of a table keeps by itself: nulls, lengths, ranges, patterns, formats, lists of values, checks, values that the
 * model cannot read, and the ciphertexts and blind indexes of encrypted columns. A row breaks each of them for its own reason. SQL in
 * them stands in parentheses and names the live columns only, of the alias `t` (checks without an alias, so that nothing else may be
 * in the same FROM); it expects the table's schema in the `search_path` (checks name functions
 * and types as the catalog printed them), `extra_float_digits` of 1, and texts as `DateStyle ISO` and `IntervalStyle postgres` print them.
 *
 * What a pattern of the registry may cost is bounded: 250 ms for a value, 10 s for all values of a column that took that long.
 */
export function columnRules(options: ColumnRulesOptions): readonly RowRule[] {
  const { table, live, keyring } = options;
  const liveColumns = new Map(live.columns.map((column) => [column.name, column]));
  const rules: RowRule[] = [];
  for (const column of table?.columns.values() ?? []) {
    const at = ruleColumnOf(options, column, liveColumns);
    if (at === undefined) continue;
    const facts = { name: column.name, hidden: at.hidden };
    if (!column.nullable) rules.push(nullRule(at.table.name, facts, "the registry"));
    else if (!at.live.nullable) rules.push(nullRule(at.table.name, facts, "the database"));
    if (column.blindIndexOf !== undefined) continue;
    rules.push(
      ...(column.encryption === undefined
        ? plainColumnRules(at)
        : encryptedColumnRules(at, keyring)),
    );
  }
  for (const column of live.columns) {
    if (column.nullable || table?.columns.has(column.name) === true) continue;
    rules.push(nullRule(live.name, { name: column.name, hidden: false }, "the database"));
  }
  return [...rules, ...checkRules(checkedTableOf(options))].map(inParentheses);
}

/** Whoever puts a condition among others need not think of its own ORs. */
function inParentheses(rule: RowRule): RowRule {
  return "sql" in rule ? { ...rule, sql: `(${rule.sql})` } : { ...rule, reads: `(${rule.reads})` };
}

/** What {@link columnRules} does not look at, and why: full sentences. */
export function uncheckedColumns(options: ColumnRulesOptions): readonly string[] {
  const { table, live, keyring } = options;
  const names = new Set(live.columns.map(({ name }) => name));
  const encrypted = [...(table?.columns.values() ?? [])].filter(
    (column) => column.encryption !== undefined && names.has(column.name),
  );
  const sealed =
    keyring === undefined
      ? encrypted.map(
          ({ name }) =>
            `The values of ${live.name}.${name} were not decrypted, because no keyring was given: only their form was checked.`,
        )
      : [];
  return [...sealed, ...uncheckedChecks(checkedTableOf(options))];
}

function ruleColumnOf(
  { table, enums }: ColumnRulesOptions,
  column: Column,
  liveColumns: ReadonlyMap<string, CatalogColumn>,
): RuleColumn | undefined {
  const live = liveColumns.get(column.name);
  if (live === undefined || table === undefined) return undefined;
  return {
    table,
    column,
    live,
    liveColumns,
    liveType: liveTypeOf(live.type, enums) ?? enumOfUnknownValues(column, live),
    sql: `t.${quoteIdentifier(column.name)}`,
    hidden: isHidden(column),
  };
}

/** A live type of the enum's name, of which is not known what values it has: they are looked at as texts. */
function enumOfUnknownValues({ type }: Column, live: CatalogColumn): ColumnType | undefined {
  const { dimensions } = type;
  const isNamesake = live.type.replace(/(?:\[\])+$/, "") === quoteIdentifier(type.name);
  if (type.kind !== "enum" || !isNamesake) return undefined;
  return { name: "text", kind: "text", dimensions };
}

function nullRule(
  table: string,
  { name, hidden }: { readonly name: string; readonly hidden: boolean },
  who: "the registry" | "the database",
): RowRule {
  const what = `no ${name}, which ${who} requires`;
  return {
    subject: subjectOf({
      kind: "null",
      table,
      columns: [name],
      hidden,
      says: [`has ${what}`, `have ${what}`],
    }),
    sql: `t.${quoteIdentifier(name)} IS NULL`,
  };
}

function checkedTableOf({ table, live, enums }: ColumnRulesOptions): CheckedTable {
  const liveColumns = new Map(live.columns.map((column) => [column.name, column]));
  const changed = [...(table?.columns.values() ?? [])].filter((column) => {
    const found = liveColumns.get(column.name);
    if (found === undefined) return true;
    if (column.encryption !== undefined || column.blindIndexOf !== undefined) return false;
    const liveType = liveTypeOf(found.type, enums) ?? enumOfUnknownValues(column, found);
    const isEnum = column.type.kind === "enum";
    const isNamesake = enumOfUnknownValues(column, found) !== undefined;
    return isEnum ? !isNamesake : !isSameFamily(column.type, liveType);
  });
  return { table, live, changed: new Set(changed.map(({ name }) => name)) };
}
