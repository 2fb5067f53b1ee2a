import { createHash } from "node:crypto";
import { quoteIdentifier, type Postgres } from "@ctb-data/postgres";
import type { TableManifest } from "../archive/postgres-manifest.ts";
import type { PartSource } from "../part/part.ts";
import { asDatabaseWork } from "./database-failure.ts";
import { qualifiedName } from "./qualified-name.ts";
import { digestRows, type RowDigest } from "./row-digest.ts";
import { readServerFacts } from "./server-facts.ts";
import { sessionSettings } from "./session-settings.ts";

export interface CompareTableOptions {
  readonly postgres: Postgres;
  readonly table: TableManifest;
  readonly parts: PartSource;
  readonly signal?: AbortSignal | undefined;
}

/** Whether a table has the rows of the archive. */
export interface TableComparison {
  readonly equal: boolean;
  /** `bytes`: the same text in the same order. `rows`: the same rows, compared as sums of their hashes. */
  readonly by: "bytes" | "rows";
  readonly rows: number;
  readonly expectedRows: number;
}

/**
 * Compares what a table has now with what the archive says. A table that was loaded by one COPY after the other into an empty file
 * gives its text back byte for byte, so that the hashes of the parts decide, without reading the archive. Where it does not
 * (parts loaded side by side, updates since), rows are compared without their order, and the parts are read for that.
 *
 * @throws {BackupError} DATABASE_FAILED, and what the source throws.
 */
export async function compareTable(options: CompareTableOptions): Promise<TableComparison> {
  const { table, parts, signal } = options;
  const expectedRows = table.rows;
  const bytes = await reading(options, async (chunks) => await hasBytes(table, chunks));
  const { rows } = bytes;
  if (bytes.equal) return { equal: true, by: "bytes", rows, expectedRows };
  if (bytes.length !== lengthOf(table)) return { equal: false, by: "rows", rows, expectedRows };
  const now = await reading(options, digestRows);
  const then = await digestRows(textOf(parts, table, signal));
  return { equal: isSame(now, then), by: "rows", rows: now.rows, expectedRows };
}

function isSame(left: RowDigest, right: RowDigest): boolean {
  return left.sum === right.sum && left.rows === right.rows && left.bytes === right.bytes;
}

function lengthOf({ parts }: TableManifest): number {
  return parts.reduce((sum, { plainBytes }) => sum + plainBytes, 0);
}

async function* textOf(
  source: PartSource,
  { parts }: TableManifest,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield* source.read(part, { signal });
}

/** Gives `fn` the text of the table as it is now, with the settings that the archive was written with. */
async function reading<T>(
  { postgres, table, signal }: CompareTableOptions,
  fn: (chunks: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const name = qualifiedName(table);
  const list = table.columns.map((column) => quoteIdentifier(column)).join(", ");
  const sql = `COPY ${name}${list === "" ? "" : ` (${list})`} TO STDOUT`;
  return await asDatabaseWork(
    { doing: `Reading ${name}`, table: name },
    async () =>
      await postgres.withConnection(async (connection) => {
        const { versionNumber } = await readServerFacts(connection);
        await connection.query(`BEGIN READ ONLY; ${sessionSettings(versionNumber)}`);
        try {
          return await fn(connection.copyOut(sql, { signal }));
        } finally {
          if (!connection.lost) await connection.query("ROLLBACK");
        }
      }),
  );
}

/** Whether the text is that of the parts, one behind the other. */
async function hasBytes(
  { parts }: TableManifest,
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly equal: boolean; readonly rows: number; readonly length: number }> {
  const pieces = [...parts];
  let part = pieces.shift();
  let left = part?.plainBytes ?? 0;
  let hash = createHash("sha256");
  let equal = true;
  let length = 0;
  let rows = 0;
  for await (const chunk of chunks) {
    rows += countLines(chunk);
    length += chunk.length;
    for (let at = 0; equal && at < chunk.length;) {
      const piece = chunk.subarray(at, at + left);
      hash.update(piece);
      at += piece.length;
      left -= piece.length;
      if (left > 0) continue;
      equal = part !== undefined && hash.digest("hex") === part.plainSha256;
      part = pieces.find(({ plainBytes }) => plainBytes > 0);
      pieces.splice(0, part === undefined ? pieces.length : pieces.indexOf(part) + 1);
      left = part?.plainBytes ?? 0;
      hash = createHash("sha256");
    }
  }
  return { equal: equal && left === 0, rows, length };
}

function countLines(chunk: Uint8Array): number {
  let lines = 0;
  for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
  return lines;
}
