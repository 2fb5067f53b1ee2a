import { ModelError } from "@ctb-data/models";
import { quarantineTable } from "./fix-tables.ts";
import { returningWhere, type Returning } from "./returning-rows.ts";
import { cipherOf } from "./seal-values.ts";
import type { UndoSession } from "./undo-step.ts";
import { conflictTable, openedTable } from "./undo-tables.ts";

interface SealedRow {
  readonly id: bigint;
  readonly col: string;
  readonly value: string;
}

/** Decrypts what a fix has encrypted in place. What cannot be decrypted is a conflict. */
export async function openSealed(
  { connection, registry, keyring }: UndoSession,
  returning: Returning,
): Promise<void> {
  const table = registry.tables.get(returning.table.name);
  let after = 0n;
  for (;;) {
    const { rows } = await connection.query<SealedRow>(
      `SELECT q.id, s.col, q.new_row ->> s.col AS value FROM (SELECT q.* FROM ${quarantineTable} q
        WHERE ${returningWhere(returning, "changed")} AND q.sealed IS NOT NULL AND q.id > $1 ORDER BY q.id LIMIT 1000) q
        CROSS JOIN LATERAL unnest(q.sealed) s (col) ORDER BY q.id`,
      [after],
    );
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
    const opened = rows.map((row) => ({ ...row, text: open(row) }));
    await connection.query(
      `INSERT INTO ${openedTable} (id, col, value) SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])`,
      [
        opened.map(({ id }) => id),
        opened.map(({ col }) => col),
        opened.map(({ text }) => text ?? null),
      ],
    );
    const closed = [
      ...new Set(opened.filter(({ text }) => text === undefined).map(({ id }) => id)),
    ];
    await connection.query(
      `INSERT INTO ${conflictTable} (id, reason) SELECT id, $2 FROM unnest($1::bigint[]) id`,
      [
        closed,
        keyring
          ? "It was encrypted under a key that is not in the keyring."
          : "It was encrypted, and there is no keyring.",
      ],
    );
  }

  function open({ col, value }: SealedRow): string | undefined {
    const column = table?.columns.get(col);
    if (!keyring || !table || !column) return undefined;
    try {
      return cipherOf(table, column, keyring).decrypt(value);
    } catch (error) {
      if (error instanceof ModelError) return undefined;
      throw error;
    }
  }
}
