import { quoteIdentifier } from "@ctb-data/postgres";

/** `schema.table`, quoted where PostgreSQL needs it. */
export function qualifiedName(object: { readonly schema: string; readonly name: string }): string {
  return `${quoteIdentifier(object.schema)}.${quoteIdentifier(object.name)}`;
}

/** A few names for a message: `a, b, c and 4 more`. */
export function someNames(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
