import { releaseOtherLocksSql } from "./migration-lock.ts";

/**
 * Undoes what a file has set, as far as it is transactional: role, `search_path` and every other setting. Sent before
 * the row of the history is written, in the same transaction, so that the file cannot keep the runner from writing it.
 */
export const resetSettingsSql = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL;";

/**
 * Undoes the rest: cursors, LISTEN, prepared statements, temporary tables, sequences' last values, advisory locks. This is
 * what DISCARD ALL does, which would release the runner's lock too.
 */
export const resetSessionSql = `CLOSE ALL; UNLISTEN *; DEALLOCATE ALL; DISCARD TEMP; DISCARD SEQUENCES; SET client_min_messages = error; ${releaseOtherLocksSql}; RESET client_min_messages;`;
