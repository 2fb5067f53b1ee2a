import type { BlueprintIntake, BlueprintScalar, IntakeColumn } from "@ctb-data/registry";

/** A record of a vendor's CSV file: its columns by title. */
export type CsvRecord = Readonly<Record<string, string>>;

/** A vendor's record as a row of the canonical table. */
export type CanonicalRow = Readonly<Record<string, BlueprintScalar>>;

/**
 * Maps one record by the intake rules of a blueprint. A text without a single character counts as missing.
 *
 * @throws {Error} when a value that is required is missing, or is not among the values that the rule knows.
 */
export function applyIntake(intake: BlueprintIntake, record: CsvRecord): CanonicalRow {
  return Object.fromEntries(
    [...intake.columns.values()].map((rule) => [rule.column, valueOf(rule, record)]),
  );
}

function valueOf(rule: IntakeColumn, record: CsvRecord): BlueprintScalar {
  const { origin } = rule;
  if (origin.kind === "constant") {
    return origin.value;
  }
  if (rule.format !== undefined || origin.path.length > 0) {
    throw new Error(`The demo has no formats and paths, and ${rule.column} asks for one.`);
  }
  const text = record[origin.column];
  const source = rule.trim ? text?.trim() : text;
  if (source === undefined || source === "") {
    if (rule.default === undefined && rule.required) {
      throw new Error(`A record has no ${origin.column}, and ${rule.column} requires it.`);
    }
    return rule.default ?? null;
  }
  if (rule.values === undefined) {
    return source;
  }
  const mapped = rule.values.get(source);
  if (mapped !== undefined) {
    return mapped;
  }
  if (rule.otherwise === undefined || rule.otherwise === "reject") {
    throw new Error(
      `${origin.column} ${JSON.stringify(source)} is not among the values of ${rule.column}.`,
    );
  }
  return rule.otherwise === "keep" ? source : rule.otherwise.value;
}
