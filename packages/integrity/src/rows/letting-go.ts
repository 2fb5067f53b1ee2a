import type { Connection } from "@ctb-data/postgres";
import type { RowsTask } from "./run-tasks.ts";

/**
 * So many tables are kept locked by a check. Each takes a lock for itself and for each of its indexes in every session that reads it,
 * and by default a server has room for 6,400 locks of all sessions together.
 */
export const mostKeptTables = 200;

/**
 * The same task, and those that follow from it, each with a savepoint that lets its locks go: the session then is as it was before, its
 * settings included, of which `onReset` is told.
 */
export function lettingGo(task: RowsTask, onReset: (connection: Connection) => void): RowsTask {
  return {
    weight: task.weight,
    run: async (connection) => {
      await connection.query("SAVEPOINT ctb_task");
      const next = await task.run(connection);
      await connection.query("ROLLBACK TO SAVEPOINT ctb_task; RELEASE SAVEPOINT ctb_task");
      onReset(connection);
      return next.map((one) => lettingGo(one, onReset));
    },
  };
}
