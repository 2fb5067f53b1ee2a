import { quoteIdentifier, quoteLiteral, type Connection } from "@ctb-data/postgres";
import { quarantineTable } from "./fix-tables.ts";
import { keysMatch, type LiveReference } from "./live-references.ts";
import { indexEquals, type LiveTable } from "./live-table.ts";
import { returningRows, returningWhere, type Returning } from "./returning-rows.ts";
import { imageOf } from "./row-image.ts";
import { conflictTable, matchTable } from "./undo-tables.ts";

/** What is looked at to find the rows that cannot come back. */
export interface ConflictSearch {
  readonly returning: readonly Returning[];
  readonly tables: ReadonlyMap<number, LiveTable>;
  readonly references: readonly LiveReference[];
  readonly dryRun: boolean;
  /** Statements that will run first, in a dry run: what they drop is in nobody's way. */
  readonly dropped: readonly string[];
}

/** Finds the rows of a step that cannot come back, and writes them into the work table: those that lead to them too. */
export async function findConflicts(connection: Connection, search: ConflictSearch): Promise<void> {
  for (const returning of search.returning) {
    if (returning.changed > 0) await matchChanged(connection, returning, search);
    await findNewColumns(connection, returning);
    await findLostColumns(connection, returning);
    await findTakenKeys(connection, returning, search);
  }
  await keepAwayChildren(connection, search);
}

/** A row that stays away takes those that lead to it along. */
export async function keepAwayChildren(
  connection: Connection,
  search: ConflictSearch,
): Promise<void> {
  for (let found = 1; found > 0;) found = await findLostParents(connection, search);
}

async function conflict(connection: Connection, rows: string): Promise<number> {
  const { rowCount } = await connection.query(
    `INSERT INTO ${conflictTable} (id, reason) ${rows} ON CONFLICT DO NOTHING`,
  );
  return rowCount;
}

/** Finds changed rows by their key, or where there is none by all that they hold; they must be as the fix has left them. */
async function matchChanged(
  connection: Connection,
  returning: Returning,
  { dryRun }: ConflictSearch,
): Promise<void> {
  const { table, columns } = returning;
  const where = returningWhere(returning, "changed");
  const byKey = table.key.length > 0 && table.key.every((name) => columns.includes(name));
  const sql = byKey
    ? `SELECT q.id, t.tableoid, t.ctid FROM ${returningRows(returning, "changed")} x JOIN ${quarantineTable} q ON q.id = x.ctb$id
        JOIN ${table.source} t ON ${table.key.map((name, index) => `t.${quoteIdentifier(name)} ${table.keyEquals[index] ?? "="} x.${quoteIdentifier(name)}`).join(" AND ")}
        WHERE (SELECT pg_catalog.bool_and(n.value IS NOT DISTINCT FROM i.value) FROM pg_catalog.jsonb_each_text(q.new_row) n
          LEFT JOIN pg_catalog.jsonb_each_text(${imageOf("t", columns)}) i USING (key))`
    : `SELECT q.id, t.rel, t.tid FROM (SELECT q.id, (q.old_row || q.new_row) AS image, row_number() OVER (PARTITION BY q.old_row || q.new_row ORDER BY q.id) AS place
          FROM ${quarantineTable} q WHERE ${where}) q
        JOIN (SELECT i.*, row_number() OVER (PARTITION BY image ORDER BY rel, tid) AS place
          FROM (SELECT t.tableoid AS rel, t.ctid AS tid, ${imageOf("t", columns)} AS image FROM ${table.source} t) i) t USING (image, place)`;
  await connection.query(`INSERT INTO ${matchTable} (id, rel, tid) ${sql}`);
  // What has its key is another row while it is itself in the quarantine; a dry run has not put it back.
  const taken = `EXISTS (SELECT FROM ${quarantineTable} l WHERE l.store = 'postgres' AND l.place = q.place AND l.key = q.key AND l.key <> '{}' AND l.id > q.id
      AND l.action <> 'changed' AND l.restored_at IS NULL)`;
  const there = `EXISTS (SELECT FROM ${matchTable} m WHERE m.id = q.id)`;
  await conflict(
    connection,
    `SELECT q.id, 'It was changed or deleted since.' FROM ${quarantineTable} q WHERE ${where} AND NOT ${there}${dryRun ? ` AND NOT ${taken}` : ""}`,
  );
  if (dryRun) return;
  await conflict(
    connection,
    `SELECT q.id, 'It was moved or deleted later, and is not back.' FROM ${quarantineTable} q WHERE ${where} AND ${taken}`,
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

/** A changed value whose column is gone, or has another name now, cannot come back. */
async function findLostColumns(connection: Connection, returning: Returning): Promise<void> {
  if (returning.changed === 0) return;
  const columns = returning.columns.map(quoteLiteral).join(", ");
  await conflict(
    connection,
    `SELECT q.id, 'The table has no column any more for a value that was changed.' FROM ${quarantineTable} q
      WHERE ${returningWhere(returning, "changed")} AND EXISTS (SELECT FROM pg_catalog.jsonb_object_keys(q.new_row) k
        WHERE NOT k = ANY (ARRAY[${columns}]::pg_catalog.text[]))`,
  );
}

interface UniqueRow {
  readonly name: string;
  readonly parts: readonly string[];
  /** The operator of each part, by its operator class: that of a type of an extension is not in `pg_catalog`. */
  readonly equals: readonly string[];
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
  (SELECT array_agg(pg_catalog.pg_get_indexdef(i.indexrelid, k, false) ORDER BY k) FROM pg_catalog.generate_series(1, i.indnkeyatts) k) AS parts,
  ${indexEquals} AS equals
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = $1::pg_catalog.oid AND i.indisunique AND i.indislive`;

async function findTakenKeys(
  connection: Connection,
  returning: Returning,
  { dropped }: ConflictSearch,
): Promise<void> {
  const { table } = returning;
  const { rows } = await connection.query<UniqueRow>(uniquesSql, [table.oid]);
  for (const { name, parts, equals, predicate, nullsNotDistinct, columns: needed } of rows) {
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
    const same = parts
      .map((_, index) => {
        const [b, t] = [`b.ctb$$${index}`, `t.ctb$$${index}`];
        const equal = `${b} ${equals[index] ?? "="} ${t}`;
        return nullsNotDistinct ? `(${equal} OR ${b} IS NULL AND ${t} IS NULL)` : equal;
      })
      .join(" AND ");
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
    const child = returning.find(
      ({ table }) => table.oid === reference.table || table.oid === reference.tableHome,
    );
    const parent = tables.get(reference.referenced);
    // Of a reference of one partition only the rows that go there.
    const bound = tables.get(reference.table)?.bound;
    if (!child || !parent || !reference.columns.every((name) => child.columns.includes(name)))
      continue;
    const parents = [
      `SELECT FROM ${parent.source} p WHERE ${keysMatch(reference)}`,
      ...returning
        .filter(({ table }) => table.oid === parent.oid || table.oid === parent.home)
        .map((back) => `SELECT FROM ${returningRows(back, "all")} p WHERE ${keysMatch(reference)}`),
    ];
    const complete = reference.columns.map((name) => `c.${quoteIdentifier(name)} IS NOT NULL`);
    found += await conflict(
      connection,
      `SELECT c.ctb$id, ${quoteLiteral(`It refers to a row of ${parent.name} that is not there.`)} FROM ${returningRows(child, "all")} c
        WHERE ${bound === null || bound === undefined || child.table.oid === reference.table ? "" : `(${bound}) AND `}${complete.join(" AND ")} ${parents.map((sql) => `AND NOT EXISTS (${sql})`).join(" ")}`,
    );
  }
  return found;
}
