import { inputOf } from "./column-input.ts";
import { ModelError } from "./model-error.ts";
import type { ModelColumn } from "./model-table.ts";
import type { ModelValue } from "./model-value.ts";
import { ValueProblem } from "./value-problem.ts";

/**
 * Compiles what `Model.parse` does to the value (not null) of one column: for readers that have columns one by one, and many
 * of them.
 *
 * @throws {ModelError} INVALID_INPUT, from the reader; its issue's path is what lies inside of the value.
 */
export function inputReaderOf(
  column: Omit<ModelColumn, "nullable" | "default" | "blindIndexOf">,
): (value: unknown) => ModelValue {
  const read = inputOf(column);
  return (value) => {
    try {
      return read(value);
    } catch (error) {
      throw inputError(column.name, error);
    }
  };
}

function inputError(column: string, error: unknown): unknown {
  if (!(error instanceof ValueProblem)) return error;
  const { path, code, message, hint } = error;
  return new ModelError({
    code: "INVALID_INPUT",
    message: `The value of ${column} ${message}.`,
    column,
    issues: [{ path, code, message, ...(hint !== undefined && { hint }) }],
    ...(hint !== undefined && { hint }),
  });
}
