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

/** True for a row of `t` of which the key leads nowhere, from the bits of the keys that there are. */
export function bitsCondition(reference: RowReference, bits: KeyBits, setting: string): string {
  const columns = reference.columns.map((name) => columnOf("t", name));
  const inBounds = columns.map((sql, column) => {
    const { low, size } = bits.bounds[column] ?? { low: 0n, size: 0 };
    return `${sql} BETWEEN ${int8Literal(low)} AND ${int8Literal(low + BigInt(size) - 1n)}`;
  });
  // Outside of the statement, so that it is decoded once.
  const bytes = `(SELECT pg_catalog.decode(pg_catalog.current_setting('${setting}'), 'base64'))`;
  const isThere = `CASE WHEN ${inBounds.join(" AND ")} THEN pg_catalog.get_bit(${bytes}, ${placeSql(columns, bits.bounds)}) = 1 ELSE false END`;
  return orphanCondition(reference, { columns, isThere, isMissing: `NOT (${isThere})` });
}

/** The keys that there are, each once whatever an index says, to be joined to the rows `s`. */
export function keysJoin(sides: ReferenceSides, number: number): string {
  const { reference, referenced, ownFrom } = sides;
  const pairs = comparisons(sides);
  const alias = ownName(`keys ${number}`);
  const list = pairs.map(({ to }, column) => `${to} AS ${ownName(`key ${column}`)}`).join(", ");
  const few = isMuchSmaller(sides)
    ? ` WHERE (${pairs.map(({ to }) => to).join(", ")}) IN (SELECT ${pairs.map(({ from }) => from).join(", ")} FROM ${ownFrom} AS t)`
    : "";
  const keys = `(SELECT DISTINCT ${list} FROM ${fromTable(reference.referencedTable, referenced)} AS r${few}) AS ${alias}`;
  const on = pairs.map((_pair, column) => `s.${joinColumn(number, column)} = ${alias}.${ownName(`key ${column}`)}`); // prettier-ignore
  return `LEFT JOIN ${keys} ON ${on.join(" AND ")}`;
}

/** True for a row of `s` to which {@link keysJoin} has found no key. */
export function joinCondition({ reference }: ReferenceSides, number: number): string {
  const columns = reference.columns.map((_name, column) => `s.${joinColumn(number, column)}`);
  const key = `${ownName(`keys ${number}`)}.${ownName("key 0")}`;
  return orphanCondition(reference, {
    columns,
    isThere: `${key} IS NOT NULL`,
    isMissing: `${key} IS NULL`,
  });
}

/** What the rows `s` need for the join: columns of `t` under names of their own. */
export function joinColumns(sides: ReferenceSides, number: number): readonly string[] {
  return comparisons(sides).map(({ from }, column) => `${from} AS ${joinColumn(number, column)}`);
}

function joinColumn(number: number, column: number): string {
  return ownName(`part ${number} ${column}`);
}

/** MATCH SIMPLE asks only for keys without null; MATCH FULL for all but those that are null altogether, and finds none with a null. */
function orphanCondition(
  { match }: RowReference,
  key: {
    readonly columns: readonly string[];
    readonly isThere: string;
    readonly isMissing: string;
  },
): string {
  const notNull = key.columns.map((sql) => `${sql} IS NOT NULL`);
  if (match === "simple" || notNull.length === 1)
    return `(${notNull.join(" AND ")} AND ${key.isMissing})`;
  return `((${notNull.join(" OR ")}) AND (${notNull.join(" AND ")} AND ${key.isThere}) IS NOT TRUE)`;
}

/** A table that is much smaller than what it refers to: only keys that it names are worth a hash. */
function isMuchSmaller({ own, referenced }: ReferenceSides): boolean {
  return own.estimatedRows * 4 < referenced.estimatedRows;
}

/** Both sides of each pair, so that they compare as the foreign key would. */
function comparisons({
  reference,
  own,
  referenced,
  asText,
}: ReferenceSides): readonly { readonly from: string; readonly to: string }[] {
  return columnPairs(reference).map(({ from, to }) => {
    const [left, right] = [columnOf("t", from), columnOf("r", to)];
    if (asText) return { from: textOf(left), to: textOf(right) };
    const [own_, theirs] = [own.collations.get(from), referenced.collations.get(to)];
    if (!own_ || !theirs || own_.name === theirs.name) return { from: left, to: right };
    // A foreign key compares as the referenced column does.
    const collation = own_.deterministic && theirs.deterministic ? `pg_catalog."C"` : theirs.name;
    return { from: `${left} COLLATE ${collation}`, to: `${right} COLLATE ${collation}` };
  });
}

function textOf(sql: string): string {
  return `(${sql})::pg_catalog.text COLLATE pg_catalog."C"`;
}
