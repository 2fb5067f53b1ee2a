import { quoteLiteral, type Queryable } from "@ctb-data/postgres";
import { BackupError } from "../backup-error.ts";

/** An unfinished restore, as it left word in the database that it restores into. */
export interface RestoreMarker {
  /** The id of the backup. */
  readonly backup: string;
  readonly startedAt: string;
  /** It restores everything, into a database that was empty or may be emptied. */
  readonly whole: boolean;
  /** Of a restore of some tables: those that it made itself, and those that were there and empty. By their quoted names. */
  readonly tables: Readonly<Record<string, "made" | "empty">>;
  /** The rows are all there: only the documents may be missing. */
  readonly done: boolean;
}

/** Where a restore leaves word of itself until it is done. It is no part of any backup. */
const markerSchema = "ctb_data_restore";

const own = `nspname !~ '^pg_' AND nspname <> 'information_schema' AND nspname <> '${markerSchema}'`;
const notOfExtension = (catalog: string): string =>
  `NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS member WHERE member.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass
     AND member.objid = object.oid AND member.deptype = 'e')`;

/**
 * The word that an unfinished restore left; undefined when there is none.
 *
 * @throws {BackupError} REFUSED when the schema for it is somebody's own: no restore could keep it.
 */
export async function readMarker(connection: Queryable): Promise<RestoreMarker | undefined> {
  const { rows: there } = await connection.query<{ names: readonly string[] }>(
    `SELECT ARRAY(SELECT relname::text FROM pg_catalog.pg_class AS c WHERE c.relnamespace = n.oid AND relkind <> 'i'
         UNION ALL SELECT proname || '()' FROM pg_catalog.pg_proc WHERE pronamespace = n.oid
         UNION ALL SELECT typname FROM pg_catalog.pg_type WHERE typnamespace = n.oid AND typrelid = 0 AND typcategory <> 'A') AS names
       FROM pg_catalog.pg_namespace AS n WHERE nspname = '${markerSchema}'`,
  );
  const [schema] = there;
  if (schema === undefined) return undefined;
  if (schema.names.join() !== "state") {
    throw new BackupError(
      "REFUSED",
      `The database has a schema ${markerSchema} that no restore made${schema.names.length === 0 ? "" : `, with ${schema.names.slice(0, 3).join(", ")}`}.`,
      { hint: `Rename it: unfinished restores leave word of themselves under that name.` },
    );
  }
  const { rows } = await connection.query<RestoreMarker>(
    `SELECT backup, started_at::text AS "startedAt", whole, tables, done FROM ${markerSchema}.state`,
  );
  return rows[0];
}

/**
 * What leaves word of a restore that begins, as statements. They belong into the transaction that makes the first change. The table has
 * a key: a publication of all tables, which may be restored meanwhile, forbids to update one that has none.
 */
export function markerStatements({
  backup,
  whole,
  tables,
}: Omit<RestoreMarker, "startedAt" | "done">): readonly string[] {
  return [
    `DROP SCHEMA IF EXISTS ${markerSchema} CASCADE`,
    `CREATE SCHEMA ${markerSchema}`,
    `CREATE TABLE ${markerSchema}.state (backup text PRIMARY KEY, started_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
       whole boolean NOT NULL, tables jsonb NOT NULL, done boolean NOT NULL DEFAULT false)`,
    `INSERT INTO ${markerSchema}.state (backup, whole, tables)
       VALUES (${quoteLiteral(backup)}, ${String(whole)}, ${quoteLiteral(JSON.stringify(tables))})`,
  ];
}

/** The rows are restored. What else belongs to the restore may still be under way. In a transaction, as its first statement. */
export async function markDone(connection: Queryable): Promise<void> {
  // What was restored may be a setting that makes every new session's transactions read-only.
  await connection.query("SET TRANSACTION READ WRITE");
  await connection.query(`UPDATE ${markerSchema}.state SET done = true`);
}

/** The restore is done. In a transaction, as {@link markDone}: event triggers are off while it lasts, for none must see it. */
export async function dropMarker(connection: Queryable): Promise<void> {
  await connection.query("SET TRANSACTION READ WRITE");
  const { rows } = await connection.query<{ off: string; on: string }>(
    `SELECT pg_catalog.format('ALTER EVENT TRIGGER %I DISABLE', evtname) AS off,
       pg_catalog.format('ALTER EVENT TRIGGER %I ENABLE %s', evtname, CASE evtenabled WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' ELSE '' END) AS on
     FROM pg_catalog.pg_event_trigger WHERE evtenabled <> 'D' AND pg_catalog.pg_has_role(evtowner, 'USAGE')`,
  );
  for (const { off } of rows) await connection.query(off);
  await connection.query(`DROP SCHEMA IF EXISTS ${markerSchema} CASCADE`);
  for (const { on } of rows) await connection.query(on);
}

/**
 * Up to five things in the database that somebody made: schemas but `public`, relations, functions, types. None in a database as
 * CREATE DATABASE makes it, with or without extensions.
 */
export async function findOwnObjects(connection: Queryable): Promise<readonly string[]> {
  const { rows } = await connection.query<{ name: string }>(
    `SELECT name FROM (
       SELECT 1 AS rank, 'schema ' || pg_catalog.quote_ident(nspname) AS name
         FROM pg_catalog.pg_namespace AS object WHERE ${own} AND nspname <> 'public' AND ${notOfExtension("pg_namespace")}
       UNION ALL
       SELECT 0, 'relation ' || object.oid::pg_catalog.regclass::text FROM pg_catalog.pg_class AS object
         JOIN pg_catalog.pg_namespace AS space ON space.oid = relnamespace
         WHERE ${own} AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND ${notOfExtension("pg_class")}
       UNION ALL
       SELECT 2, 'function ' || object.oid::pg_catalog.regprocedure::text FROM pg_catalog.pg_proc AS object
         JOIN pg_catalog.pg_namespace AS space ON space.oid = pronamespace WHERE ${own} AND ${notOfExtension("pg_proc")}
       UNION ALL
       SELECT 2, 'type ' || pg_catalog.format_type(object.oid, NULL) FROM pg_catalog.pg_type AS object
         JOIN pg_catalog.pg_namespace AS space ON space.oid = typnamespace
         WHERE ${own} AND typtype IN ('e', 'd', 'r') AND ${notOfExtension("pg_type")}
     ) AS found ORDER BY rank, name LIMIT 5`,
  );
  return rows.map(({ name }) => name);
}

/**
 * What drops all that is in the database, extensions too, as statements: it is then as CREATE DATABASE makes it. They belong into one
 * transaction with what comes instead, so that nothing is lost when that fails.
 */
export async function dropStatements(connection: Queryable): Promise<readonly string[]> {
  const { rows } = await connection.query<{ sql: string }>(
    `SELECT pg_catalog.format('DROP PUBLICATION %I', pubname) AS sql, 1 AS rank FROM pg_catalog.pg_publication
     UNION ALL SELECT pg_catalog.format('DROP EVENT TRIGGER %I', evtname), 1 FROM pg_catalog.pg_event_trigger AS object
       WHERE ${notOfExtension("pg_event_trigger")}
     UNION ALL SELECT pg_catalog.format('DROP EXTENSION IF EXISTS %I CASCADE', extname), 2 FROM pg_catalog.pg_extension
       WHERE extname <> 'plpgsql'
     UNION ALL SELECT pg_catalog.format('DROP SCHEMA IF EXISTS %I CASCADE', nspname), 3 FROM pg_catalog.pg_namespace WHERE ${own}
     UNION ALL SELECT pg_catalog.format('DROP FOREIGN DATA WRAPPER IF EXISTS %I CASCADE', fdwname), 4
       FROM pg_catalog.pg_foreign_data_wrapper
     ORDER BY 2, 1`,
  );
  return [
    ...rows.map(({ sql }) => sql),
    "SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata",
    "CREATE SCHEMA public",
    "GRANT USAGE ON SCHEMA public TO PUBLIC",
    // As CREATE DATABASE has it since version 14; who may not give it away keeps it.
    `DO $$ BEGIN ALTER SCHEMA public OWNER TO pg_database_owner;
       EXCEPTION WHEN insufficient_privilege OR undefined_object THEN NULL; END $$`,
  ];
}
