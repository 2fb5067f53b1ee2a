import type { PromotionTarget } from "./promotion-target.ts";

/** SQL for the primary key of `alias` as records have it: as PostgreSQL prints it, or of several columns a JSON array of such texts. */
export function rowKeySql({ primaryKey }: PromotionTarget, alias: string): string {
  const parts = primaryKey.map(({ sqlName }) => `${alias}.${sqlName}::pg_catalog.text`);
  return parts.length === 1
    ? parts.join("")
    : `pg_catalog.array_to_json(ARRAY[${parts.join(", ")}])::pg_catalog.text`;
}

/** SQL that is true for the row of `alias` whose key is `key`, an SQL expression. The index of the primary key can be used for it. */
export function sameRowSql({ primaryKey }: PromotionTarget, alias: string, key: string): string {
  const part = keyPartSql(key, primaryKey.length);
  return primaryKey
    .map(({ sqlName, live: { type } }, index) => `${alias}.${sqlName} = ${part(index)}::${type}`)
    .join(" AND ");
}

/** SQL for one value of a key of so many columns. */
export function keyPartSql(key: string, columns: number): (index: number) => string {
  return (index) => (columns === 1 ? key : `(${key}::pg_catalog.json ->> ${index})`);
}

/** The values of a key that has so many columns. */
export function rowKeyParts(key: string, columns: number): readonly string[] {
  if (columns === 1) return [key];
  const parts: readonly string[] = JSON.parse(key);
  return parts;
}
