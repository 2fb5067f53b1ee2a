import type { Postgres } from "@ctb-data/postgres";
import type { PostgresManifest } from "../archive/postgres-manifest.ts";
import { asDatabaseWork } from "./database-failure.ts";
import { setvalSql } from "./dump-sequences.ts";
import { qualifiedName } from "./qualified-name.ts";

/**
 * Sets sequences to where they were. With `raise` none goes back: for tables that keep rows of their own, whose keys must not be
 * given again.
 *
 * @throws {BackupError} DATABASE_FAILED
 */
export async function restoreSequences(
  postgres: Postgres,
  sequences: readonly PostgresManifest["sequences"][number][],
  {
    raise = false,
    signal,
  }: { readonly raise?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  await asDatabaseWork({ doing: "Setting the sequences" }, async () => {
    await postgres.transaction(
      async (tx) => {
        for (const sequence of sequences) {
          const name = qualifiedName(sequence);
          const { lastValue } = sequence;
          const ahead = `FROM ${name} AS now, pg_catalog.pg_sequence AS kind WHERE kind.seqrelid = now.tableoid
            AND (CASE WHEN kind.seqincrement > 0 THEN now.last_value < ${lastValue} ELSE now.last_value > ${lastValue} END
              OR now.last_value = ${lastValue} AND NOT now.is_called)`;
          await tx.query(
            raise ? setvalSql(sequence).replace(/;$/u, () => ` ${ahead}`) : setvalSql(sequence),
          );
        }
      },
      { ...(signal && { signal }) },
    );
  });
}
