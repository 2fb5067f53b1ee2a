import { createHash } from "node:crypto";
import { inspect } from "node:util";
import type { Firestore } from "@ctb-data/firestore";
import type { Postgres } from "@ctb-data/postgres";

/** What a store holds of one kind: equal sums for equal content. */
export interface Content {
  readonly what: string;
  readonly count: number;
  /** MD5, hexadecimal. */
  readonly sum: string;
}

/** Everything in both stores. PostgreSQL sums up its rows and its catalog itself; documents come by firebase-admin. */
export async function contentOf(db: Postgres, firestore: Firestore): Promise<readonly Content[]> {
  return [...(await tablesOf(db)), await catalogOf(db), ...(await collectionsOf(firestore))];
}

async function tablesOf(db: Postgres): Promise<readonly Content[]> {
  const { rows: tables } = await db.query<{ name: string }>(
    `SELECT oid::regclass::text AS name FROM pg_class
     WHERE relkind IN ('r', 'p', 'm') AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE ${systemSchema}) ORDER BY 1`,
  );
  const contents: Content[] = [];
  for (const { name } of tables) {
    const { rows } = await db.query<Summed>(
      `SELECT ${summed("t::text")} FROM (SELECT * FROM ${name}) AS t`,
    );
    contents.push({ what: `table ${name}`, count: rows[0]?.count ?? 0, sum: rows[0]?.sum ?? "" });
  }
  return contents;
}

interface Summed {
  readonly count: number;
  readonly sum: string;
}

/** Independent of the order that they come in. */
function summed(text: string): string {
  return `count(*)::integer AS count, md5(coalesce(string_agg(${text}, E'\\n' ORDER BY ${text} COLLATE "C"), '')) AS sum`;
}

const systemSchema = `nspname ~ '^pg_' OR nspname = 'information_schema'`;

/** Columns with their types and defaults, constraints, indexes, functions, triggers, comments, and where the sequences stand. */
async function catalogOf(db: Postgres): Promise<Content> {
  const { rows } = await db.query<Summed>(`
    WITH own AS (SELECT oid FROM pg_namespace WHERE NOT (${systemSchema})),
    fact AS (
      SELECT concat_ws(' ', 'column', attrelid::regclass, row_number() OVER (PARTITION BY attrelid ORDER BY attnum), quote_ident(attname),
        format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, pg_get_expr(adbin, adrelid), col_description(attrelid, attnum)) AS text
      FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
      WHERE relnamespace IN (SELECT oid FROM own) AND relkind IN ('r', 'p', 'v', 'm') AND attnum > 0 AND NOT attisdropped
      UNION ALL SELECT concat_ws(' ', 'relation', oid::regclass, relkind, relrowsecurity, reloptions, obj_description(oid, 'pg_class'))
      FROM pg_class WHERE relnamespace IN (SELECT oid FROM own)
      UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, quote_ident(conname), pg_get_constraintdef(oid), convalidated)
      FROM pg_constraint WHERE connamespace IN (SELECT oid FROM own)
      UNION ALL SELECT pg_get_indexdef(oid) FROM pg_class WHERE relkind IN ('i', 'I') AND relnamespace IN (SELECT oid FROM own)
      UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE prokind IN ('f', 'p') AND pronamespace IN (SELECT oid FROM own)
      UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
      WHERE NOT tgisinternal AND relnamespace IN (SELECT oid FROM own)
      UNION ALL SELECT concat_ws(' ', 'sequence', schemaname, sequencename, data_type, increment_by, last_value) FROM pg_sequences
    )
    SELECT ${summed("text")} FROM fact`);
  return { what: "catalog", count: rows[0]?.count ?? 0, sum: rows[0]?.sum ?? "" };
}

async function collectionsOf(firestore: Firestore): Promise<readonly Content[]> {
  const contents: Content[] = [];
  for (const path of await firestore.collections()) {
    const documents: string[] = [];
    for await (const { id, data } of firestore.documents(path)) {
      documents.push(`${id} ${inspect(data, whole)}`);
    }
    const sum = createHash("md5").update(documents.toSorted().join("\n")).digest("hex");
    contents.push({ what: `documents of ${path}`, count: documents.length, sum });
  }
  return contents;
}

const whole = {
  depth: null,
  sorted: true,
  maxArrayLength: null,
  maxStringLength: null,
  breakLength: Infinity,
} as const;
