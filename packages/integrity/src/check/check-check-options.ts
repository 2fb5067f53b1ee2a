import { IntegrityError } from "../integrity-error.ts";
import type { IntegrityStores } from "../work-options.ts";
import { checkParts, type CheckOptions } from "./check-options.ts";

/** @throws {IntegrityError} INVALID_OPTIONS */
export function checkCheckOptions(
  { registry, postgres, firestore }: IntegrityStores,
  { parts = checkParts, tables }: CheckOptions,
): void {
  if (postgres === undefined && firestore === undefined)
    throw invalid("There is no store to check.", "Give postgres, firestore, or both.");
  const known: readonly string[] = checkParts;
  for (const part of parts)
    if (!known.includes(part))
      throw invalid(`There is no part ${JSON.stringify(part)} of a check.`, `They are ${known.join(", ")}.`); // prettier-ignore
  for (const table of tables ?? [])
    if (postgres === undefined && !registry.tables.has(table))
      throw invalid(
        `The registry has no table ${JSON.stringify(table)}.`,
        `It has ${[...registry.tables.keys()].join(", ")}.`,
      );
}

/** @throws {IntegrityError} NOT_FOUND for a table that neither the registry nor the database has. */
export function checkTablesAreThere(
  tables: readonly string[] | undefined,
  known: ReadonlySet<string>,
): void {
  const missing = tables?.find((table) => !known.has(table));
  if (missing === undefined) return;
  throw new IntegrityError(
    "NOT_FOUND",
    `Neither the registry nor the database has a table ${JSON.stringify(missing)}.`,
    { hint: `There are ${[...known].slice(0, 20).join(", ")}.` },
  );
}

function invalid(message: string, hint: string): IntegrityError {
  return new IntegrityError("INVALID_OPTIONS", message, { hint });
}
