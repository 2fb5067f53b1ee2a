import { randomUUID } from "node:crypto";
import type { Postgres } from "@ctb-data/postgres";
import { asMigrationErrors } from "./as-migration-errors.ts";
import { compareHistory, tokenChecksumOf } from "./compare-history.ts";
import { insertHistorySql } from "./history-table.ts";
import { loadMigrations } from "./load-migrations.ts";
import { MigrationError, type MigrationErrorCode } from "./migration-error.ts";
import { withMigrationSession } from "./migration-session.ts";
import { isApplied } from "./read-history.ts";
import type { RepairOptions, RepairResult } from "./run-options.ts";

/**
 * Accepts one applied file as it is now: edited, renamed, or gone. Only the history gets a row; the schema is not touched, and
 * whoever runs it says that it agrees with the file. With nothing to repair the result names nothing.
 *
 * @throws {MigrationError} UNKNOWN_VERSION when it was never applied; WRONG_STATE when it failed or is unfinished.
 */
export async function repair(db: Postgres, options: RepairOptions): Promise<RepairResult> {
  return await asMigrationErrors(async () => {
    const { version } = options;
    const loaded = await loadMigrations(options.dir);
    return await withMigrationSession(db, options, async ({ connection, history, by }) => {
      const entry = history.entries.get(version);
      if (!entry || (entry.state !== "forgotten" && !isApplied(entry))) {
        throw notApplied(version, entry !== undefined);
      }
      const problems = await compareHistory(loaded, history);
      const repaired = problems
        .filter((problem) => problem.version === version)
        .flatMap(({ code }) => repairable(code));
      const file = loaded.files.find((one) => one.version === version);
      const name = file ? `${file.number}_${file.name}` : `${version}_${entry.name}`;
      const edited = file !== undefined && entry.checksum !== file.checksum;
      const done =
        edited && repaired.includes("RENAMED") ? ([...repaired, "EDITED"] as const) : repaired;
      if (done.length === 0) return { version, name, repaired: [] };
      await connection.query(
        insertHistorySql({
          run: randomUUID(),
          version,
          name: file?.name ?? entry.name,
          direction: "up",
          state: file ? "repaired" : "forgotten",
          transactional: entry.transactional,
          checksum: file?.checksum ?? entry.checksum ?? undefined,
          tokenChecksum: file
            ? await tokenChecksumOf(file.text)
            : (entry.tokenChecksum ?? undefined),
          by,
          forced: done,
        }),
      );
      return { version, name, repaired: done };
    });
  });
}

function repairable(code: MigrationErrorCode): RepairResult["repaired"] {
  const isOne =
    code === "EDITED" || code === "COMMENTS_EDITED" || code === "RENAMED" || code === "MISSING";
  return isOne ? [code] : [];
}

function notApplied(version: number, known: boolean): MigrationError {
  return known
    ? new MigrationError(
        "WRONG_STATE",
        `Migration ${version} is not applied: there is nothing to repair.`,
        {
          version,
          hint: "A failed one goes on with ctb-data migrate retry, or back with ctb-data migrate rollback.",
        },
      )
    : new MigrationError("UNKNOWN_VERSION", `The history knows no migration ${version}.`, {
        version,
        hint: "ctb-data migrate status lists them.",
      });
}
