import type { Postgres } from "@ctb-data/postgres";

/** What a database holds, in words that any later version of PostgreSQL and of this package must agree with. */
export interface StatedPostgres {
  /** Tables, partitions, views and materialised views by their quoted names. */
  readonly relations: Readonly<Record<string, StatedRows>>;
  /** Columns, constraints, indexes and all else that was declared, a sentence each, sorted. */
  readonly declared: readonly string[];
}

export interface StatedRows {
  readonly rows: number;
  /** Of the rows as text, sorted by their bytes, with a line feed in between; made by the server. */
  readonly md5: string;
}

/** Reads it with plain SQL: nothing of the backup's own code takes part. */
export async function statePostgres(db: Postgres): Promise<StatedPostgres> {
  return await db.transaction(async (tx) => {
    await tx.query(`SELECT set_config(name, value, true) FROM (VALUES ('TimeZone', 'UTC'), ('DateStyle', 'ISO, MDY'), ('IntervalStyle', 'postgres'),
      ('bytea_output', 'hex'), ('extra_float_digits', '1'), ('search_path', '')) AS s (name, value)`);
    const { rows: relations } = await tx.query<{ name: string; kind: string }>(
      `SELECT oid::regclass::text AS name, relkind AS kind FROM pg_class
       WHERE ${own("relnamespace")} AND relkind IN ('r', 'v', 'm') AND relispopulated ORDER BY oid::regclass::text COLLATE "C"`,
    );
    const stated: [string, StatedRows][] = [];
    for (const { name, kind } of relations) {
      const { rows } = await tx.query<StatedRows>(
        `SELECT count(*)::integer AS rows, md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE "C"), '')) AS md5
         FROM ${kind === "r" ? "ONLY " : ""}${name} AS t`,
      );
      stated.push([name, { rows: rows[0]?.rows ?? -1, md5: rows[0]?.md5 ?? "" }]);
    }
    const { rows: declared } = await tx.query<{ text: string }>(
      `SELECT text FROM (${declarations.join("\nUNION ALL ")}) AS d (text) ORDER BY text COLLATE "C"`,
    );
    return { relations: Object.fromEntries(stated), declared: declared.map(({ text }) => text) };
  });
}

function own(namespace: string): string {
  return `${namespace} IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')`;
}

const relation = "(SELECT relnamespace FROM pg_class WHERE oid =";

/** Only what PostgreSQL has printed in the same words since version 15. */
const declarations: readonly string[] = [
  `SELECT format('schema %I: %s', nspname, obj_description(oid, 'pg_namespace')) FROM pg_namespace WHERE ${own("oid")} AND nspname <> 'public'`,
  `SELECT format('%s %s: populated %s, row security %s, %s; %s', CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
     WHEN 'm' THEN 'materialised view' ELSE 'sequence' END, oid::regclass, relispopulated, relrowsecurity, relpersistence, obj_description(oid, 'pg_class'))
   FROM pg_class WHERE ${own("relnamespace")} AND relkind IN ('r', 'p', 'v', 'm', 'S')`,
  `SELECT format('column %s %s %I %s, not null %s, default %s, identity %s, generated %s; %s', attrelid::regclass, row_number() OVER (PARTITION BY attrelid ORDER BY attnum),
     attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), attidentity, attgenerated, col_description(attrelid, attnum))
   FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
   WHERE ${own("relnamespace")} AND relkind IN ('r', 'p', 'v', 'm') AND attnum > 0 AND NOT attisdropped`,
  // Since 18 NOT NULL is a constraint of its own too; the columns say it already.
  `SELECT format('constraint %s %s %I %s', NULLIF(conrelid, 0)::regclass, NULLIF(contypid, 0)::regtype, conname, pg_get_constraintdef(oid))
   FROM pg_constraint WHERE ${own("connamespace")} AND contype NOT IN ('n', 't')`,
  `SELECT pg_get_indexdef(oid) FROM pg_class WHERE ${own("relnamespace")} AND relkind IN ('i', 'I')`,
  `SELECT format('partition %s of %s %s', inhrelid::regclass, inhparent::regclass, pg_get_expr(relpartbound, c.oid))
   FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE ${own("relnamespace")} AND relkind IN ('r', 'p')`,
  `SELECT format('partitioned %s by %s', partrelid::regclass, pg_get_partkeydef(partrelid)) FROM pg_partitioned_table`,
  `SELECT format('enum %s %s %L', enumtypid::regtype, row_number() OVER (PARTITION BY enumtypid ORDER BY enumsortorder), enumlabel) FROM pg_enum`,
  `SELECT format('domain %s %s default %s', oid::regtype, format_type(typbasetype, typtypmod), typdefault) FROM pg_type WHERE ${own("typnamespace")} AND typtype = 'd'`,
  `SELECT format('range %s of %s', rngtypid::regtype, rngsubtype::regtype) FROM pg_range JOIN pg_type t ON t.oid = rngtypid WHERE ${own("typnamespace")}`,
  `SELECT format('function %s: %s', oid::regprocedure, prosrc) FROM pg_proc WHERE ${own("pronamespace")} AND prokind = 'f'
     AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'i')`,
  `SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal AND ${own(`${relation} tgrelid)`)}`,
  `SELECT format('policy %I on %I.%I for %s to %s using %s', policyname, schemaname, tablename, cmd, roles, qual) FROM pg_policies`,
  `SELECT format('sequence %I.%I as %s, start %s, by %s, %s to %s, cycle %s, cache %s, at %s', schemaname, sequencename, data_type, start_value, increment_by,
     min_value, max_value, cycle, cache_size, last_value) FROM pg_sequences`,
  `SELECT format('%s is granted on %s to everybody', privilege_type, c.oid::regclass) FROM pg_class c CROSS JOIN LATERAL aclexplode(relacl)
   WHERE grantee = 0 AND ${own("relnamespace")}`,
];
