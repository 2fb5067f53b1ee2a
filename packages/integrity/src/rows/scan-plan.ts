import type { KeyBits } from "./key-bits.ts";
import type { RowReference, RowRule, RuleSubject, TableScan } from "./row-rule.ts";
import { bitsCondition, joinColumns, joinCondition, keysJoin, type ReferenceSides } from "./reference-sql.ts"; // prettier-ignore
import { columnOf, fromTable, ownName, type TableFacts, type TablePiece } from "./scan-facts.ts";

/** How the keys of a reference are looked up. */
export type PlannedReference = { readonly reference: RowReference } & (
  | { readonly by: "bits"; readonly bits: KeyBits; readonly setting: string }
  | { readonly by: "join"; readonly sides: ReferenceSides }
);

/** One statement that looks at each row of a table once, whatever is asked of it. */
export interface ScanPlan {
  readonly scan: TableScan;
  readonly facts: TableFacts;
  readonly rules: readonly RowRule[];
  readonly references: readonly PlannedReference[];
}

/** Some rows of a table: those of one of its partitions, and of it those that lie in some pages. */
export interface ScanRange {
  readonly piece: TablePiece;
  readonly fromPage: number;
  /** Undefined: to the end. */
  readonly toPage: number | undefined;
}

/** What the fields of a row of the statement are. */
export interface ScanFields {
  readonly subjects: readonly RuleSubject[];
  /** How many fields hold the bits of the conditions. */
  readonly masks: number;
  /** Columns whose texts models look at. */
  readonly texts: readonly string[];
}

/** Bits of a field: an int4 that JavaScript's operators take. */
export const maskBits = 30;

export function scanFields({ rules, references }: ScanPlan): ScanFields {
  const subjects = [
    ...rules.map(({ subject }) => subject),
    ...references.map(({ reference }) => reference.subject),
  ];
  const texts = new Set(rules.flatMap((rule) => ("reads" in rule ? rule.columns : [])));
  return { subjects, masks: Math.ceil(subjects.length / maskBits), texts: [...texts] };
}

/**
 * The query: `tableoid`, `ctid`, the bits of what each row breaks (or may break, for the model), its key, the texts that
 * models look at; of those rows only that break something.
 */
export function scanSql(plan: ScanPlan, range?: ScanRange): string {
  const { scan, rules, references } = plan;
  const { texts, masks } = scanFields(plan);
  const joined = references.flatMap((one) => (one.by === "join" ? [one.sides] : []));
  const inner = [
    ...rules.map((rule) => ("sql" in rule ? rule.sql : rule.reads)),
    ...references.flatMap((one) => one.by === "bits" ? [bitsCondition(one.reference, one.bits, one.setting)] : []), // prettier-ignore
  ];
  const selected = [
    `t.${ownName("table")}`,
    `t.${ownName("row")}`,
    ...inner.map((sql, index) => `(${sql}) AS ${ownName(`test ${index}`)}`),
    ...scan.key.map((name, index) => `${columnOf("t", name)} AS ${ownName(`id ${index}`)}`),
    ...texts.map((name, index) => `${textSql(rules, name)} AS ${ownName(`text ${index}`)}`),
    ...joined.flatMap(joinColumns),
  ];
  const tests = testsOf(references, rules.length);
  const fields = [
    `s.${ownName("table")}`,
    `s.${ownName("row")}`,
    ...Array.from({ length: masks }, (_, mask) => maskSql(tests.slice(mask * maskBits, (mask + 1) * maskBits))), // prettier-ignore
    ...scan.key.map((_, index) => `s.${ownName(`id ${index}`)}`),
    ...texts.map((_, index) => `s.${ownName(`text ${index}`)}`),
  ];
  const rows = `(SELECT ${selected.join(", ")} FROM ${rowsSql(plan, range)} AS t) AS s`;
  const where = tests.length === 0 ? "false" : tests.join(" OR ");
  return `SELECT ${fields.join(", ")} FROM ${[rows, ...joined.map(keysJoin)].join(" ")} WHERE ${where}`;
}

/** In the order of the rules and references. */
function testsOf(references: readonly PlannedReference[], rules: number): readonly string[] {
  let inner = rules;
  let join = 0;
  return [
    ...Array.from({ length: rules }, (_, index) => `s.${ownName(`test ${index}`)}`),
    ...references.map((one) =>
      one.by === "bits" ? `s.${ownName(`test ${inner++}`)}` : joinCondition(one.sides, join++),
    ),
  ];
}

/**
 * `OFFSET 0` keeps the planner from believing NOT NULL and CHECK constraints: `IS NULL` would be false without a look. It also keeps it
 * from using workers: joins alone do without.
 */
function rowsSql(
  { scan, facts, rules, references }: ScanPlan,
  range: ScanRange | undefined,
): string {
  const from = range === undefined ? fromTable(scan.table, facts) : `ONLY ${range.piece.table}`;
  const { fromPage = 0, toPage } = range ?? {};
  const conditions = [
    ...(fromPage === 0 ? [] : [`t.ctid >= '(${fromPage},0)'::pg_catalog.tid`]),
    ...(toPage === undefined ? [] : [`t.ctid < '(${toPage},0)'::pg_catalog.tid`]),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const barrier = rules.length > 0 || references.some(({ by }) => by === "bits") ? " OFFSET 0" : "";
  return `(SELECT t.tableoid AS ${ownName("table")}, t.ctid AS ${ownName("row")}, t.* FROM ${from} AS t${where}${barrier})`;
}

/** Only of rows that a rule asks for it. */
function textSql(rules: readonly RowRule[], name: string): string {
  const asked = rules.flatMap((rule) => "reads" in rule && rule.columns.includes(name) ? [`(${rule.reads})`] : []); // prettier-ignore
  return `CASE WHEN ${asked.join(" OR ")} THEN ${columnOf("t", name)} END`;
}

function maskSql(tests: readonly string[]): string {
  return tests.map((sql, bit) => `CASE WHEN ${sql} THEN ${2 ** bit} ELSE 0 END`).join(" + ");
}
