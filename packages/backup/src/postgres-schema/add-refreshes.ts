import type { SchemaObject } from "./schema-object.ts";
import { splitStatements } from "./split-statements.ts";

/**
 * The post-data of pg_dump with the refreshes of materialized views, which `pg_dump --schema-only` leaves out because they make
 * rows. They come before event triggers, which would see them.
 *
 * @param refreshes - The objects of kind `refresh` of {@link exportSchema}, in their order.
 */
export function addRefreshes(postData: string, refreshes: readonly SchemaObject[]): string {
  if (refreshes.length === 0) return postData;
  const statements = splitStatements(postData);
  const first = statements.findIndex(({ sql }) => sql.startsWith("CREATE EVENT TRIGGER "));
  const place = first < 0 ? statements.length : first;
  const texts = statements.map(({ comment, sql }) => `${comment}${sql};`);
  const added = refreshes.map(({ sql }) => `\n\n${sql}`);
  return `${[...texts.slice(0, place), ...added, ...texts.slice(place)].join("")}\n`;
}
