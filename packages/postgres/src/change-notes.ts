import { describeChange, type Column, type RegistryChange } from "@ctb-data/registry";
import { isSerial } from "./sql-type.ts";

/** What a person should know before the changes are made. */
export function changeNotes(changes: readonly RegistryChange[]): readonly string[] {
  return changes.flatMap((change) => {
    const special = noteOn(change);
    if (special !== undefined) return [special];
    return change.destructive
      ? [`${describeChange(change)} This may lose data, or fail on the data that is there.`]
      : [];
  });
}

function noteOn(change: RegistryChange): string | undefined {
  if (change.kind === "table-removed") {
    return `Table ${change.table.name} is dropped with its rows. The way back makes it again, empty.`;
  }
  if (change.kind === "column-removed") {
    return `Column ${change.table}.${change.column.name} is dropped with its values. The way back makes it again, empty.`;
  }
  if (change.kind === "column-added" && isMissingValue(change.column)) {
    return `Column ${change.table}.${change.column.name} is required and has no default: adding it fails while the table has rows.`;
  }
  if (change.kind === "column-changed") return columnNote(change);
  if (change.kind === "enum-changed" && (change.removed.length > 0 || change.reordered)) {
    return `Enum ${change.after.name} is made anew and its columns are rewritten: rows with a removed value (${change.removed.join(", ") || "none"}) make it fail.`;
  }
  if (change.kind === "unique-added") {
    return `Unique constraint ${change.constraint.name} on ${change.table} fails while rows have the same values.`;
  }
  return undefined;
}

function isMissingValue(column: Column): boolean {
  return !column.nullable && column.default === undefined && !isSerial(column);
}

function columnNote(
  change: Extract<RegistryChange, { readonly kind: "column-changed" }>,
): string | undefined {
  const place = `${change.table}.${change.after.name}`;
  if (change.what.includes("encryption")) {
    return change.after.encryption
      ? `Column ${place} becomes encrypted: the values that are there stay readable until the application has written them again.`
      : `Column ${place} is encrypted no more: its values must be decrypted by the application before its type can change.`;
  }
  if (change.what.includes("type")) {
    return `Column ${place} changes its type: the table is rewritten while nobody can use it, and values that do not fit make it fail.`;
  }
  return change.before.nullable && !change.after.nullable
    ? `Column ${place} becomes required: this fails while rows have no value in it.`
    : undefined;
}
