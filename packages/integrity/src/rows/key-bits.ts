import type { Connection } from "@ctb-data/postgres";
import type { RowReference } from "./row-rule.ts";
import { columnOf, columnPairs, fromTable, int8Literal, type TableFacts } from "./scan-facts.ts";

/**
 * Which keys a referenced table has, one bit each: what takes 5 s by a hash join of ten million rows takes 0.2 s so, the
 * keys are read once for all who refer to them, and a key that is there twice is no more than a key. For whole numbers that
 * lie close together, as numbered keys do.
 */
export interface KeyBits {
  readonly bounds: readonly { readonly low: bigint; readonly size: number }[];
  /** Bit `n` is bit `n % 8` of byte `n / 8`. */
  readonly bytes: Uint8Array;
}

/** 32 MiB of bits. */
const maxBits = 2 ** 28;
const whole: ReadonlySet<string> = new Set(["smallint", "integer", "bigint"]);

/** Whether both sides of a reference are whole numbers. */
export function mayHaveBits(
  reference: RowReference,
  facts: { readonly own: TableFacts; readonly referenced: TableFacts },
): boolean {
  return columnPairs(reference).every(
    ({ from, to }) =>
      whole.has(facts.own.types.get(from) ?? "") && whole.has(facts.referenced.types.get(to) ?? ""),
  );
}

/** Reads the keys. Undefined when they lie too far from each other. @throws {PostgresError} */
export async function readKeyBits(
  connection: Connection,
  reference: RowReference,
  { facts, signal }: { readonly facts: TableFacts; readonly signal?: AbortSignal | undefined },
): Promise<KeyBits | undefined> {
  const columns = reference.referencedColumns.map((name) => columnOf("r", name));
  const from = `FROM ${fromTable(reference.referencedTable, facts)} AS r WHERE ${columns.map((sql) => `${sql} IS NOT NULL`).join(" AND ")}`;
  const limits = columns.flatMap((sql) => [
    `pg_catalog.min(${sql})::text`,
    `pg_catalog.max(${sql})::text`,
  ]);
  const { rows } = await connection.query<{ limits: readonly (string | null)[] }>(
    `SELECT ARRAY[${limits.join(", ")}] AS limits ${from}`,
    [],
    { ...(signal && { signal }) },
  );
  const bounds = boundsOf(rows[0]?.limits ?? [], columns.length);
  if (bounds === undefined) return undefined;
  const bits = bounds.reduce((product, { size }) => product * size, 1);
  const bytes = new Uint8Array(Math.ceil((bits + 1) / 8));
  if (bits === 0) return { bounds, bytes };
  const index = placeSql(columns, bounds);
  const copy = `COPY (SELECT (${index})::pg_catalog.int4 ${from}) TO STDOUT (FORMAT binary)`;
  await setBits(bytes, connection.copyOut(copy, { signal }));
  return { bounds, bytes };
}

/** Undefined for a product that is too large. An empty table has sizes of 0. */
function boundsOf(
  limits: readonly (string | null)[],
  columns: number,
): KeyBits["bounds"] | undefined {
  let bits = 1n;
  const bounds: { readonly low: bigint; readonly size: number }[] = [];
  for (let column = 0; column < columns; column += 1) {
    const [low, high] = [limits[column * 2], limits[column * 2 + 1]];
    const known = low !== null && low !== undefined && high !== null && high !== undefined;
    const size = known ? BigInt(high) - BigInt(low) + 1n : 0n;
    bits *= size;
    if (bits > BigInt(maxBits)) return undefined;
    bounds.push({ low: known ? BigInt(low) : 0n, size: Number(size) });
  }
  return bounds;
}

/** Where a key has its bit, for values within the bounds. */
export function placeSql(columns: readonly string[], bounds: KeyBits["bounds"]): string {
  return columns.reduce((place, sql, column) => {
    const { low, size } = bounds[column] ?? { low: 0n, size: 0 };
    const offset = `(${sql}::pg_catalog.int8 - ${int8Literal(low)})`;
    return place === "" ? offset : `(${place} * ${size} + ${offset})`;
  }, "");
}

const headerBytes = 19;
/** Two bytes for the number of fields, four for the length of the only one, four of it. */
const rowBytes = 10;

/** Reads COPY's binary format, of which rows may lie across chunks. */
async function setBits(bits: Uint8Array, chunks: AsyncIterable<Buffer>): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  let skip = headerBytes;
  for await (const chunk of chunks) {
    const data: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    if (skip > 0) {
      at = Math.min(skip, data.length);
      skip -= at;
    }
    for (; at + rowBytes <= data.length; at += rowBytes) {
      const place = data.readUInt32BE(at + 6);
      bits[place >>> 3] = (bits[place >>> 3] ?? 0) | (1 << (place & 7));
    }
    // The chunk's memory is used again.
    rest = Buffer.from(data.subarray(at));
  }
}
