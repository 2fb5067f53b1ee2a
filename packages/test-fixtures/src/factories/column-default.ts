import type { Column } from "@ctb-data/registry";

/** A default that is a constant, as PostgreSQL's text; undefined for any other. */
export function constantDefault({ default: expression }: Column): string | undefined {
  if (expression === undefined) return undefined;
  const bare = expression.trim().replace(/::[\w". ]+(?:\([\d, ]+\))?$/, "");
  if (/^[+-]?\d+(?:\.\d+)?$/.test(bare)) return bare;
  if (/^(?:true|false)$/i.test(bare)) return bare.toLowerCase() === "true" ? "t" : "f";
  return /^'(?:[^']|'')*'$/.test(bare) ? bare.slice(1, -1).replaceAll("''", "'") : undefined;
}

/** Functions whose value is as good as one that is made. */
const plainFunctions = new Set([
  "now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "random", "gen_random_uuid",
  "uuidv4", "uuidv7", "uuid_generate_v4", "timezone", "lower", "upper", "date_trunc", "abs", "round", "floor", "ceil",
  "coalesce", "concat", "jsonb_build_object", "json_build_object", "jsonb_build_array", "json_build_array",
  "varchar", "char", "numeric", "timestamp", "timestamptz", "time",
]); // prettier-ignore

/** Whether only the database knows the value of a default: a sequence, a function of one's own. */
export function isOnlyDatabases({ default: expression = "" }: Column): boolean {
  const bare = expression.replaceAll(/'(?:[^']|'')*'/g, "''");
  const called = [...bare.matchAll(/([\p{L}_][\p{L}\p{N}_$.]*|")\s*\(/gu)].map(([, name = ""]) => name);
  return called.some((name) => !plainFunctions.has(name.toLowerCase()));
} // prettier-ignore

/** Whether a column counts up by itself. */
export function isSerial({ type }: Pick<Column, "type">): boolean {
  return type.name === "serial" || type.name === "bigserial";
}
