import { columnsIn, readSql, type SqlToken } from "@ctb-data/registry";

/** None for what is no expression: the registry has refused that, and the database prints no such thing. */
function tokensOf(expression: string): readonly SqlToken[] {
  const read = readSql(expression);
  return "tokens" in read ? read.tokens : [];
}

/** Which of some columns an SQL expression mentions, each once. */
export function columnsInSql(expression: string, columns: ReadonlySet<string>): readonly string[] {
  return columnsIn(tokensOf(expression), columns);
}

/** Whether an expression calls columns by the name of their table: `orders.amount`. */
export function isQualifiedBy(expression: string, table: string): boolean {
  const tokens = tokensOf(expression);
  return tokens.some(({ name }, index) => name === table && tokens[index + 1]?.text === ".");
}
