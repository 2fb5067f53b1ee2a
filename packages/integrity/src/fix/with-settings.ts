import { quoteIdentifier, type Queryable } from "@ctb-data/postgres";

/** Runs `fn`, in a transaction, under other settings, and puts them back. After an error the transaction is over anyway. */
export async function withSettings<T>(
  db: Queryable,
  settings: Readonly<Record<string, string>>,
  fn: () => Promise<T>,
): Promise<T> {
  const names = Object.keys(settings);
  const before = await db.query<{ readonly value: string }>(
    "SELECT pg_catalog.current_setting(s.name) AS value FROM unnest($1::pg_catalog.text[]) WITH ORDINALITY s (name, place) ORDER BY place",
    [names],
  );
  await set(db, names, Object.values(settings));
  const result = await fn();
  await set(
    db,
    names,
    before.rows.map(({ value }) => value),
  );
  return result;
}

async function set(
  db: Queryable,
  names: readonly string[],
  values: readonly string[],
): Promise<void> {
  await db.query(
    "SELECT pg_catalog.set_config(s.name, s.value, true) FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) s (name, value)",
    [names, values],
  );
}

const safe: Readonly<Record<string, string>> = {
  search_path: "pg_catalog",
  lc_monetary: "C",
  array_nulls: "on",
  xmloption: "content",
};

/**
 * Runs `fn` under settings with which every value's text means the same at any time: names of types and of objects in values
 * (`regclass`) with their schema, money without a country, NULL in arrays as what it is, XML that need not be a document. The rest (dates,
 * bytea, floats) every session of the store has set.
 * Only for statements that call nothing of the user's own, which may need the `search_path`.
 */
export async function withSafeNames<T>(db: Queryable, fn: () => Promise<T>): Promise<T> {
  return await withSettings(db, safe, fn);
}

/** Runs `fn` where names without a schema are those of the registry's: so its rules and the catalog's expressions are meant. */
export async function withSchemaFirst<T>(
  db: Queryable,
  schema: string,
  fn: () => Promise<T>,
  more: Readonly<Record<string, string>> = {},
): Promise<T> {
  const { rows } = await db.query<{ readonly path: string }>(
    "SELECT pg_catalog.current_setting('search_path') AS path",
  );
  const path = [quoteIdentifier(schema), rows[0]?.path ?? ""].filter((part) => part !== "");
  return await withSettings(db, { ...more, search_path: path.join(", ") }, fn);
}
