import { quoteIdentifier, type Connection } from "@ctb-data/postgres";
import { mix } from "../factories/random.ts";
import type { MadeColumn, TableMaker } from "../factories/table-maker.ts";
import type { Workshop } from "../factories/workshop.ts";
import { textOf, type KeyStart } from "./field-writers.ts";
import { distinctTexts, greatest, greatestNumber, type LiveTable } from "./live-table.ts";

interface KeyStartParts {
  readonly connection: Connection;
  readonly workshop: Workshop;
  readonly maker: TableMaker;
  readonly live: LiveTable;
  /** How many rows are wanted. */
  readonly rows: number;
}

/** Where the values of a key's column begin so that none of them is there already. */
export async function keyStartOf(column: MadeColumn, parts: KeyStartParts): Promise<KeyStart> {
  const { live, rows } = parts;
  const { maker, unit } = column;
  const sequence = live.lastNumbers.get(column.name);
  // A digit of several: the whole of them tells rows apart, and only the server can tell that of what is there.
  const isAlone = unit !== undefined && unit.divisor === 1 && unit.modulus >= rows;
  const isPlain = column.column.encryption === undefined;
  if (isPlain && maker.ascending !== undefined && (live.rows > 0 || sequence?.last !== undefined)) {
    const from = await afterAll(column, parts);
    if (from + rows <= maker.ascending.length) return { from };
  }
  if (live.rows === 0 || !isAlone) return { from: 0 };
  const { encryption, type } = column.column;
  // An array of jsonb is printed in other words than those that were written.
  const isOther = type.kind === "json" && type.dimensions > 0;
  if (encryption !== undefined || maker.isRandom === true || isOther)
    return await unusedBlock(column, parts);
  if (maker.numberIn !== undefined && type.dimensions === 0) {
    const { connection } = parts;
    return { from: await greatestNumber(connection, live, { name: column.name, pattern: maker.numberIn }) }; // prettier-ignore
  }
  return { from: 0, free: await freeTexts(column, parts) };
}

async function afterAll(column: MadeColumn, { connection, live }: KeyStartParts): Promise<number> {
  const { ascending } = column.maker;
  const value = live.rows > 0 ? await greatest(connection, live, column.column) : undefined; // prettier-ignore
  const used = live.lastNumbers.get(column.name)?.last;
  return Math.max(
    value === undefined ? 0 : (ascending?.after(value) ?? 0),
    used === undefined ? 0 : (ascending?.after(String(used)) ?? 0),
  );
}

/** So many numbers one block has, and how many blocks there are. */
const blockSize = 2 ** 32;
const blocks = 2 ** 15;

/** Values that depend on chance: a block of numbers of which none was used, as far as three of them can tell. */
async function unusedBlock(column: MadeColumn, parts: KeyStartParts): Promise<KeyStart> {
  const { live, rows } = parts;
  const capacity = column.maker.capacity;
  if (capacity < blockSize * blocks) return { from: Math.min(live.rows, Math.max(capacity - rows, 0)) }; // prettier-ignore
  for (let block = mix(live.rows) % blocks; ; block = (block + 1) % blocks) {
    const from = block * blockSize;
    const probes = [from, from + Math.floor(rows / 2), from + rows - 1];
    if (!(await areThere(column, parts, probes))) return { from };
  }
}

/** Whether one of some values is in the table. */
async function areThere(
  column: MadeColumn,
  { connection, workshop, maker, live }: KeyStartParts,
  indexes: readonly number[],
): Promise<boolean> {
  const blind = column.column.encryption?.blindIndex;
  if (column.column.encryption !== undefined && blind === undefined) return false;
  const print = textOf(maker, column);
  const values = indexes.map((index) => {
    const input = column.maker.nth(index, workshop.contextOf(column.stream, index));
    if (blind === undefined) return print(input);
    return Reflect.get(maker.model.toRow({ [column.name]: maker.model.shape[column.name]?.parse(input) ?? null }), blind.column); // prettier-ignore
  });
  const name = quoteIdentifier(blind?.column ?? column.name);
  const { rows } = await connection.query(
    `SELECT 1 FROM ${live.sqlName} WHERE format('%s', ${name}) = ANY($1::text[]) LIMIT 1`,
    [values],
  );
  return rows.length > 0;
}

/** The values of a column that are not there yet: as many as are wanted, or all that are left. */
async function freeTexts(
  column: MadeColumn,
  { connection, workshop, maker, live, rows }: KeyStartParts,
): Promise<readonly string[]> {
  const used = new Set(await distinctTexts(connection, live, { name: column.name }));
  const print = textOf(maker, column);
  const free: string[] = [];
  for (let index = 0; free.length < rows && index < column.maker.capacity; index += 1) {
    const text = print(column.maker.nth(index, workshop.contextOf(column.stream, index)));
    if (text === undefined) break;
    if (!used.has(text)) free.push(text);
  }
  return free;
}
