import { encoderOf, type Model } from "@ctb-data/models";
import { PostgresError } from "./postgres-error.ts";
import type { EncryptedCondition } from "./store-where.ts";
import type { RowClass } from "./stored-model.ts";
import type { TablePlan } from "./table-plan.ts";

/** Makes a model's value from a row. Where nothing is encrypted the driver's values are the model's already. */
export function finisherOf(
  plan: TablePlan,
  model: Model,
  rowClass: RowClass | undefined,
): (row: object) => object {
  if (rowClass === undefined) return plan.encrypted ? model.fromRow : (row) => row;
  return plan.encrypted ? (row) => new rowClass(model.fromRow(row)) : (row) => new rowClass(row);
}

/** Whether a value has what was looked for, and not only the same hash. */
export function matches(value: object, conditions: readonly EncryptedCondition[]): boolean {
  return conditions.every(({ column, wanted }) => {
    const text = normalizerOf(column.column);
    const own = text(Reflect.get(value, column.name));
    return wanted.some((item) => text(item) === own);
  });
}

function normalizerOf({
  type,
  encryption,
}: EncryptedCondition["column"]["column"]): (value: unknown) => string {
  const encode = encoderOf(type);
  const normalize = encryption?.blindIndex?.normalize ?? "none";
  return (value) => {
    const text = encode(value);
    if (normalize === "none") return text;
    const trimmed = text.normalize("NFKC").trim();
    return normalize === "trim" ? trimmed : trimmed.toLowerCase();
  };
}

/** An array of inputs, told from one input. */
export function listOf<T>(inputs: T | readonly T[]): readonly T[] | undefined {
  return Array.isArray(inputs) ? inputs : undefined;
}

/** An object of conditions, told from a plain key. */
export function isWhere(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** @throws {PostgresError} INVALID_OPTIONS */
export function wholeNumber(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new PostgresError("INVALID_OPTIONS", `${name} is not a whole number from 0.`);
}
