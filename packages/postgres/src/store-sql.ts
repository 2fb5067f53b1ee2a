import { elementText, type Parameter } from "./parameter.ts";
import { PostgresError } from "./postgres-error.ts";
import type { ColumnPlan, TablePlan } from "./table-plan.ts";

/** A statement and its parameters. */
export interface Statement {
  readonly text: string;
  readonly values: Parameter[];
  /** Its text depends on how many rows there are: not worth preparing. */
  readonly varying?: boolean;
}

/** What follows a conflict: nothing, or the columns to overwrite. */
export interface ConflictPlan {
  readonly columns: readonly ColumnPlan[];
  readonly update: readonly ColumnPlan[];
}

/** The largest number of parameters that one statement is given; the protocol's own limit is 65,535. */
const maxParameters = 30_000;

/** Rows of one statement, with their parameters in arrays. */
const maxRows = 5000;

/** From so many values on, one array per column is cheaper than one parameter per value. */
const unnestFrom = 200;

/** `INSERT` statements for rows, in their order; each row comes back in that order, too. */
export function insertStatements(
  plan: TablePlan,
  rows: readonly object[],
  options: { readonly returning: string; readonly conflict?: ConflictPlan | undefined },
): readonly Statement[] {
  const tail = `${conflictClause(options.conflict)} RETURNING ${options.returning}`;
  const [first, ...others] = rows;
  if (first && others.length === 0) return [singleRowStatement(plan, first, tail)];
  const groups = groupsOf(plan, rows);
  return groups.flatMap((group) => groupStatements(plan, group, tail));
}

/** A statement for one row, without its values. */
interface SingleRow {
  readonly text: string;
  readonly columns: readonly ColumnPlan[];
}

/** The text for one row depends on its columns alone: making it again would cost as much as the rest. */
const singleRows = new WeakMap<TablePlan, Map<string, SingleRow>>();
const maxSingleRows = 100;

function singleRowStatement(plan: TablePlan, row: object, tail: string): Statement {
  const names = Object.keys(row);
  const { text, columns } = singleRow(plan, names, tail);
  return {
    text,
    values: columns.map((column) => column.toParameter(Reflect.get(row, column.name))),
  };
}

function singleRow(plan: TablePlan, names: readonly string[], tail: string): SingleRow {
  const key = `${names.join("\0")}\0${tail}`;
  const texts = singleRows.get(plan) ?? new Map<string, SingleRow>();
  const known = texts.get(key);
  if (known) return known;
  const columns = names.map((name) => columnOf(plan, name));
  const list = columns.map((column) => column.sqlName).join(", ");
  const places = columns.map((_column, index) => `$${index + 1}`).join(", ");
  const what = columns.length === 0 ? "DEFAULT VALUES" : `(${list}) VALUES (${places})`;
  const made = { text: `INSERT INTO ${plan.sqlName} ${what}${tail}`, columns };
  if (texts.size < maxSingleRows) texts.set(key, made);
  singleRows.set(plan, texts);
  return made;
}

interface RowGroup {
  readonly columns: readonly ColumnPlan[];
  readonly rows: readonly object[];
}

/** Neighbours with the same columns: their order is kept, so that generated keys follow it. */
function groupsOf(plan: TablePlan, rows: readonly object[]): readonly RowGroup[] {
  const groups: { key: string; columns: readonly ColumnPlan[]; rows: object[] }[] = [];
  for (const row of rows) {
    const names = Object.keys(row);
    const key = JSON.stringify(names);
    const last = groups.at(-1);
    if (last?.key === key) last.rows.push(row);
    else groups.push({ key, columns: names.map((name) => columnOf(plan, name)), rows: [row] });
  }
  return groups;
}

/** @throws {PostgresError} UNKNOWN_OBJECT */
export function columnOf(plan: TablePlan, name: string): ColumnPlan {
  const column = plan.columns.get(name);
  if (column) return column;
  throw new PostgresError("UNKNOWN_OBJECT", `The table ${plan.table.name} has no column ${name}.`, {
    table: plan.table.name,
    columns: [name],
  });
}

function groupStatements(
  plan: TablePlan,
  { columns, rows }: RowGroup,
  tail: string,
): readonly Statement[] {
  if (columns.length === 0) {
    return rows.map(() => ({
      text: `INSERT INTO ${plan.sqlName} DEFAULT VALUES${tail}`,
      values: [],
    }));
  }
  const head = `INSERT INTO ${plan.sqlName} (${columns.map((column) => column.sqlName).join(", ")})`;
  // unnest takes arrays of arrays apart: tables with array columns get one parameter per value.
  const unnest =
    rows.length * columns.length >= unnestFrom &&
    columns.every((column) => column.stored.dimensions === 0);
  const size = unnest ? maxRows : Math.max(1, Math.floor(maxParameters / columns.length));
  return chunks(rows, size).map((chunk) =>
    unnest
      ? unnestStatement(columns, chunk, { head, tail })
      : valuesStatement(columns, chunk, { head, tail }),
  );
}

function valuesStatement(
  columns: readonly ColumnPlan[],
  rows: readonly object[],
  { head, tail }: { readonly head: string; readonly tail: string },
): Statement {
  const values: Parameter[] = [];
  const tuples = rows.map((row) => {
    const places = columns.map(
      (column) => `$${values.push(column.toParameter(Reflect.get(row, column.name)))}`,
    );
    return `(${places.join(", ")})`;
  });
  return { text: `${head} VALUES ${tuples.join(", ")}${tail}`, values, varying: rows.length > 1 };
}

function unnestStatement(
  columns: readonly ColumnPlan[],
  rows: readonly object[],
  { head, tail }: { readonly head: string; readonly tail: string },
): Statement {
  const arrays = columns.map((column, index) => `$${index + 1}::${column.castType}[]`);
  return {
    text: `${head} SELECT * FROM unnest(${arrays.join(", ")})${tail}`,
    values: columns.map((column) => arrayParameter(column, rows)),
  };
}

function arrayParameter(column: ColumnPlan, rows: readonly object[]): string {
  let text = "";
  for (const row of rows) {
    const item = elementText(column.toParameter(Reflect.get(row, column.name)));
    text = text === "" ? item : `${text},${item}`;
  }
  return `{${text}}`;
}

function conflictClause(conflict: ConflictPlan | undefined): string {
  if (!conflict) return "";
  const target = conflict.columns.map((column) => column.sqlName).join(", ");
  const sets = conflict.update.map(({ sqlName }) => `${sqlName} = EXCLUDED.${sqlName}`);
  const action = sets.length === 0 ? "NOTHING" : `UPDATE SET ${sets.join(", ")}`;
  return ` ON CONFLICT (${target}) DO ${action}`;
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  if (items.length <= size) return [items];
  const result: T[][] = [];
  for (let start = 0; start < items.length; start += size)
    result.push(items.slice(start, start + size));
  return result;
}
