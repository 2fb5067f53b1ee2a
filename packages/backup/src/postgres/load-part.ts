import type { Connection } from "@ctb-data/postgres";
import type { TableManifest } from "../archive/postgres-manifest.ts";
import { BackupError } from "../backup-error.ts";
import type { PartSource } from "../part/part.ts";
import type { OnBackupProgress } from "../progress.ts";
import { databaseFailure } from "./database-failure.ts";
import { qualifiedName } from "./qualified-name.ts";

type TablePart = TableManifest["parts"][number];

/** One part, and the statement that takes it. */
export interface LoadPartOptions {
  readonly table: TableManifest;
  readonly part: TablePart;
  readonly parts: PartSource;
  /** `COPY … FROM STDIN` */
  readonly sql: string;
  readonly onProgress?: OnBackupProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Loads one part inside the caller's transaction, which must be rolled back when this throws. COPY's text has no end mark, so that
 * half a part looks like a smaller table: the source vouches for every byte before its end, and the server's count of rows must be
 * that of the manifest.
 *
 * @throws {BackupError} DATABASE_FAILED, NOT_EQUAL, CANCELLED, and what the source throws.
 */
export async function loadPart(connection: Connection, options: LoadPartOptions): Promise<void> {
  const { table, part, sql, signal } = options;
  const name = qualifiedName(table);
  let rows: number;
  try {
    ({ rows } = await connection.copyIn(sql, countedChunks(options, name), { signal }));
  } catch (error) {
    throw databaseFailure(error, { doing: `Loading ${name}`, table: name, key: part.key });
  }
  options.onProgress?.({ kind: "count", store: "postgres", name, items: rows, bytes: 0 });
  if (rows === part.rows) return;
  throw new BackupError(
    "NOT_EQUAL",
    `The part ${part.key} has ${part.rows} rows; the server took ${rows}.`,
    { table: name, key: part.key },
  );
}

async function* countedChunks(
  { part, parts, onProgress, signal }: LoadPartOptions,
  name: string,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of parts.read(part, { signal })) {
    yield chunk;
    onProgress?.({ kind: "count", store: "postgres", name, items: 0, bytes: chunk.length });
  }
}
