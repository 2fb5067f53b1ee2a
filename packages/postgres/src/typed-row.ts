/**
 * The one place where rows get the type that their reader expects. What a row holds is decided by SQL, which the compiler
 * does not read: that the type fits is the word of whoever wrote the query.
 */
export function typedRow<Row>(row: object): Row {
  return row as Row;
}
