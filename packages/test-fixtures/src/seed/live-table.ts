import { quoteIdentifier, type Connection } from "@ctb-data/postgres";
import type { Column, Table } from "@ctb-data/registry";
import { isSerial } from "../factories/column-default.ts";

/** What is in a table before it is filled. */
export interface LiveTable {
  /** Schema and name, quoted. */
  readonly sqlName: string;
  readonly rows: number;
  /** Columns that the server computes by itself. */
  readonly generated: ReadonlySet<string>;
  /** The last number of the sequence of a column, if it was used. */
  readonly lastNumbers: ReadonlyMap<string, { readonly sequence: string; readonly last: bigint | undefined }>;
} // prettier-ignore

/** Locks a table against other writers until the end of the transaction, and looks what is there. */
export async function readLiveTable(
  connection: Connection,
  schema: string,
  table: Table,
): Promise<LiveTable> {
  const sqlName = `${quoteIdentifier(schema)}.${quoteIdentifier(table.name)}`;
  await connection.query(`LOCK TABLE ${sqlName} IN SHARE ROW EXCLUSIVE MODE`);
  const { rows } = await connection.query<{ count: bigint; generated: readonly string[] }>(
    `SELECT (SELECT count(*) FROM ${sqlName}) AS count, ARRAY(SELECT attname::text FROM pg_attribute
      WHERE attrelid = $1::regclass AND attnum > 0 AND attgenerated <> '') AS generated`,
    [sqlName],
  );
  const [first] = rows;
  return {
    sqlName,
    rows: Number(first?.count ?? 0),
    generated: new Set(first?.generated),
    lastNumbers: await lastNumbersOf(connection, sqlName, table),
  };
}

async function lastNumbersOf(
  connection: Connection,
  sqlName: string,
  table: Table,
): Promise<LiveTable["lastNumbers"]> {
  const found = new Map<string, { readonly sequence: string; readonly last: bigint | undefined }>();
  for (const { name } of [...table.columns.values()].filter(isSerial)) {
    const { rows } = await connection.query<{ sequence: string | null }>(
      "SELECT pg_get_serial_sequence($1, $2) AS sequence",
      [sqlName, name],
    );
    const sequence = rows[0]?.sequence ?? undefined;
    if (sequence === undefined) continue;
    const { rows: states } = await connection.query<{ last: bigint; used: boolean }>(
      `SELECT last_value AS last, is_called AS used FROM ${sequence}`,
    );
    const [state] = states;
    found.set(name, { sequence, last: state?.used === true ? state.last : undefined });
  }
  return found;
}

/** The greatest value of a column, as PostgreSQL's text; infinity does not count. */
export async function greatest(
  connection: Connection,
  { sqlName }: LiveTable,
  { name, type }: Column,
): Promise<string | undefined> {
  const column = quoteIdentifier(name);
  const isTime = ["date", "timestamp", "timestamptz"].includes(type.kind);
  const finite = isTime ? ` WHERE isfinite(${column})` : type.kind === "decimal" ? ` WHERE ${column} <> 'NaN'` : ""; // prettier-ignore
  const { rows } = await connection.query<{ value: string | null }>(
    `SELECT ${printed(`max(${column})`)} AS value FROM ${sqlName}${finite}`,
  );
  return rows[0]?.value ?? undefined;
}

/** The greatest number in the texts of a column, where a pattern finds one. */
export async function greatestNumber(
  connection: Connection,
  { sqlName }: LiveTable,
  { name, pattern }: { readonly name: string; readonly pattern: string },
): Promise<number> {
  const { rows } = await connection.query<{ value: string | null }>(
    `SELECT max(found::numeric)::text AS value
      FROM (SELECT substring(${quoteIdentifier(name)}::text from $1) AS found FROM ${sqlName}) AS texts
      WHERE length(found) <= 15`,
    [pattern],
  );
  return Number(rows[0]?.value ?? 0);
}

/** The values of a column, as PostgreSQL's texts, each once. */
export async function distinctTexts(
  connection: Connection,
  { sqlName }: LiveTable,
  { name }: Pick<Column, "name">,
): Promise<readonly string[]> {
  const column = quoteIdentifier(name);
  const { rows } = await connection.query<{ value: string }>(
    `SELECT format('%s', value) AS value FROM (SELECT DISTINCT ${column} AS value FROM ${sqlName} WHERE ${column} IS NOT NULL) AS all_values`,
  );
  return rows.map(({ value }) => value);
}

/** A value as its type prints it, and COPY too: a cast adds `/32` to an inet and takes the blanks from a char(n). */
const printed = (expression: string): string => `nullif(format('%s', ${expression}), '')`;

/** Rows of some columns, as PostgreSQL's texts: those that a reference may lead to. */
export async function someKeys(
  connection: Connection,
  sqlName: string,
  { columns, limit }: { readonly columns: readonly string[]; readonly limit: number },
): Promise<readonly (readonly string[])[]> {
  if (columns.length === 0) return [];
  const names = columns.map(quoteIdentifier);
  const { rows } = await connection.query<{ key: readonly string[] }>(
    `SELECT ARRAY[${names.map((name) => `format('%s', ${name})`).join(", ")}] AS key FROM ${sqlName}
      WHERE ${names.map((name) => `${name} IS NOT NULL`).join(" AND ")} ORDER BY ${names.join(", ")} LIMIT ${limit}`,
  );
  return rows.map(({ key }) => key);
}
