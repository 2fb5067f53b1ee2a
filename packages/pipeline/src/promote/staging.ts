import type { Transaction } from "@ctb-data/postgres";
import { textOf, type Candidate } from "./candidate.ts";
import type { BlindKey, PromotionTarget, TargetColumn } from "./promotion-target.ts";

/** A candidate in the staging table, under its number. */
export interface Staged {
  readonly n: number;
  readonly candidate: Candidate;
}

/**
 * What every transaction begins with. The staging table is kept with the session: one that came and went with each transaction would fill
 * the catalog. What is deferred would fail when nobody can say any more which row it was. Tables that grow while they are filled have
 * statistics of when they were small, so that no plan may read one as a whole.
 */
export function prepareSql(target: PromotionTarget): string {
  const columns = [
    ...[...target.columns.values()].map((column) => `${column.stage} ${column.live.type}`),
    ...(target.upsertKey?.blind ?? []).map((key) => `${key.stage} text[]`),
  ];
  return `SET LOCAL client_min_messages = warning; SET LOCAL jit = off; SET LOCAL enable_seqscan = off; SET LOCAL TimeZone = 'UTC';
SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1;
CREATE TEMPORARY TABLE IF NOT EXISTS ${target.stage.replace("pg_temp.", "")} (n integer PRIMARY KEY, id text COLLATE pg_catalog."C", hash bytea, at timestamptz, g integer, ${columns.join(", ")}) ON COMMIT DELETE ROWS;
SET CONSTRAINTS ALL IMMEDIATE`;
}

/** Writes candidates into the staging table. @throws {PostgresError} */
export async function stage(
  tx: Transaction,
  target: PromotionTarget,
  rows: readonly Staged[],
  signal?: AbortSignal,
): Promise<void> {
  const used = new Set(rows.flatMap(({ candidate }) => candidate.group));
  const columns = [...target.columns.values()].filter((column) =>
    [...used].some((group) => group.columns.includes(column)),
  );
  const blind = target.upsertKey?.blind ?? [];
  const names = ["n", "id", "hash", "at", "g", ...[...columns, ...blind].map((one) => one.stage)];
  await tx.copyInText(
    `COPY ${target.stage} (${names.join(", ")}) FROM STDIN`,
    chunksOf(rows, columns, blind),
    { signal },
  );
}

const chunkCharacters = 64 * 1024;

async function* chunksOf(
  rows: readonly Staged[],
  columns: readonly TargetColumn[],
  blind: readonly BlindKey[],
): AsyncGenerator<Uint8Array> {
  let text = "";
  for (const row of rows) {
    text += lineOf(row, columns, blind);
    if (text.length < chunkCharacters) continue;
    yield await Promise.resolve(Buffer.from(text, "utf8"));
    text = "";
  }
  if (text !== "") yield Buffer.from(text, "utf8");
}

function lineOf(
  { n, candidate }: Staged,
  columns: readonly TargetColumn[],
  blind: readonly BlindKey[],
): string {
  const { document, group } = candidate;
  let line = `${n}\t${escape(document.id)}\t\\\\x${document.contentHash}\t${timeOf(document.updateTimeUs)}\t${group.g}`;
  for (const column of columns) line += `\t${fieldOf(candidate, column)}`;
  // Hexadecimal digits need no quotes.
  for (const { valuesOf } of blind) line += `\t{${valuesOf(document.row).join()}}`;
  return `${line}\n`;
}

function fieldOf(candidate: Candidate, column: TargetColumn): string {
  const value: unknown = Reflect.get(candidate.row, column.name);
  if (value !== undefined && value !== null) return column.toField(value);
  const resolved = candidate.resolved.size === 0 ? undefined : textOf(candidate, column);
  return resolved === undefined || resolved === null ? String.raw`\N` : escape(resolved);
}

const escapes: Readonly<Record<string, string>> = {
  "\\": String.raw`\\`,
  "\n": String.raw`\n`,
  "\r": String.raw`\r`,
  "\t": String.raw`\t`,
};

const escape = (text: string): string =>
  /[\\\n\r\t]/.test(text)
    ? text.replaceAll(/[\\\n\r\t]/g, (character) => escapes[character] ?? character)
    : text;

/** Microseconds since 1970 as PostgreSQL reads them. */
function timeOf(us: number): string {
  const ms = Math.floor(us / 1000);
  const rest = String(us - ms * 1000).padStart(3, "0");
  return `${new Date(ms).toISOString().slice(0, -1)}${rest}Z`;
}
