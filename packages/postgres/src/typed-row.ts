/**
 * The one place where rows get the type that their reader expects. What a row holds is decided by SQL, which the compiler
 * does not read: that the type fits is the word of whoever wrote the query.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- that is its purpose
export function typedRow<Row>(row: object): Row {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place
  return row as Row;
}
