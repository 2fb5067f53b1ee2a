import { quoteIdentifier, quoteLiteral } from "@ctb-data/postgres";
import { IntegrityError } from "../integrity-error.ts";
import { ciphertextForm } from "../rules/encrypted-column-rules.ts";
import type { TableCount } from "./move-rows.ts";
import type { FixSession } from "./step-target.ts";
import { changedTable, goneTable, sameRow } from "./work-tables.ts";

/**
 * Looks whether rows that a step would keep hold clear text in a column that the registry encrypts: it would be in the quarantine for good,
 * where no later fix encrypts it. What the step itself encrypts is kept in no image.
 *
 * @throws {IntegrityError} REFUSED then
 */
export async function refuseClearText(
  { connection, registry, keyring }: FixSession,
  counts: readonly TableCount[],
): Promise<void> {
  for (const { table } of counts) {
    const known = table.schema === registry.schema ? registry.tables.get(table.name) : undefined;
    for (const { name } of table.columns) {
      if (known?.columns.get(name)?.encryption === undefined) continue;
      const { rows } = await connection.query<{ readonly count: bigint }>(
        `SELECT count(*) FROM ${table.source} t JOIN (SELECT rel, tid FROM ${goneTable} UNION SELECT rel, tid FROM ${changedTable}) w ON ${sameRow("t", "w")}
        WHERE NOT (t.${quoteIdentifier(name)}::pg_catalog.text COLLATE "C" OPERATOR(pg_catalog.~) ${quoteLiteral(ciphertextForm)})
          AND NOT EXISTS (SELECT FROM ${changedTable} s WHERE s.rel = w.rel AND s.tid = w.tid AND s.sealed AND s.col = ${quoteLiteral(name)})`,
      );
      const count = rows[0]?.count ?? 0n;
      if (count === 0n) continue;
      throw new IntegrityError(
        "REFUSED",
        `${count} of its rows of ${table.place} have clear text in ${name}, which would stay in the quarantine: ${keyring ? `fix clear_text:${table.name}.${name}` : "set DATA_ENCRYPTION_KEY, so that it is encrypted"} first.`,
        { table: table.place, hint: "Nothing was changed." },
      );
    }
  }
}
