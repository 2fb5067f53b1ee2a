import { PostgresError, quoteLiteral, type Connection } from "@ctb-data/postgres";
import { quarantineTable } from "./fix-tables.ts";
import { returningWhere, type Returning } from "./returning-rows.ts";
import { conflictTable } from "./undo-tables.ts";

/** What is tried with rows that are to come back. */
export interface Attempt {
  readonly attempt: () => Promise<void>;
  /** Where that is refused: calls {@link findRefused} for each table. How many rows were found. */
  readonly search: () => Promise<number>;
}

/**
 * Tries, in a transaction, something with all rows that are to come back. Where the server refuses one of them (a constraint that is new, a
 * partition that is gone, a column of another type), those that it refuses, and no others, become conflicts, and it is tried again.
 *
 * @throws {PostgresError} what the server refuses for another reason
 */
export async function keepRefused(
  connection: Connection,
  { attempt, search }: Attempt,
): Promise<void> {
  for (;;) {
    await connection.query("SAVEPOINT ctb_rows");
    try {
      await attempt();
      await connection.query("RELEASE SAVEPOINT ctb_rows");
      return;
    } catch (error) {
      if (!(error instanceof PostgresError) || connection.lost) throw error;
      if (!/^2[23]/.test(error.sqlState ?? "")) throw error;
      await connection.query("ROLLBACK TO SAVEPOINT ctb_rows");
      if ((await search()) === 0) throw error;
    }
  }
}

/** The number of the one row that a statement of {@link findRefused} is about, in SQL. */
export const oneRow: string = "ctb$one.id";

/**
 * Runs statements for one row after the other, in the server, and makes those of which it refuses the content conflicts. Nothing else of it
 * lasts. A row that leads to one that comes later is not refused for that.
 *
 * @param statements PL/pgSQL, for the row {@link oneRow}
 */
export async function findRefused(
  connection: Connection,
  returning: Returning,
  statements: readonly string[],
): Promise<number> {
  const before = await countConflicts(connection);
  const body = `#variable_conflict use_column
  DECLARE ctb$one record; ctb$values record; ctb$ids pg_catalog.int8[] := '{}'; ctb$reasons pg_catalog.text[] := '{}';
  BEGIN
    BEGIN
      FOR ctb$one IN SELECT q.id FROM ${quarantineTable} q WHERE ${returningWhere(returning, "all")} ORDER BY q.id LOOP
        BEGIN
          ${statements.join(";\n")};
        EXCEPTION
          WHEN foreign_key_violation THEN NULL;
          WHEN integrity_constraint_violation OR data_exception THEN
            ctb$ids := ctb$ids || ctb$one.id;
            ctb$reasons := ctb$reasons || CASE WHEN SQLSTATE LIKE '22%' THEN pg_catalog.format('A value does not fit (%s).', SQLSTATE) ELSE SQLERRM || '.' END;
        END;
      END LOOP;
      RAISE EXCEPTION USING ERRCODE = 'CTB01';
    EXCEPTION WHEN SQLSTATE 'CTB01' THEN NULL;
    END;
    INSERT INTO ${conflictTable} (id, reason) SELECT u.id, 'The server does not take it: ' || u.reason FROM unnest(ctb$ids, ctb$reasons) u (id, reason);
  END`;
  await connection.query(`DO LANGUAGE plpgsql ${quoteLiteral(body)}`);
  return (await countConflicts(connection)) - before;
}

async function countConflicts(connection: Connection): Promise<number> {
  const { rows } = await connection.query<{ readonly count: bigint }>(
    `SELECT count(*) FROM ${conflictTable}`,
  );
  return Number(rows[0]?.count ?? 0);
}
