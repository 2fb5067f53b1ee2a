const tokens =
  /(?:[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*')|(?<dollar>\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$)[^]*?\k<dollar>|"(?<quoted>(?:[^"]|"")+)"|(?<word>[\p{L}_][\p{L}\p{N}_$]*)/gu;

/** Every name in an SQL expression, in order; not what stands in texts. */
function namesIn(expression: string): readonly { readonly name: string; readonly end: number }[] {
  return [...expression.matchAll(tokens)].flatMap((match) => {
    const { quoted, word } = match.groups ?? {};
    const name = quoted?.replaceAll('""', '"') ?? word?.toLowerCase();
    return name === undefined ? [] : [{ name, end: match.index + match[0].length }];
  });
}

/** Which of some columns an SQL expression may mention, each once. A function of a column's name counts, too. */
export function columnsInSql(expression: string, columns: ReadonlySet<string>): readonly string[] {
  return [...new Set(namesIn(expression).map(({ name }) => name))].filter((name) =>
    columns.has(name),
  );
}

/** Whether an expression calls columns by the name of their table: `orders.amount`. */
export function isQualifiedBy(expression: string, table: string): boolean {
  return namesIn(expression).some(
    ({ name, end }) => name === table && /^\s*\./.test(expression.slice(end)),
  );
}
