import { copyEncoderOf, quoteIdentifier, type Connection } from "@ctb-data/postgres";
import type { Column } from "@ctb-data/registry";
import { isOnlyDatabases, isSerial } from "../factories/column-default.ts";
import { unitIndex } from "../factories/key-units.ts";
import { hashOf, mix } from "../factories/random.ts";
import type { MadeReference, TableMaker } from "../factories/table-maker.ts";
import { rowCapacity, type Workshop } from "../factories/workshop.ts";
import { FixtureError } from "../fixture-error.ts";
import {
  encryptedFields,
  fieldOfText,
  keyField,
  pooledField,
  type KeyStart,
  type WriteField,
} from "./field-writers.ts";
import { keyStartOf } from "./key-start.ts";
import { readLiveTable, type LiveTable } from "./live-table.ts"; // prettier-ignore

/** Rows that references may lead to. */
export interface ReferencedRows {
  readonly rows: number;
  /** The field of a column in one of these rows, by its number from 0. */
  readonly field: (column: string) => WriteField | undefined;
}

/** How a table is filled. */
export interface TableSeed extends ReferencedRows {
  readonly table: string;
  /** `COPY … FROM STDIN` */
  readonly sql: string;
  /** The fields of each line, in order. */
  readonly fields: readonly WriteField[];
  /** Sequences and the last numbers that are used of them, once all is written. */
  readonly sequences: readonly { readonly sequence: string; readonly last: bigint }[];
}

export interface TableSeedParts {
  readonly connection: Connection;
  readonly workshop: Workshop;
  readonly table: string;
  /** How many rows are wanted, and whether fewer are an error. */
  readonly rows: number;
  readonly exact: boolean;
  readonly rowsOf: (table: string) => ReferencedRows | undefined;
}

/** Works out how a table is filled. @throws {FixtureError} CANNOT_MAKE */
export async function tableSeed(parts: TableSeedParts): Promise<TableSeed> {
  const { connection, workshop } = parts;
  const maker = workshop.makerOf(parts.table);
  const { table } = maker;
  const live = await readLiveTable(connection, workshop.registry.schema, table);
  const { rows, starts } = await rowsAndStarts(parts, maker, live);
  const writers = new Map<string, WriteField>();
  addKeys(writers, { workshop, maker, starts, rows });
  addReferences(writers, { maker, rows, rowsOf: parts.rowsOf });
  addPools(writers, { workshop, maker, rows });
  const columns = [...table.columns.values()].filter(
    (column) => !live.generated.has(column.name) && !isLeftOut(column, maker),
  );
  const names = columns.map(({ name }) => quoteIdentifier(name));
  return {
    table: table.name,
    rows,
    sql: `COPY ${live.sqlName} (${names.join(", ")}) FROM STDIN`,
    fields: columns.map(({ name }) => writers.get(name) ?? (() => "\\N")),
    field: (column) => writers.get(column),
    sequences: sequencesOf(maker, live, { rows, writers }),
  };
}

/** Whether only the database knows what belongs into a column, and nothing refers to it. */
function isLeftOut(column: Column, { columns }: TableMaker): boolean {
  return columns.get(column.name)?.unit === undefined && isOnlyDatabases(column);
}

async function rowsAndStarts(
  { connection, workshop, rows: wanted, exact }: TableSeedParts,
  maker: TableMaker,
  live: LiveTable,
): Promise<{ readonly rows: number; readonly starts: ReadonlyMap<string, KeyStart> }> {
  let rows = Math.min(wanted, rowCapacity(maker));
  const starts = new Map<string, KeyStart>();
  for (const column of maker.columns.values()) {
    if (column.unit === undefined) continue;
    const start = await keyStartOf(column, { connection, workshop, maker, live, rows });
    starts.set(column.name, start);
    if (start.free !== undefined) rows = Math.min(rows, start.free.length);
  }
  if (exact && rows < wanted) {
    throw new FixtureError(
      "CANNOT_MAKE",
      `The table ${maker.table.name} can get ${rows} more rows, not ${wanted}: its keys have no more values.`,
      { table: maker.table.name, hint: "Ask for fewer, or for more rows of the tables that it refers to." },
    );
  }
  return { rows, starts };
} // prettier-ignore

interface KeyParts {
  readonly workshop: Workshop;
  readonly maker: TableMaker;
  readonly starts: ReadonlyMap<string, KeyStart>;
  readonly rows: number;
}

function addKeys(writers: Map<string, WriteField>, parts: KeyParts): void {
  const { workshop, maker, starts, rows } = parts;
  for (const column of maker.columns.values()) {
    const start = starts.get(column.name);
    if (start === undefined || rows === 0) continue;
    const { encryption } = column.column;
    if (encryption === undefined) {
      writers.set(column.name, keyField({ workshop, maker, column, start, rows }));
      continue;
    }
    const stored = encryptedFields({ workshop, maker, column, start, rows });
    writers.set(column.name, (number) => stored(number, column.name));
    const blind = encryption.blindIndex?.column;
    if (blind !== undefined) writers.set(blind, (number) => stored(number, blind));
  }
}

function addReferences(
  writers: Map<string, WriteField>,
  { maker, rows, rowsOf }: { readonly maker: TableMaker; readonly rows: number; readonly rowsOf: TableSeedParts["rowsOf"] },
): void {
  for (const reference of maker.references) {
    const { key, from } = reference;
    const open = key.columns.filter((name) => !writers.has(name));
    if (from === "null") {
      for (const name of open) if (maker.columns.get(name)?.nullable === true) writers.set(name, () => "\\N");
    } else if (from === "self") {
      for (const [index, name] of key.columns.entries()) {
        const other = writers.get(key.referencedColumns[index] ?? "");
        if (other !== undefined) writers.set(name, other);
      }
    } else if (from === "parent" && rows > 0) {
      addParent(writers, { maker, reference, parents: rowsOf(key.referencedTable) });
    }
  }
} // prettier-ignore

function addParent(
  writers: Map<string, WriteField>,
  { maker, reference, parents }: { readonly maker: TableMaker; readonly reference: MadeReference; readonly parents: ReferencedRows | undefined },
): void {
  const { key, unit, isKeyed } = reference;
  const count = parents?.rows ?? 0;
  if (parents === undefined || count === 0) {
    const isOptional = key.columns.some((name) => maker.columns.get(name)?.nullable === true);
    if (!isOptional) {
      throw new FixtureError(
        "CANNOT_MAKE",
        `The rows of ${maker.table.name} refer to ${key.referencedTable}, which has none.`,
        { table: maker.table.name, column: key.columns[0], hint: `Fill ${key.referencedTable} as well.` },
      );
    }
    for (const name of key.columns) if (maker.columns.get(name)?.nullable === true) writers.set(name, () => "\\N");
    return;
  }
  const stream = hashOf(key.name);
  const parentOf = isKeyed
    ? (number: number): number => unitIndex(unit, number)
    : (number: number): number => mix(number ^ stream) % count;
  for (const [index, name] of key.columns.entries()) {
    const field = parents.field(key.referencedColumns[index] ?? "");
    if (field !== undefined && !writers.has(name)) writers.set(name, (number) => field(parentOf(number)));
  }
} // prettier-ignore

/** How many rows the columns that belong to no key are taken from: one of 32, between these. */
const leastPool = 256;
const largestPool = 2048;
/** Of so many values of a column that may be null one is. */
const nullEach = 16;

function addPools(
  writers: Map<string, WriteField>,
  { workshop, maker, rows }: Omit<KeyParts, "starts">,
): void {
  const open = [...maker.table.columns.values()].filter(({ name }) => !writers.has(name));
  if (open.length === 0 || rows === 0) return;
  const poolSize = Math.min(Math.max(Math.floor(rows / 32), leastPool), largestPool, rows);
  const isEncrypted = open.some(({ encryption }) => encryption !== undefined);
  const made = Array.from({ length: poolSize }, (_, number) => {
    const value = workshop.rows.value(maker, { number, varied: true });
    const kept = Object.fromEntries(Object.entries(value).filter(([name]) => !writers.has(name)));
    return isEncrypted ? maker.model.toRow(maker.model.parse(value)) : kept;
  });
  const streams = streamsOf(maker);
  for (const column of open) {
    const source = column.blindIndexOf ?? column.name;
    const isText = column.encryption !== undefined || column.blindIndexOf !== undefined;
    const encode = isText ? fieldOfText : copyEncoderOf(column.type);
    const stream = streams.get(source) ?? hashOf(source);
    const pool = made.map((row, index) => {
      const value: unknown = Reflect.get(row, column.name);
      const isNull = maker.columns.get(source)?.nullable === true && mix(index ^ stream) % nullEach === 0; // prettier-ignore
      return value === null || value === undefined || isNull ? "\\N" : encode(value);
    });
    writers.set(column.name, pooledField(pool, stream));
  }
}

/** Columns that a check puts in an order are taken from the same row of the pool. */
function streamsOf(maker: TableMaker): ReadonlyMap<string, number> {
  const streams = new Map([...maker.columns.values()].map(({ name, stream }) => [name, stream]));
  for (let round = 0; round < maker.orders.length; round += 1) {
    for (const { less, more } of maker.orders) {
      const least = Math.min(streams.get(less) ?? 0, streams.get(more) ?? 0);
      streams.set(less, least).set(more, least);
    }
  }
  return streams;
}

function sequencesOf(
  maker: TableMaker,
  live: LiveTable,
  { rows, writers }: { readonly rows: number; readonly writers: ReadonlyMap<string, WriteField> },
): TableSeed["sequences"] {
  if (rows === 0) return [];
  return [...maker.columns.values()]
    .filter(({ column }) => isSerial(column))
    .flatMap(({ name }) => {
      const known = live.lastNumbers.get(name);
      const text = writers.get(name)?.(rows - 1);
      if (known === undefined || text === undefined) return [];
      const last = BigInt(text);
      return known.last !== undefined && known.last >= last ? [] : [{ sequence: known.sequence, last }];
    });
} // prettier-ignore
