import type { Connection, Postgres } from "./postgres.ts";

/** A connection that is kept over many calls. */
export interface HeldConnection {
  readonly connection: Connection;
  /** Closes the session, and with it its transaction. Never rejects. */
  release(): Promise<void>;
}

/** Takes one connection out of the pool until `release`. @throws {PostgresError} */
export async function holdConnection(
  postgres: Postgres,
  signal: AbortSignal | undefined,
): Promise<HeldConnection> {
  return await new Promise((resolve, reject) => {
    // Not given back to the pool: a transaction may be open in it.
    const lent = postgres.withConnection(
      async (connection) =>
        await new Promise<void>((end) => {
          const release = async (): Promise<void> => {
            end();
            await lent.catch(() => undefined);
          };
          resolve({ connection, release });
        }),
      { destroy: true, ...(signal && { signal }) },
    );
    lent.catch(reject);
  });
}
