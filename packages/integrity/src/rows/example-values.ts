import { quoteLiteral, type Connection } from "@ctb-data/postgres";
import type { Example } from "../finding.ts";
import { copyLines } from "./copy-lines.ts";
import type { FoundSubject } from "./found-rows.ts";
import type { TableScan } from "./row-rule.ts";
import { columnOf, fromTable, type TableFacts } from "./scan-facts.ts";

const mostCharacters = 120;

/** The examples of a finding, with their values unless those are hidden. @throws {PostgresError} */
export async function readExamples(
  connection: Connection,
  { subject, rows }: FoundSubject,
  { scan, facts }: { readonly scan: TableScan; readonly facts: TableFacts },
): Promise<readonly Example[]> {
  const columns = subject.hidden ? [] : [...new Set(subject.columns)].filter((name) => facts.types.has(name)); // prettier-ignore
  const values = new Map<string, Example["values"]>();
  if (columns.length > 0) {
    const places = rows.map(({ ctid }) => quoteLiteral(ctid)).join(", ");
    const fields = [
      "t.tableoid",
      "t.ctid",
      ...columns.map((name) => shortSql(columnOf("t", name))),
    ];
    const sql = `COPY (SELECT ${fields.join(", ")} FROM ${fromTable(scan.table, facts)} AS t WHERE t.ctid = ANY (ARRAY[${places}]::pg_catalog.tid[])) TO STDOUT`;
    for await (const lines of copyLines(connection, sql))
      for (const [table, row, ...texts] of lines)
        values.set(`${table} ${row}`, Object.fromEntries(columns.map((name, index) => [name, texts[index] ?? null]))); // prettier-ignore
  }
  return rows.map(({ tableId, ctid, key, detail }) => {
    const found = values.get(`${tableId} ${ctid}`);
    return { key, ...(found && { values: found }), ...(detail !== undefined && { detail }) };
  });
}

/** As the type prints it: a cast to text would take the spaces from a `char(n)`. */
function shortSql(column: string): string {
  const text = `pg_catalog.format('%s', ${column})`;
  const isLong = `pg_catalog.length(${text}) > ${mostCharacters}`;
  return `CASE WHEN ${column} IS DISTINCT FROM NULL THEN CASE WHEN ${isLong} THEN pg_catalog.left(${text}, ${mostCharacters - 1}) || '…' ELSE ${text} END END`;
}
