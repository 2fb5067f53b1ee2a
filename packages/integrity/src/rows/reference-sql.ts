import type { KeyBits } from "./key-bits.ts";
import { placeSql } from "./key-bits.ts";
import type { RowReference } from "./row-rule.ts";
import { columnOf, columnPairs, fromTable, int8Literal, ownName, type TableFacts } from "./scan-facts.ts"; // prettier-ignore

/** A reference with what is known of both sides. */
export interface ReferenceSides {
  readonly reference: RowReference;
  readonly own: TableFacts;
  readonly referenced: TableFacts;
  /** `FROM` of the table that refers. */
  readonly ownFrom: string;
  /** There is no operator for the two types: their texts are compared. */
  readonly asText: boolean;
}

/**
 * True for a row of `t` of which the key leads nowhere, from the bits of the keys that there are. MATCH SIMPLE asks only for keys without
 * null; MATCH FULL for all but those that are null altogether, and finds none with a null.
 */
export function bitsCondition(reference: RowReference, bits: KeyBits, setting: string): string {
  const columns = reference.columns.map((name) => columnOf("t", name));
  const inBounds = columns.map((sql, column) => {
    const { low, size } = bits.bounds[column] ?? { low: 0n, size: 0 };
    return `${sql} OPERATOR(pg_catalog.>=) ${int8Literal(low)} AND ${sql} OPERATOR(pg_catalog.<=) ${int8Literal(low + BigInt(size) - 1n)}`;
  });
  // Outside of the statement, so that it is decoded once.
  const bytes = `(SELECT pg_catalog.decode(pg_catalog.current_setting('${setting}'), 'base64'))`;
  const isThere = `CASE WHEN ${inBounds.join(" AND ")} THEN pg_catalog.get_bit(${bytes}, ${placeSql(columns, bits.bounds)}) = 1 ELSE false END`;
  const notNull = columns.map((sql) => `${sql} IS NOT NULL`);
  if (reference.match === "simple" || notNull.length === 1)
    return `(${notNull.join(" AND ")} AND NOT (${isThere}))`;
  return `((${notNull.join(" OR ")}) AND (${notNull.join(" AND ")} AND ${isThere}) IS NOT TRUE)`;
}

/** The keys that there are, each once whatever an index says, to be joined to the rows `s`. */
export function keysJoin(sides: ReferenceSides, number: number): string {
  const { reference, referenced, ownFrom } = sides;
  const pairs = comparisons(sides);
  const alias = ownName(`keys ${number}`);
  const list = pairs.map(({ to }, column) => `${to} AS ${ownName(`key ${column}`)}`).join(", ");
  const few = isMuchSmaller(sides)
    ? ` WHERE EXISTS (SELECT FROM ${ownFrom} AS t WHERE ${pairs.map(({ from, to, equals }) => `${from} ${equals} ${to}`).join(" AND ")})`
    : "";
  const keys = `(SELECT DISTINCT ${list} FROM ${fromTable(reference.referencedTable, referenced)} AS r${few}) AS ${alias}`;
  const on = pairs.map(({ equals }, column) => `s.${joinColumn(number, column)} ${equals} ${alias}.${ownName(`key ${column}`)}`); // prettier-ignore
  return `LEFT JOIN ${keys} ON ${on.join(" AND ")}`;
}

/** True for a row of `s` to which {@link keysJoin} has found no key. */
export function joinCondition({ reference }: ReferenceSides, number: number): string {
  const columns = reference.columns.map((_name, column) => `s.${joinColumn(number, column)}`);
  const key = `${ownName(`keys ${number}`)}.${ownName("key 0")}`;
  // Not `IS NOT NULL`, which the planner of PostgreSQL 17 believes of a NOT NULL column. With a null in it a key is never there.
  const filled = `pg_catalog.num_nonnulls(${columns.join(", ")}) OPERATOR(pg_catalog.>=) ${reference.match === "full" ? 1 : columns.length}`;
  // CASE: else the planner would count the nulls of all rows before it joins.
  return `CASE WHEN ${key} IS NULL THEN ${filled} ELSE false END`;
}

/** What the rows `s` need for the join: columns of `t` under names of their own. */
export function joinColumns(sides: ReferenceSides, number: number): readonly string[] {
  return comparisons(sides).map(({ from }, column) => `${from} AS ${joinColumn(number, column)}`);
}

function joinColumn(number: number, column: number): string {
  return ownName(`part ${number} ${column}`);
}

/** A table that is much smaller than what it refers to: only keys that it names are worth a hash. */
function isMuchSmaller({ own, referenced }: ReferenceSides): boolean {
  return own.estimatedRows * 4 < referenced.estimatedRows;
}

/** The two sides of a pair in SQL, and the operator that compares them as the foreign key would. */
interface Comparison {
  readonly from: string;
  readonly to: string;
  /** With its schema: of what the path would find, nothing may have been made by somebody else. */
  readonly equals: string;
}

function comparisons({
  reference,
  own,
  referenced,
  asText,
}: ReferenceSides): readonly Comparison[] {
  return columnPairs(reference).map(({ from, to }) => {
    const [left, right] = [columnOf("t", from), columnOf("r", to)];
    if (asText) return { from: textOf(left), to: textOf(right), equals: equalsOf("pg_catalog") };
    const equals = equalsOf(referenced.equalities.get(to) ?? "pg_catalog");
    // To `char` a foreign key compares without the spaces behind it; from `char` to another text it compares what is left.
    const isPadded = own.types.get(from) === "character" && referenced.types.get(to) !== "character"; // prettier-ignore
    const value = isPadded ? `${left}::pg_catalog.text` : left;
    const [own_, theirs] = [own.collations.get(from), referenced.collations.get(to)];
    if (!own_ || !theirs || own_.name === theirs.name) return { from: value, to: right, equals };
    // A foreign key compares as the referenced column does.
    const collation = own_.deterministic && theirs.deterministic ? `pg_catalog."C"` : theirs.name;
    return {
      from: `${value} COLLATE ${collation}`,
      to: `${right} COLLATE ${collation}`,
      equals,
    };
  });
}

function equalsOf(schema: string): string {
  return `OPERATOR(${schema}.=)`;
}

function textOf(sql: string): string {
  return `(${sql})::pg_catalog.text COLLATE pg_catalog."C"`;
}
