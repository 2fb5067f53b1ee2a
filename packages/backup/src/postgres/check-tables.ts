import { BackupError } from "../backup-error.ts";
import type { ListedSequence } from "./dump-sequences.ts";
import { hasRows, type ListedTable } from "./list-tables.ts";
import { qualifiedName, someNames } from "./qualified-name.ts";

/** Refuses what could not be read whole, before anything is read. @throws {BackupError} DATABASE_FAILED */
export function checkTables(
  tables: readonly ListedTable[],
  sequences: readonly ListedSequence[] = [],
): void {
  const read = tables.filter(hasRows);
  const closed = [...read, ...sequences].filter(({ readable }) => !readable).map(qualifiedName);
  if (closed.length > 0) {
    throw new BackupError(
      "DATABASE_FAILED",
      `The user of the connection may not read ${someNames(closed)}.`,
      {
        table: closed[0],
        hint: "Back up as the owner or a superuser, or grant the role pg_read_all_data to this user.",
      },
    );
  }
  const filtered = read.filter(({ filtered: isFiltered }) => isFiltered).map(qualifiedName);
  if (filtered.length > 0) {
    throw new BackupError(
      "DATABASE_FAILED",
      `Row-level security would hide rows of ${someNames(filtered)} from the user of the connection.`,
      {
        table: filtered[0],
        hint: "Back up as a user with BYPASSRLS, or as the owner of tables whose security is not forced.",
      },
    );
  }
}
