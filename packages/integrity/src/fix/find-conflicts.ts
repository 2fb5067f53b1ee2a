import { quoteIdentifier, quoteLiteral, type Connection } from "@ctb-data/postgres";
import { quarantineTable } from "./fix-tables.ts";
import { keysMatch, type LiveReference } from "./live-references.ts";
import type { LiveTable } from "./live-table.ts";
import { returningRows, returningWhere, type Returning } from "./returning-rows.ts";
import { imageOf } from "./row-image.ts";
import { conflictTable, matchTable } from "./undo-tables.ts";

/** What is looked at to find the rows that cannot come back. */
export interface ConflictSearch {
  readonly returning: readonly Returning[];
  readonly tables: ReadonlyMap<number, LiveTable>;
  readonly references: readonly LiveReference[];
  /** Statements that will run first, in a dry run: what they drop is in nobody's way. */
  readonly dropped: readonly string[];
}

/** Finds the rows of a step that cannot come back, and writes them into the work table: those that lead to them too. */
export async function findConflicts(connection: Connection, search: ConflictSearch): Promise<void> {
  for (const returning of search.returning) {
    if (returning.changed > 0) await matchChanged(connection, returning);
    await findNewColumns(connection, returning);
    await findTakenKeys(connection, returning, search);
  }
  // A row that stays away takes those that lead to it along.
  for (let found = 1; found > 0;) found = await findLostParents(connection, search);
}

async function conflict(connection: Connection, rows: string): Promise<number> {
  const { rowCount } = await connection.query(
    `INSERT INTO ${conflictTable} (id, reason) ${rows} ON CONFLICT DO NOTHING`,
  );
  return rowCount;
}

/** Finds changed rows by their key, or where there is none by all that they hold; they must be as the fix has left them. */
async function matchChanged(connection: Connection, returning: Returning): Promise<void> {
  const { table, columns } = returning;
  const where = returningWhere(returning, "changed");
  const byKey = table.key.length > 0 && table.key.every((name) => columns.includes(name));
  const sql = byKey
    ? `SELECT q.id, t.tableoid, t.ctid FROM ${returningRows(returning, "changed")} x JOIN ${quarantineTable} q ON q.id = x.ctb$id
        JOIN ${table.source} t ON ${table.key.map((name) => `t.${quoteIdentifier(name)} = x.${quoteIdentifier(name)}`).join(" AND ")}
        WHERE (SELECT pg_catalog.bool_and(n.value IS NOT DISTINCT FROM i.value) FROM pg_catalog.jsonb_each_text(q.new_row) n
          LEFT JOIN pg_catalog.jsonb_each_text(${imageOf("t", columns)}) i USING (key))`
    : `SELECT q.id, t.rel, t.tid FROM (SELECT q.id, (q.old_row || q.new_row) AS image, row_number() OVER (PARTITION BY q.old_row || q.new_row ORDER BY q.id) AS place
          FROM ${quarantineTable} q WHERE ${where}) q
        JOIN (SELECT i.*, row_number() OVER (PARTITION BY image ORDER BY rel, tid) AS place
          FROM (SELECT t.tableoid AS rel, t.ctid AS tid, ${imageOf("t", columns)} AS image FROM ${table.source} t) i) t USING (image, place)`;
  await connection.query(`INSERT INTO ${matchTable} (id, rel, tid) ${sql}`);
  await conflict(
    connection,
    `SELECT q.id, 'It was changed or deleted since.' FROM ${quarantineTable} q WHERE ${where} AND NOT EXISTS (SELECT FROM ${matchTable} m WHERE m.id = q.id)`,
  );
}

async function findNewColumns(connection: Connection, returning: Returning): Promise<void> {
  const { table, columns } = returning;
  if (returning.gone === 0) return;
  const { rows } = await connection.query<{ readonly name: string }>(
    `SELECT a.attname AS name FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND NOT a.attname = ANY ($2::pg_catalog.text[])`,
    [table.oid, columns],
  );
  const [added] = rows;
  if (!added) return;
  await conflict(
    connection,
    `SELECT q.id, ${quoteLiteral(`The table has a new column ${added.name}, which must have a value.`)} FROM ${quarantineTable} q WHERE ${returningWhere(returning, "gone")}`,
  );
}

interface UniqueRow {
  readonly name: string;
  readonly parts: readonly string[];
  readonly predicate: string | null;
  readonly nullsNotDistinct: boolean;
  /** All that it needs. */
  readonly columns: readonly string[];
}

const uniquesSql = `
SELECT c.relname AS name, ARRAY(SELECT a.attname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
      AND d.refobjid = i.indrelid AND d.refobjsubid > 0
    UNION SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::pg_catalog.int2[])) AS columns, pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
  COALESCE((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::pg_catalog.bool, false) AS "nullsNotDistinct",
  (SELECT array_agg(pg_catalog.pg_get_indexdef(i.indexrelid, k, false) ORDER BY k) FROM pg_catalog.generate_series(1, i.indnkeyatts) k) AS parts
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = $1::pg_catalog.oid AND i.indisunique AND i.indislive`;

async function findTakenKeys(
  connection: Connection,
  returning: Returning,
  { dropped }: ConflictSearch,
): Promise<void> {
  const { table } = returning;
  const { rows } = await connection.query<UniqueRow>(uniquesSql, [table.oid]);
  for (const { name, parts, predicate, nullsNotDistinct, columns: needed } of rows) {
    const quoted = quoteIdentifier(name);
    // One of a generated or a new column is the server's to look at.
    if (!needed.every((column) => returning.columns.includes(column))) continue;
    if (
      dropped.some(
        (statement) => statement.endsWith(` ${quoted}`) || statement.endsWith(`.${quoted}`),
      )
    )
      continue;
    const keys = (row: string, columns: string): string =>
      `(SELECT ${columns}, ${parts.map((part, index) => `${part} AS ctb$$${index}`).join(", ")} FROM ${row}${predicate === null ? "" : ` WHERE ${predicate}`})`;
    const equal = nullsNotDistinct ? "IS NOT DISTINCT FROM" : "=";
    const same = parts.map((_, index) => `b.ctb$$${index} ${equal} t.ctb$$${index}`).join(" AND ");
    await conflict(
      connection,
      `SELECT DISTINCT b.ctb$id, ${quoteLiteral(`Its key in ${name} is taken by another row now.`)} FROM ${keys(`${returningRows(returning, "all")} x`, "ctb$id")} b
        JOIN ${keys(`${table.source} y`, "tableoid AS ctb$rel, ctid AS ctb$tid")} t ON ${same}
        WHERE NOT EXISTS (SELECT FROM ${matchTable} m WHERE m.id = b.ctb$id AND m.rel = t.ctb$rel AND m.tid = t.ctb$tid)`,
    );
  }
}

async function findLostParents(
  connection: Connection,
  { returning, tables, references, dropped }: ConflictSearch,
): Promise<number> {
  let found = 0;
  for (const reference of references) {
    if (
      !reference.keeps ||
      dropped.some((statement) => statement.endsWith(` ${quoteIdentifier(reference.name)}`))
    )
      continue;
    const child = returning.find(({ table }) => table.oid === reference.table);
    const parent = tables.get(reference.referenced);
    if (!child || !parent || !reference.columns.every((name) => child.columns.includes(name)))
      continue;
    const parents = [
      `SELECT FROM ${parent.source} p WHERE ${keysMatch(reference)}`,
      ...returning
        .filter(({ table }) => table.oid === parent.oid)
        .map((back) => `SELECT FROM ${returningRows(back, "all")} p WHERE ${keysMatch(reference)}`),
    ];
    const complete = reference.columns.map((name) => `c.${quoteIdentifier(name)} IS NOT NULL`);
    found += await conflict(
      connection,
      `SELECT c.ctb$id, ${quoteLiteral(`It refers to a row of ${parent.name} that is not there.`)} FROM ${returningRows(child, "all")} c
        WHERE ${complete.join(" AND ")} ${parents.map((sql) => `AND NOT EXISTS (${sql})`).join(" ")}`,
    );
  }
  return found;
}
