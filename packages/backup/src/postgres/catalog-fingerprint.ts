import type { Connection } from "@ctb-data/postgres";
import { userSchema } from "./list-tables.ts";

/** Every object of the user's schemas: what it is called, and a hash of how it is defined. */
export type CatalogFingerprint = ReadonlyMap<string, string>;

/** What became of a catalog. The names are `table public.users`, `constraint public.users.users_pkey`, … */
export interface CatalogChanges {
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/** One catalog of the server. */
interface CatalogPart {
  readonly kind: string;
  /** The row is `t`; its schema is `n`. */
  readonly from: string;
  /** Without the schema. */
  readonly name: string;
  /** Columns that say nothing about the definition, or change without it: numbers, statistics, where the data lie. */
  readonly without?: readonly string[];
  readonly where?: string;
}

const relation = (on: string): string =>
  `JOIN pg_catalog.pg_class AS r ON r.oid = ${on} JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace`;
const lasting = "r.relpersistence <> 't' AND r.relkind <> 't'";

const parts: readonly CatalogPart[] = [
  {
    kind: "schema",
    from: "pg_namespace AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.oid",
    name: "''",
  },
  {
    kind: "relation",
    from: "pg_class AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace",
    name: "t.relname",
    where: "t.relpersistence <> 't' AND t.relkind <> 't'",
    without: [
      "relfilenode", "reltablespace", "relpages", "reltuples", "relallvisible", "relallfrozen", "relfrozenxid", "relminmxid",
      "reltoastrelid", "relhasindex", "relhasrules", "relhastriggers", "relhassubclass", "relrewrite", "relchecks", "reltype",
    ], // prettier-ignore
  },
  {
    kind: "column",
    from: `pg_attribute AS t ${relation("t.attrelid")}`,
    name: "r.relname || '.' || t.attname",
    where: `${lasting} AND t.attnum > 0 AND r.relkind NOT IN ('i', 'I', 'S')`,
    without: ["attrelid", "attcacheoff", "attstattarget", "attmissingval", "atthasmissing"],
  },
  {
    kind: "default",
    from: `pg_attrdef AS t ${relation("t.adrelid")}`,
    name: "r.relname || '.' || t.adnum",
    where: lasting,
    without: ["adrelid"],
  },
  {
    kind: "constraint",
    from: "pg_constraint AS t LEFT JOIN pg_catalog.pg_class AS r ON r.oid = t.conrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = t.connamespace",
    name: "coalesce(r.relname || '.', '') || t.conname",
    where: `(r.oid IS NULL OR ${lasting})`,
    without: ["conindid"],
  },
  {
    kind: "index",
    from: `pg_index AS t ${relation("t.indexrelid")}`,
    name: "r.relname",
    where: lasting,
    without: [
      "indexrelid",
      "indcheckxmin",
      "indisvalid",
      "indisready",
      "indislive",
      "indisclustered",
    ],
  },
  {
    kind: "trigger",
    from: `pg_trigger AS t ${relation("t.tgrelid")}`,
    name: "r.relname || '.' || t.tgname",
    where: `NOT t.tgisinternal AND ${lasting}`,
  },
  {
    kind: "rule",
    from: `pg_rewrite AS t ${relation("t.ev_class")}`,
    name: "r.relname || '.' || t.rulename",
    where: lasting,
  },
  {
    kind: "policy",
    from: `pg_policy AS t ${relation("t.polrelid")}`,
    name: "r.relname || '.' || t.polname",
  },
  {
    kind: "inheritance",
    from: `pg_inherits AS t ${relation("t.inhrelid")}`,
    name: "r.relname || '.' || t.inhseqno",
    where: lasting,
  },
  {
    kind: "sequence",
    from: `pg_sequence AS t ${relation("t.seqrelid")}`,
    name: "r.relname",
    where: lasting,
    without: ["seqrelid"],
  },
  {
    kind: "function",
    from: "pg_proc AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.pronamespace",
    name: "t.proname || '(' || t.proargtypes::text || ')'",
  },
  {
    kind: "type",
    from: "pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace LEFT JOIN pg_catalog.pg_class AS r ON r.oid = t.typrelid",
    name: "t.typname",
    // The types of tables and of arrays say nothing that their owners do not.
    where: "t.typelem = 0 AND (r.oid IS NULL OR r.relkind = 'c')",
    without: ["typarray", "typrelid"],
  },
  {
    kind: "label",
    from: "pg_enum AS t JOIN pg_catalog.pg_type AS y ON y.oid = t.enumtypid JOIN pg_catalog.pg_namespace AS n ON n.oid = y.typnamespace",
    name: "y.typname || '.' || t.enumlabel",
    without: ["enumtypid"],
  },
  {
    kind: "statistics",
    from: "pg_statistic_ext AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.stxnamespace",
    name: "t.stxname",
    without: ["stxstattarget"],
  },
  {
    kind: "extension",
    from: "pg_extension AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.extnamespace",
    name: "t.extname",
    where: "n.nspname <> ''",
  },
];

function partSql({ kind, from, name, without = [], where = "true" }: CatalogPart): string {
  const dropped = ["oid", ...without].map((column) => `'${column}'`).join(", ");
  const schema = kind === "extension" ? "true" : userSchema;
  return `SELECT '${kind} ' || n.nspname || CASE WHEN ${name} = '' THEN '' ELSE '.' || ${name} END AS name,
    md5((to_jsonb(t) - ARRAY[${dropped}])::text) AS hash
    FROM pg_catalog.${from} WHERE ${schema} AND ${where}`;
}

/**
 * Reads what this session sees of the catalog. Nothing in it changes when statistics are gathered, an index is rebuilt, or a
 * dropped object is made again as it was.
 *
 * @throws {PostgresError}
 */
export async function readFingerprint(connection: Connection): Promise<CatalogFingerprint> {
  const { rows } = await connection.query<{ name: string; hash: string }>(
    parts.map(partSql).join(" UNION ALL "),
  );
  return new Map(rows.map(({ name, hash }) => [name, hash]));
}

/** What is not the same any more. */
export function compareFingerprints(
  before: CatalogFingerprint,
  after: CatalogFingerprint,
): CatalogChanges {
  const names = [...before.keys()];
  return {
    changed: names.filter((name) => after.has(name) && after.get(name) !== before.get(name)),
    removed: names.filter((name) => !after.has(name)),
    added: [...after.keys()].filter((name) => !before.has(name)),
  };
}
