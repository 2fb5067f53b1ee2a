/**
 * The one place where values that a registry describes get the type that generated code has for them: the model has
 * checked them, at run time.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- that is its purpose
export function typedRow<Row>(row: unknown): Row {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place
  return row as Row;
}
