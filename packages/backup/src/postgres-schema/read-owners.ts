import { quoteIdentifier } from "@ctb-data/postgres";
import type { Catalog } from "./catalog-query.ts";
import type { SchemaObject } from "./schema-object.ts";

interface OwnerRow {
  readonly key: string;
  /** `TABLE public.x` */
  readonly target: string;
  readonly owner: string;
}

const own = (classid: string): string => `object.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${classid}'::regclass AND d.objid = object.oid AND d.deptype IN ('e', 'a', 'i'))`;
const key = (classid: string): string => `'${classid}:' || object.oid`;
const named = (name: string): string =>
  `quote_ident(n.nspname) || '.' || quote_ident(object.${name})`;

/** Objects of somebody else than the database's owner and who reads. What follows its table (sequences of columns, row types) is left out. */
const ownersSql = `SELECT s.key, s.target, pg_get_userbyid(s.owner) AS owner FROM (
  SELECT ${key("pg_namespace")} AS key, 'SCHEMA ' || quote_ident(object.nspname) AS target, object.nspowner AS owner
    FROM pg_namespace object WHERE object.nspname !~ '^pg_(temp|toast)' AND ${own("pg_namespace")}
  UNION ALL SELECT ${key("pg_class")}, CASE object.relkind WHEN 'S' THEN 'SEQUENCE ' WHEN 'v' THEN 'VIEW ' WHEN 'm' THEN 'MATERIALIZED VIEW '
      WHEN 'f' THEN 'FOREIGN TABLE ' WHEN 'c' THEN 'TYPE ' ELSE 'TABLE ' END || ${named("relname")}, object.relowner
    FROM pg_class object JOIN pg_namespace n ON n.oid = object.relnamespace
    WHERE object.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND object.relpersistence <> 't'
      AND (object.relkind <> 'S' OR ${own("pg_class")}) AND object.oid >= 16384
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = object.oid AND d.deptype = 'e')
  UNION ALL SELECT ${key("pg_proc")}, 'ROUTINE ' || object.oid::regprocedure, object.proowner
    FROM pg_proc object WHERE ${own("pg_proc")}
  UNION ALL SELECT ${key("pg_type")}, CASE object.typtype WHEN 'd' THEN 'DOMAIN ' ELSE 'TYPE ' END || ${named("typname")}, object.typowner
    FROM pg_type object JOIN pg_namespace n ON n.oid = object.typnamespace
    WHERE object.typtype IN ('e', 'd', 'r') AND ${own("pg_type")}
) s WHERE s.owner NOT IN (SELECT datdba FROM pg_database WHERE datname = current_database() UNION SELECT oid FROM pg_roles WHERE rolname = current_user)
ORDER BY s.target`;

/**
 * Who owns what does not belong to the database's owner or to who reads it. It matters: a view, and a function that is SECURITY
 * DEFINER, does what its owner may do.
 */
export async function readOwners(
  catalog: Catalog,
  idOf: (key: string) => string | undefined,
): Promise<SchemaObject[]> {
  const rows = await catalog.rows<OwnerRow>(ownersSql);
  return rows.map(({ key: of, target, owner }) => {
    const id = idOf(of);
    return {
      id: `owner of ${target}`,
      kind: "owner",
      schema: null,
      name: target,
      sql: `ALTER ${target} OWNER TO ${quoteIdentifier(owner)};`,
      ...(id === undefined ? {} : { dependsOn: [id] }),
      roles: [owner],
    };
  });
}
