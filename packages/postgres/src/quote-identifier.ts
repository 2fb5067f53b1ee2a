import { reservedWords } from "./reserved-words.ts";

/**
 * A name as SQL needs it: as it is when PostgreSQL would read it back the same, otherwise in double quotes
 * (the rules of PostgreSQL's own `quote_identifier`).
 */
export function quoteIdentifier(name: string): string {
  if (/^[a-z_][a-z0-9_]*$/.test(name) && !reservedWords.has(name)) return name;
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as an SQL literal that means the same whatever `standard_conforming_strings` says. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
