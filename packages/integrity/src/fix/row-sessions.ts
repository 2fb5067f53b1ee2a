import type { Connection } from "@ctb-data/postgres";
import type { RowSessions } from "../documents/document-stores.ts";

/** Lends the sessions of a snapshot one by one: who finds none free waits for the first that is given back. */
export function rowSessions(connections: readonly Connection[]): RowSessions {
  const free = [...connections];
  const waiting: ((connection: Connection) => void)[] = [];
  return {
    size: connections.length,
    use: async (fn) => {
      const connection =
        free.pop() ?? (await new Promise<Connection>((resolve) => waiting.push(resolve)));
      try {
        return await fn(connection);
      } finally {
        const next = waiting.shift();
        if (next) next(connection);
        else free.push(connection);
      }
    },
  };
}
