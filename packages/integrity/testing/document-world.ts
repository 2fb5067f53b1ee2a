import { randomBytes, randomUUID } from "node:crypto";
import { openFirestore, type Firestore } from "@ctb-data/firestore";
import { startFirestoreEmulator } from "@ctb-data/firestore-emulator";
import { parseKeyring, type Keyring } from "@ctb-data/models";
import { openPostgres, schemaSql, type Connection, type Postgres } from "@ctb-data/postgres";
import { createTestDatabase } from "@ctb-data/postgres/testing";
import { parseRegistry, type Registry } from "@ctb-data/registry";
import type { DocumentStores, RowSessions } from "../src/documents/document-stores.ts";

/** Both stores of a registry, empty. */
export interface DocumentWorld extends AsyncDisposable {
  readonly registry: Registry;
  readonly keyring: Keyring;
  /** Its text. */
  readonly key: string;
  readonly postgres: Postgres;
  readonly firestore: Firestore;
  readonly url: string;
  readonly firestoreHost: string;
  readonly project: string;
  /** What is checked, with a snapshot of the rows as they are when `work` begins. */
  withStores<T>(work: (stores: DocumentStores) => Promise<T>): Promise<T>;
}

/** @param given a registry, or its YAML. */
export async function openDocumentWorld(given: Registry | string): Promise<DocumentWorld> {
  const registry = typeof given === "string" ? parseRegistry(given, { file: "test.yml" }) : given;
  await using opening = new AsyncDisposableStack();
  const key = randomBytes(32).toString("base64");
  const keyring = parseKeyring(key);
  const { url } = opening.use(await createTestDatabase());
  const postgres = opening.use(await openPostgres({ url, registry, keyring, poolSize: 6 }));
  await postgres.query(schemaSql(registry));
  const outside = process.env["FIRESTORE_EMULATOR_HOST"] ?? "";
  const emulator = outside === "" ? await startFirestoreEmulator({ port: 0 }) : undefined;
  opening.defer(async () => await emulator?.close());
  const firestoreHost = emulator?.address ?? outside;
  const project = `docs-${randomUUID().slice(0, 18)}`;
  const firestore = opening.use(
    await openFirestore({ registry, projectId: project, emulatorHost: firestoreHost, keyring }),
  );
  const opened = opening.move();
  return {
    registry,
    keyring,
    key,
    postgres,
    firestore,
    url,
    firestoreHost,
    project,
    withStores: async (work) =>
      await withSessions(postgres, async (sessions) => {
        return await work({ registry, firestore, keyring, rows: { sessions, now: postgres } });
      }),
    [Symbol.asyncDispose]: async () => {
      await opened.disposeAsync();
    },
  };
}

const sessionCount = 3;

/** Lends sessions of one snapshot. */
export async function withSessions<T>(
  postgres: Postgres,
  work: (sessions: RowSessions) => Promise<T>,
): Promise<T> {
  const begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  const open = async (
    count: number,
    free: Connection[],
    snapshot: string | undefined,
  ): Promise<T> =>
    await postgres.withConnection(
      async (connection) => {
        await connection.query(begin);
        if (snapshot !== undefined)
          await connection.query(`SET TRANSACTION SNAPSHOT '${snapshot}'`);
        const { rows } = await connection.query<{ readonly id: string }>(
          "SELECT pg_export_snapshot() AS id",
        );
        const all = [...free, connection];
        if (count > 1) return await open(count - 1, all, snapshot ?? rows[0]?.id);
        return await work(lending(all));
      },
      { destroy: true },
    );
  return await open(sessionCount, [], undefined);
}

function lending(connections: readonly Connection[]): RowSessions {
  const free = [...connections];
  const waiting: ((connection: Connection) => void)[] = [];
  return {
    size: connections.length,
    use: async (fn) => {
      const connection =
        free.pop() ?? (await new Promise<Connection>((resolve) => void waiting.push(resolve)));
      await connection.query("SAVEPOINT ctb_use");
      try {
        return await fn(connection);
      } finally {
        await connection.query("ROLLBACK TO SAVEPOINT ctb_use; RELEASE SAVEPOINT ctb_use");
        const next = waiting.shift();
        if (next === undefined) free.push(connection);
        else next(connection);
      }
    },
  };
}
