import type { Queryable } from "@ctb-data/postgres";

/**
 * When an object is made. 0: before the rows. 1: indexes, keys and checks. 2: foreign keys. 3: what would react to the
 * steps before, as triggers. 4: refreshes. 5: event triggers, which would see everything.
 */
export type Phase = 0 | 1 | 2 | 3 | 4 | 5;

/** Objects of one kind, asked for with one statement whose rows are {@link CatalogRow}s. */
export interface CatalogQuery {
  readonly phase: Phase;
  readonly sql: string;
}

/** What every catalog query answers. Columns that a query leaves out are undefined. */
export interface CatalogRow {
  /** `pg_class:16384`, or something else that is unique. */
  readonly key: string;
  readonly kind: string;
  readonly schema: string | null;
  readonly name: string;
  /** Without the last semicolon. Null when the server did not say. */
  readonly sql: string | null;
  /** Something of the same name that others can refer to before the real one can be made. */
  readonly stub?: string | null;
  /** Keys beyond those of pg_depend. */
  readonly needs?: readonly string[] | null;
  readonly aliases?: readonly string[] | null;
  readonly table_schema?: string | null;
  readonly table_name?: string | null;
  readonly roles?: readonly string[] | null;
}

/** The catalog of one database, in one snapshot. */
export interface Catalog {
  /** `180004` */
  readonly version: number;
  rows<Row extends object>(sql: string): Promise<readonly Row[]>;
}

/** A catalog over a connection. */
export async function openCatalog(
  connection: Queryable,
  signal: AbortSignal | undefined,
): Promise<Catalog> {
  const options = signal === undefined ? {} : { signal };
  const rows = async <Row extends object>(sql: string): Promise<readonly Row[]> =>
    (await connection.query<Row>(sql, [], options)).rows;
  const [server] = await rows<{ version: number }>(
    "SELECT pg_catalog.current_setting('server_version_num')::int AS version",
  );
  return { version: server?.version ?? 0, rows };
}

/** Options of a relation as `WITH` takes them: `fillfactor='70', …`. Null when there are none. */
export function relOptions(expression: string, prefix = ""): string {
  return `(SELECT string_agg('${prefix}' || quote_ident(option_name) || '=' || quote_literal(option_value), ', ')
    FROM pg_options_to_table(${expression}))`;
}

/** Options of foreign data as `OPTIONS` takes them, with the word before; empty when there are none. */
export function foreignOptions(expression: string): string {
  return `coalesce((SELECT ' OPTIONS (' || string_agg(quote_ident(option_name) || ' ' || quote_literal(option_value), ', ') || ')'
    FROM pg_options_to_table(${expression})), '')`;
}
