import { randomUUID } from "node:crypto";
import type { Connection, Postgres } from "@ctb-data/postgres";
import { asMigrationErrors } from "./as-migration-errors.ts";
import { compareHistory, tokenChecksumOf } from "./compare-history.ts";
import { insertHistorySql } from "./history-table.ts";
import { loadMigrations, refuseProblems } from "./load-migrations.ts";
import { MigrationError } from "./migration-error.ts";
import type { MigrationFile } from "./migration-file.ts";
import { withMigrationSession, type MigrationSession } from "./migration-session.ts";
import { planUp } from "./plan-up.ts";
import type { BaselineOptions, BaselineResult } from "./run-options.ts";

/**
 * Marks the files up to a version as applied without running them: for a database that another tool, or a dump, has
 * built. Files are hashed, not parsed: a dump may say what only psql understands.
 *
 * @throws {MigrationError} UNKNOWN_VERSION when no file has that version; WRONG_STATE when the database has no table
 * at all, so that the mark would be a lie; EDITED and the like as with `migrateUp`.
 */
export async function baseline(db: Postgres, options: BaselineOptions): Promise<BaselineResult> {
  return await asMigrationErrors(async () => {
    const loaded = await loadMigrations(options.dir);
    refuseProblems(loaded.problems);
    if (!loaded.files.some((file) => file.version === options.to)) {
      throw new MigrationError(
        "UNKNOWN_VERSION",
        `There is no migration ${options.to} in ${options.dir}.`,
        {
          version: options.to,
          hint: "Name the number of the last file that the database already has.",
        },
      );
    }
    return await withMigrationSession(db, options, async (session) => {
      refuseProblems(await compareHistory(loaded, session.history));
      const { pending, problems } = planUp(loaded.files, session.history, {
        to: options.to,
        allowGaps: true,
        allowOutOfOrder: true,
      });
      refuseProblems(problems);
      if (pending.length > 0) await refuseEmptyDatabase(session.connection);
      await mark(session, pending);
      return {
        migrations: pending.map(({ version, number, name }) => ({
          version,
          name: `${number}_${name}`,
        })),
      };
    });
  });
}

async function mark(
  { connection, by }: MigrationSession,
  files: readonly MigrationFile[],
): Promise<void> {
  const rows: string[] = [];
  for (const file of files) {
    rows.push(
      insertHistorySql({
        run: randomUUID(),
        version: file.version,
        name: file.name,
        direction: "up",
        state: "baselined",
        transactional: true,
        checksum: file.checksum,
        tokenChecksum: await tokenChecksumOf(file.text),
        by,
      }),
    );
  }
  if (rows.length > 0) await connection.query(`BEGIN;\n${rows.join(";\n")};\nCOMMIT;`);
}

async function refuseEmptyDatabase(connection: Connection): Promise<void> {
  const { rows } = await connection.query(
    `SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'ctb_data') AND n.nspname !~ '^pg_' LIMIT 1`,
  );
  if (rows.length > 0) return;
  throw new MigrationError(
    "WRONG_STATE",
    "The database has no table: there is nothing that another tool has built.",
    {
      hint: "Run ctb-data migrate up, or check that this is the right database.",
    },
  );
}
