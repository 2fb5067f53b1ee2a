import type { MigrationStatement } from "./migration-file.ts";
import { releaseOtherLocksSql } from "./migration-lock.ts";

/**
 * Undoes what a file has set, as far as it is transactional: role, `search_path` and every other setting. Sent before
 * the row of the history is written, in the same transaction, so that the file cannot keep the runner from writing it.
 */
export const resetSettingsSql = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL;";

/** Statements that call no function: they can take no advisory lock. */
const plainKinds = new Set([
  "AlterEnumStmt", "AlterTableStmt", "CommentStmt", "CreateEnumStmt", "CreateExtensionStmt", "CreateFunctionStmt", "CreateSchemaStmt",
  "CreateSeqStmt", "CreateStmt", "CreateTrigStmt", "DropStmt", "GrantStmt", "IndexStmt", "RenameStmt", "VariableSetStmt", "ViewStmt",
]); // prettier-ignore

/**
 * The SQL that undoes the rest: cursors, LISTEN, prepared statements, temporary tables, sequences' last values, advisory
 * locks. This is what DISCARD ALL does, which would release the runner's lock too.
 */
export function resetSessionSql(statements: readonly MigrationStatement[]): string {
  const session = "CLOSE ALL; UNLISTEN *; DEALLOCATE ALL; DISCARD TEMP; DISCARD SEQUENCES";
  // Looking through the locks costs as much as all of the above.
  if (statements.every(({ kind }) => plainKinds.has(kind))) return session;
  return `${session}; SET client_min_messages = error; ${releaseOtherLocksSql}; RESET client_min_messages`;
}
