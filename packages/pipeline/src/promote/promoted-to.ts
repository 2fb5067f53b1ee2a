/** `clients/42`: the table, and the values of the primary key with commas between them, each percent-encoded. */
export function promotedTo(table: string, rowKey: readonly string[]): string {
  return `${encode(table)}/${rowKey.map(encode).join(",")}`;
}

/** A lone half of a surrogate pair, which `encodeURIComponent` refuses, is in no text of PostgreSQL. */
const encode = (text: string): string => encodeURIComponent(text);
