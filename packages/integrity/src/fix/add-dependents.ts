import { quoteIdentifier, quoteLiteral, type Connection } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import { keysMatch, type LiveReference } from "./live-references.ts";
import { clearableColumns, type LiveTable } from "./live-table.ts";
import { analyseWorkTables, changedTable, goneTable, sameRow } from "./work-tables.ts";

/** What is known of the tables that can be reached. */
export interface Surroundings {
  readonly registry: Registry;
  readonly tables: ReadonlyMap<number, LiveTable>;
  readonly references: readonly LiveReference[];
  /** `moved` or `deleted`: for the words in the quarantine. */
  readonly verb: "moved" | "deleted";
}

/**
 * Adds to the work tables what must go, or be emptied, with the rows in them: rows that would lead nowhere without them, and
 * rows that lead to those. Where the reference says ON DELETE SET NULL and the columns may be null, they are emptied. A row that
 * still finds another row of the same key stays as it is.
 */
export async function addDependents(
  connection: Connection,
  surroundings: Surroundings,
): Promise<void> {
  for (let depth = 0; ; depth += 1) {
    await analyseWorkTables(connection);
    const { rows } = await connection.query<{ readonly home: number }>(
      `SELECT DISTINCT COALESCE(pg_catalog.pg_partition_root(rel)::pg_catalog.oid, rel) AS home FROM
        (SELECT rel FROM ${goneTable} WHERE depth = ${depth} UNION SELECT rel FROM ${changedTable} WHERE depth = ${depth}) w`,
    );
    if (rows.length === 0) break;
    const homes = new Set(rows.map(({ home }) => home));
    for (const reference of surroundings.references) {
      const home = surroundings.tables.get(reference.referenced)?.home;
      if (home !== undefined && homes.has(home))
        await follow(connection, { reference, surroundings, depth });
    }
  }
  await connection.query(
    `DELETE FROM ${changedTable} c USING ${goneTable} g WHERE c.rel = g.rel AND c.tid = g.tid`,
  );
}

interface Step {
  readonly reference: LiveReference;
  readonly surroundings: Surroundings;
  readonly depth: number;
}

async function follow(connection: Connection, step: Step): Promise<void> {
  const { reference, surroundings, depth } = step;
  const [parent, child] = [reference.referenced, reference.table].map((oid) =>
    surroundings.tables.get(oid),
  );
  if (!parent || !child) return;
  const clearable = clearableColumns(child, surroundings.registry);
  const lost = [
    {
      action: reference.onDelete,
      rows: `SELECT rel, tid FROM ${goneTable} WHERE depth = ${depth}`,
      nulled: reference.nulledOnDelete,
      what: surroundings.verb,
    },
    {
      action: reference.onUpdate === "cascade" ? ("set null" as const) : reference.onUpdate,
      rows: `SELECT DISTINCT rel, tid FROM ${changedTable} WHERE depth = ${depth} AND ${isKey(reference)}`,
      nulled: reference.columns,
      what: "changed",
    },
  ];
  for (const { action, rows, nulled, what } of lost) {
    const cleared = action === "set null" ? nulled.filter((name) => clearable.has(name)) : [];
    const found = affected({ ...step, parent, child, rows, action, what });
    if (cleared.length === 0 || cleared.length < nulled.length) {
      await connection.query(
        `INSERT INTO ${goneTable} (rel, tid, depth, why) ${found} ON CONFLICT DO NOTHING`,
      );
      continue;
    }
    const columns = cleared.map(quoteLiteral).join(", ");
    await connection.query(
      `INSERT INTO ${changedTable} (rel, tid, depth, why, col) SELECT f.*, k.col FROM (${found}) f CROSS JOIN unnest(ARRAY[${columns}]) k (col) ON CONFLICT DO NOTHING`,
    );
    await moveWhatMayNotBeEmpty(connection, { table: child, depth: depth + 1 });
  }
}

function isKey({ referencedColumns }: LiveReference): string {
  return `col IN (${referencedColumns.map(quoteLiteral).join(", ")})`;
}

/** The rows of the child that lead to lost rows of the parent. */
function affected({
  reference,
  depth,
  parent,
  child,
  rows,
  action,
  what,
}: Step & {
  readonly parent: LiveTable;
  readonly child: LiveTable;
  readonly rows: string;
  readonly action: string;
  readonly what: string;
}): string {
  const key = parent.key.length > 0 ? parent.key : reference.referencedColumns;
  const named = key.map((name) => `pg_catalog.format('%s', p.${quoteIdentifier(name)})`).join(", ");
  const why = `pg_catalog.concat('Refers to ', ${quoteLiteral(parent.name)}, ' ', pg_catalog.concat_ws(', ', ${named}), ${quoteLiteral(`, which was ${what}.`)})`;
  // The server acts without looking for another row of the same key.
  const acts = reference.live && ["cascade", "set null", "set default"].includes(action);
  const others = `AND NOT EXISTS (SELECT FROM ${parent.source} o WHERE ${keysMatch(reference, "o")}
    AND NOT EXISTS (SELECT FROM ${goneTable} g WHERE g.rel = o.tableoid AND g.tid = o.ctid)
    AND NOT EXISTS (SELECT FROM ${changedTable} g WHERE g.rel = o.tableoid AND g.tid = o.ctid AND ${isKey(reference)}))`;
  return `SELECT DISTINCT ON (c.tableoid, c.ctid) c.tableoid, c.ctid, ${depth + 1}, ${why}
    FROM (${rows}) l JOIN ${parent.source} p ON ${sameRow("p", "l")} JOIN ${child.source} c ON ${keysMatch(reference)}
    WHERE NOT EXISTS (SELECT FROM ${goneTable} g WHERE g.rel = c.tableoid AND g.tid = c.ctid) ${acts ? "" : others}`;
}

/**
 * Rows that were to be emptied and that the server would refuse then, because of a check, go instead. `broken`, SQL in the
 * alias `t`, is a further reason: what the fix is about would still be so.
 */
export async function moveWhatMayNotBeEmpty(
  connection: Connection,
  {
    table,
    depth,
    broken = [],
  }: { readonly table: LiveTable; readonly depth: number; readonly broken?: readonly string[] },
): Promise<void> {
  const refused = [
    ...table.checks.map((check) => `(${check}) IS FALSE`),
    ...broken.map((sql) => `(${sql})`),
  ];
  if (refused.length > 0) {
    const columns = table.columns.map(({ name }) => {
      const column = quoteIdentifier(name);
      return `CASE WHEN ${quoteLiteral(name)} = ANY (n.cols) THEN NULL ELSE x.${column} END AS ${column}`;
    });
    await connection.query(`INSERT INTO ${goneTable} (rel, tid, depth, why)
      SELECT t.ctb$rel, t.ctb$tid, ${depth}, t.ctb$why FROM (
        SELECT n.rel AS ctb$rel, n.tid AS ctb$tid, n.why AS ctb$why, ${columns.join(", ")}
        FROM ${table.source} x JOIN (SELECT rel, tid, array_agg(col) AS cols, min(why) AS why, max(depth) AS depth FROM ${changedTable} WHERE NOT sealed GROUP BY rel, tid) n
          ON ${sameRow("x", "n")} WHERE n.depth = ${depth}) t
      WHERE ${refused.join(" OR ")} ON CONFLICT DO NOTHING`);
  }
  await connection.query(
    `DELETE FROM ${changedTable} c USING ${goneTable} g WHERE c.rel = g.rel AND c.tid = g.tid`,
  );
}
