import type { Queryable } from "@ctb-data/postgres";

/** Everything that `undo` must bring back: the rows as texts, constraints, indexes and triggers. */
export interface DatabaseFacts {
  readonly rows: Readonly<Record<string, readonly string[]>>;
  readonly schema: readonly string[];
}

/** Reads them of all tables but those of `ctb_data`. */
export async function databaseFacts(db: Queryable): Promise<DatabaseFacts> {
  const { rows: tables } = await db.query<{ readonly name: string }>(
    `SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'ctb_data') ORDER BY 1`,
  );
  const rows: Record<string, readonly string[]> = {};
  for (const { name } of tables) {
    const found = await db.query<{ readonly text: string }>(
      `SELECT t::text AS text FROM ONLY ${name} t ORDER BY t::text COLLATE "C"`,
    );
    rows[name] = found.rows.map(({ text }) => text);
  }
  const { rows: schema } = await db.query<{ readonly text: string }>(schemaSql);
  return { rows, schema: schema.map(({ text }) => text) };
}

/** Constraints of NOT NULL are in `attnotnull` before PostgreSQL 18, and there in any case. */
const schemaSql = `
SELECT concat_ws(' ', 'constraint', o.conrelid::regclass, quote_ident(o.conname), pg_get_constraintdef(o.oid), o.convalidated, obj_description(o.oid, 'pg_constraint')) AS text
FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid WHERE c.relpersistence = 'p' AND c.relnamespace NOT IN ('ctb_data'::regnamespace, 'pg_catalog'::regnamespace, 'information_schema'::regnamespace)
UNION ALL SELECT concat_ws(' ', 'column', a.attrelid::regclass, quote_ident(a.attname), a.attnotnull) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND c.relpersistence = 'p' AND c.relnamespace NOT IN ('ctb_data'::regnamespace, 'pg_catalog'::regnamespace, 'information_schema'::regnamespace)
UNION ALL SELECT concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), i.indisvalid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND c.relnamespace NOT IN ('ctb_data'::regnamespace, 'pg_catalog'::regnamespace, 'information_schema'::regnamespace)
UNION ALL SELECT concat_ws(' ', 'trigger', g.tgrelid::regclass, CASE WHEN g.tgisinternal THEN g.tgfoid::regproc::text ELSE g.tgname END, g.tgenabled) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid WHERE c.relpersistence = 'p' AND c.relnamespace <> 'ctb_data'::regnamespace
ORDER BY 1`;
