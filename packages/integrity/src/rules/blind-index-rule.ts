import { ModelError, type Model } from "@ctb-data/models";
import { quoteIdentifier } from "@ctb-data/postgres";
import type { RowRule } from "../rows/row-rule.ts";
import type { ReadValue } from "./read-text.ts";
import type { RuleColumn } from "./rule-column.ts";
import { subjectOf } from "./rule-subject.ts";

/** What is known of the encrypted column beside the index. */
export interface Encrypted {
  /** SQL: the value is a ciphertext. */
  readonly hasForm: string;
  /** With a keyring: what looks its values up. */
  readonly model?: Model;
  readonly read?: (ciphertext: string) => ReadValue;
}

/**
 * The rule that a blind index belongs to the value beside it, under any key of the ring. Without a keyring: that there is one where
 * there is a value, and that it is as long as it must be. None where the live table does not have the column.
 */
export function blindIndexRule(at: RuleColumn, encrypted: Encrypted): readonly RowRule[] {
  const { table, column, liveColumns } = at;
  const blindIndex = column.encryption?.blindIndex;
  if (blindIndex === undefined || !liveColumns.has(blindIndex.column)) return [];
  const what = `a blind index in ${blindIndex.column} that does not belong to the value of ${column.name}`;
  const subject = subjectOf({
    kind: "blind_index",
    table: table.name,
    columns: [blindIndex.column],
    hidden: true,
    says: [`has ${what}`, `have ${what}`],
  });
  const index = `t.${quoteIdentifier(blindIndex.column)}`;
  // A null that is not allowed is a finding of its own.
  const isAlone = column.nullable ? `${at.sql} IS NULL AND ${index} IS NOT NULL` : "false";
  const isMissing = column.nullable ? `${encrypted.hasForm} AND ${index} IS NULL` : "false";
  const { model, read } = encrypted;
  if (model === undefined || read === undefined) {
    const digits = Math.ceil(blindIndex.bits / 8) * 2;
    const isMalformed = `${encrypted.hasForm} AND ${index}::text COLLATE "C" !~ '^[0-9a-f]{${digits}}$'`;
    return [{ subject, sql: `(${isAlone}) OR (${isMissing}) OR (${isMalformed})` }];
  }
  return [
    {
      subject,
      reads: `(${isAlone}) OR (${isMissing}) OR (${encrypted.hasForm} AND ${index} IS NOT NULL)`,
      columns: [column.name, blindIndex.column],
      breaks: ([ciphertext, found]) => {
        if (typeof ciphertext !== "string") return "stands beside no value";
        const plain = read(ciphertext);
        if (plain.state !== "value") return undefined;
        if (typeof found !== "string") return "is missing";
        return isIndexOf(model, { column: column.name, value: plain.value, found });
      },
    },
  ];
}

function isIndexOf(
  model: Model,
  {
    column,
    value,
    found,
  }: { readonly column: string; readonly value: unknown; readonly found: string },
): string | undefined {
  try {
    const { values } = model.lookup(column, value);
    return values.includes(found) ? undefined : "is that of another value";
  } catch (error) {
    // The value itself is refused, which is another rule.
    if (error instanceof ModelError && error.code === "INVALID_INPUT") return undefined;
    throw error;
  }
}
