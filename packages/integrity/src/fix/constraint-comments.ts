import { quoteIdentifier, quoteLiteral, type Connection } from "@ctb-data/postgres";

interface CommentRow {
  readonly place: string;
  readonly name: string;
  readonly text: string;
}

const commentsSql = `
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS place, o.conname AS name, d.description AS text
FROM pg_catalog.pg_description d JOIN pg_catalog.pg_constraint o ON o.oid = d.objoid JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE d.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass`;

/** Runs `fn`, in a transaction, and gives constraints that it has made anew the comments that those of their names had. */
export async function withConstraintComments<T>(
  connection: Connection,
  fn: () => Promise<T>,
): Promise<T> {
  const before = await connection.query<CommentRow>(commentsSql);
  const result = await fn();
  if (before.rows.length === 0) return result;
  const after = await connection.query<CommentRow>(commentsSql);
  const there = new Set(after.rows.map(({ place, name }) => `${place} ${name}`));
  for (const { place, name, text } of before.rows) {
    if (!there.has(`${place} ${name}`) && (await hasConstraint(connection, place, name)))
      await connection.query(
        `COMMENT ON CONSTRAINT ${quoteIdentifier(name)} ON ${place} IS ${quoteLiteral(text)}`,
      );
  }
  return result;
}

async function hasConstraint(
  connection: Connection,
  place: string,
  name: string,
): Promise<boolean> {
  const { rowCount } = await connection.query(
    "SELECT FROM pg_catalog.pg_constraint WHERE conrelid = pg_catalog.to_regclass($1) AND conname = $2",
    [place, name],
  );
  return rowCount > 0;
}
