import { catalogSql } from "./catalog-sql.ts";
import type {
  Catalog,
  CatalogCheck,
  CatalogColumn,
  CatalogForeignKey,
  CatalogIndex,
  CatalogIndexPart,
  CatalogKey,
  CatalogTable,
} from "./catalog.ts";
import type { Limits, Session } from "./session.ts";
import { typedRow } from "./typed-row.ts";

/** Reads what some schemas have. @throws {PostgresError} */
export async function readCatalog(
  session: Session,
  schemas: readonly string[],
  limits: Limits = {},
): Promise<Catalog> {
  const results = await runScript(session, catalogSql(schemas), limits);
  // BEGIN and SET came first.
  const [, , , version, tables, columns, constraints, indexes, enums, sequences, views] = results;
  const parts: TableParts = {
    columns: byTable(columns),
    constraints: byTable(constraints),
    indexes: byTable(indexes),
  };
  return {
    serverVersion: rowsOf<{ readonly version: string }>(version)[0]?.version ?? "",
    schemas,
    tables: rowsOf<TableRow>(tables).map((row) => catalogTable(row, parts)),
    enums: rowsOf<EnumRow>(enums).map(({ schema, name, values, comment }) => ({
      schema,
      name,
      values: values ?? [],
      ...(comment !== null && { comment }),
    })),
    sequences: rowsOf<SequenceRow>(sequences).map(({ schema, name, type, table, column }) => ({
      schema,
      name,
      type,
      ...(table !== null && column !== null && { ownedBy: { table, column } }),
    })),
    views: rowsOf(views),
  };
}

interface ScriptResult {
  readonly rows: readonly object[];
}

async function runScript(
  session: Session,
  text: string,
  limits: Limits,
): Promise<readonly ScriptResult[]> {
  try {
    const results: unknown = await session.run({ text }, limits);
    return Array.isArray(results) ? results : [];
  } catch (error) {
    // It failed between BEGIN and COMMIT.
    session.taint();
    throw error;
  }
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what a row has is decided by the SQL
function rowsOf<Row>(result: ScriptResult | undefined): readonly Row[] {
  return (result?.rows ?? []).map((row) => typedRow<Row>(row));
}

interface TableRow {
  readonly schema: string;
  readonly name: string;
  readonly oid: number;
  readonly partitioned: boolean;
  readonly rows: number;
  readonly comment: string | null;
}

interface ColumnRow {
  readonly number: number;
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly expression: string | null;
  readonly identity: string;
  readonly generated: string;
  readonly comment: string | null;
  readonly collation: string | null;
  readonly notNullNotValid: string | null;
  readonly serial: boolean;
}

interface ConstraintRow {
  readonly name: string;
  readonly type: "p" | "u" | "f" | "c";
  readonly columns: readonly number[] | null;
  readonly referencedSchema: string | null;
  readonly referencedTable: string | null;
  readonly referencedNames: readonly string[] | null;
  readonly onDelete: string;
  readonly onUpdate: string;
  readonly onDeleteColumns: readonly number[] | null;
  readonly deferrable: boolean;
  readonly deferred: boolean;
  readonly match: string;
  readonly validated: boolean;
  readonly enforced: boolean;
  readonly triggersEnabled: boolean;
  readonly period: boolean;
  readonly nullsNotDistinct: boolean;
  readonly expression: string | null;
}

interface IndexRow {
  readonly name: string;
  readonly unique: boolean;
  readonly method: string;
  readonly definition: string;
  readonly predicate: string | null;
  readonly valid: boolean;
  readonly nullsNotDistinct: boolean;
  readonly keys: number;
  readonly columns: readonly number[] | null;
  readonly parts: readonly {
    readonly number: number;
    readonly text: string;
    readonly option: number | null;
    readonly class: string | null;
    readonly collation: string | null;
  }[];
}

interface EnumRow {
  readonly schema: string;
  readonly name: string;
  readonly comment: string | null;
  readonly values: readonly string[] | null;
}

interface SequenceRow {
  readonly schema: string;
  readonly name: string;
  readonly type: string;
  readonly table: string | null;
  readonly column: string | null;
}

interface TableParts {
  readonly columns: ReadonlyMap<number, readonly ColumnRow[]>;
  readonly constraints: ReadonlyMap<number, readonly ConstraintRow[]>;
  readonly indexes: ReadonlyMap<number, readonly IndexRow[]>;
}

function byTable<Row>(result: ScriptResult | undefined): ReadonlyMap<number, readonly Row[]> {
  const tables = new Map<number, Row[]>();
  for (const row of rowsOf<Row & { readonly oid: number }>(result)) {
    const rows = tables.get(row.oid);
    if (rows) rows.push(row);
    else tables.set(row.oid, [row]);
  }
  return tables;
}

function catalogTable(row: TableRow, parts: TableParts): CatalogTable {
  const columns = parts.columns.get(row.oid) ?? [];
  const names = new Map(columns.map(({ number, name }) => [number, name]));
  const namesOf = (numbers: readonly number[] | null): readonly string[] =>
    (numbers ?? []).map((number) => names.get(number) ?? "");
  const constraints = parts.constraints.get(row.oid) ?? [];
  const keys = (type: "p" | "u"): readonly CatalogKey[] =>
    constraints
      .filter((constraint) => constraint.type === type)
      .map((constraint) => key(constraint, namesOf(constraint.columns)));
  const [primaryKey] = keys("p");
  return {
    schema: row.schema,
    name: row.name,
    ...(row.comment !== null && { comment: row.comment }),
    partitioned: row.partitioned,
    estimatedRows: row.rows,
    columns: columns.map(catalogColumn),
    ...(primaryKey && { primaryKey }),
    uniques: keys("u"),
    foreignKeys: constraints
      .filter((constraint) => constraint.type === "f")
      .map((constraint) => foreignKey(constraint, namesOf)),
    checks: constraints
      .filter((constraint) => constraint.type === "c")
      .map((constraint) => check(constraint, namesOf(constraint.columns))),
    indexes: (parts.indexes.get(row.oid) ?? []).map((index) => catalogIndex(index, names)),
  };
}

function catalogColumn(row: ColumnRow): CatalogColumn {
  const expression = row.expression ?? undefined;
  return {
    name: row.name,
    type: registryType(row.type),
    nullable: row.nullable,
    ...(expression !== undefined && row.generated === "" && { default: expression }),
    serial: row.serial,
    ...(row.identity === "a" && { identity: "always" as const }),
    ...(row.identity === "d" && { identity: "by default" as const }),
    ...(expression !== undefined && row.generated !== "" && { generated: expression }),
    ...(row.generated === "v" && { virtual: true as const }),
    ...(row.collation !== null && { collation: row.collation }),
    ...(row.notNullNotValid !== null && { notNullNotValid: row.notNullNotValid }),
    ...(row.comment !== null && { comment: row.comment }),
  };
}

/** PostgreSQL's long names as the registry's short ones. */
export function registryType(type: string): string {
  return type
    .replace(/^character varying/, "varchar")
    .replace(/^character\b/, "char")
    .replace(/^(time(?:stamp)?(?:\(\d\))?) without time zone/, "$1")
    .replace(/^timestamp(\(\d\))? with time zone/, "timestamptz$1");
}

const actions: Readonly<Record<string, CatalogForeignKey["onDelete"]>> = {
  a: "no action",
  r: "restrict",
  c: "cascade",
  n: "set null",
  d: "set default",
};

function key(row: ConstraintRow, columns: readonly string[]): CatalogKey {
  return {
    name: row.name,
    columns,
    ...(row.nullsNotDistinct && { nullsNotDistinct: true as const }),
    ...(row.deferrable && { deferrable: true as const }),
    ...(row.period && { withoutOverlaps: true as const }),
  };
}

function foreignKey(
  row: ConstraintRow,
  namesOf: (numbers: readonly number[] | null) => readonly string[],
): CatalogForeignKey {
  return {
    name: row.name,
    columns: namesOf(row.columns),
    referencedSchema: row.referencedSchema ?? "",
    referencedTable: row.referencedTable ?? "",
    referencedColumns: row.referencedNames ?? [],
    onDelete: actions[row.onDelete] ?? "no action",
    onUpdate: actions[row.onUpdate] ?? "no action",
    ...(row.onDeleteColumns !== null && { onDeleteColumns: namesOf(row.onDeleteColumns) }),
    deferrable: row.deferrable,
    ...(row.deferred && { deferred: true as const }),
    match: row.match === "f" ? "full" : "simple",
    validated: row.validated,
    enforced: row.enforced,
    triggersEnabled: row.triggersEnabled,
    ...(row.period && { period: true as const }),
  };
}

function check(row: ConstraintRow, columns: readonly string[]): CatalogCheck {
  return {
    name: row.name,
    expression: withoutParentheses(row.expression ?? ""),
    columns,
    validated: row.validated,
    enforced: row.enforced,
  };
}

function catalogIndex(row: IndexRow, names: ReadonlyMap<number, string>): CatalogIndex {
  return {
    name: row.name,
    unique: row.unique,
    ...(row.nullsNotDistinct && { nullsNotDistinct: true as const }),
    method: row.method,
    definition: row.definition,
    parts: row.parts.slice(0, row.keys).map((part) => indexPart(part, names)),
    include: row.parts.slice(row.keys).map((part) => names.get(part.number) ?? part.text),
    columns: (row.columns ?? []).map((number) => names.get(number) ?? ""),
    ...(row.predicate !== null && { where: withoutParentheses(row.predicate) }),
    valid: row.valid,
  };
}

function indexPart(
  part: IndexRow["parts"][number],
  names: ReadonlyMap<number, string>,
): CatalogIndexPart {
  const option = part.option ?? 0;
  const order = (option & 1) === 1 ? "desc" : "asc";
  const column = part.number === 0 ? undefined : names.get(part.number);
  return {
    ...(column === undefined ? { expression: withoutParentheses(part.text) } : { column }),
    order,
    nulls: (option & 2) === 2 ? "first" : "last",
    ...(part.class !== null && { operatorClass: part.class }),
    ...(part.collation !== null && { collation: part.collation }),
  };
}

/** An expression without the one pair of parentheses that stands around all of it. */
export function withoutParentheses(expression: string): string {
  if (!expression.startsWith("(") || !expression.endsWith(")")) return expression;
  let depth = 0;
  let quote = "";
  for (let index = 0; index < expression.length; index++) {
    const character = expression[index] ?? "";
    if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    // Closed before the end: the first and the last are not a pair.
    if (depth === 0 && quote === "" && index < expression.length - 1) return expression;
  }
  return expression.slice(1, -1);
}
