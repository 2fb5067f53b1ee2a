import { PostgresError, quoteIdentifier, type Connection, type Postgres } from "@ctb-data/postgres";
import { referencesOf } from "../factories/references.ts";
import { notFound, Workshop } from "../factories/workshop.ts";
import { FixtureError } from "../fixture-error.ts";
import { fieldOfText } from "./field-writers.ts";
import { someKeys } from "./live-table.ts";
import type { SeedOptions, SeedResult } from "./seed-options.ts";
import { tableSeed, type ReferencedRows, type TableSeed } from "./table-seed.ts";

/**
 * Fills tables with rows as one would meet them, by COPY: each with as many rows, those that are referred to first, every
 * reference leading to a row, keys behind those that are there, encrypted columns encrypted. All in one transaction: when it fails or
 * is stopped, nothing was written. Others may read meanwhile; those who want to write to these tables wait.
 *
 * @throws {FixtureError} INVALID_OPTIONS, NOT_FOUND, CANNOT_MAKE, CANCELLED, DATABASE_FAILED
 */
export async function seedDatabase(db: Postgres, options: SeedOptions): Promise<SeedResult> {
  const wanted = wantedRows(options);
  const { signal } = options;
  const start = performance.now();
  try {
    signal?.throwIfAborted();
    const result = await db.withConnection(
      async (connection) => await inTransaction(connection, async () => await new Seeding(connection, options, wanted).run()), // prettier-ignore
      signal === undefined ? {} : { signal },
    );
    return { ...result, durationMs: performance.now() - start };
  } catch (error) {
    throw asFixtureError(error, signal);
  }
}

interface Wanted {
  readonly rows: number;
  readonly exact: boolean;
}

/** How many rows each table is to get. */
function wantedRows({ registry, count, counts = {}, tables }: SeedOptions): ReadonlyMap<string, Wanted> {
  for (const name of [...Object.keys(counts), ...(tables ?? [])]) {
    if (!registry.tables.has(name)) throw notFound("table", name, registry.tables.keys());
  }
  for (const number of [count ?? 0, ...Object.values(counts)]) {
    if (!Number.isSafeInteger(number) || number < 0 || number > 2 ** 31)
      throw new FixtureError("INVALID_OPTIONS", `${number} is not a number of rows.`);
  }
  const named = Object.keys(counts);
  const chosen = tables ?? (count === undefined && named.length > 0 ? named : [...registry.tables.keys()]);
  const all = new Set([...chosen, ...named]);
  return new Map(
    [...all].map((name) => {
      const exact = Object.hasOwn(counts, name) ? counts[name] : undefined;
      return [name, { rows: exact ?? count ?? 1000, exact: exact !== undefined }];
    }),
  );
} // prettier-ignore

async function inTransaction<T>(connection: Connection, run: () => Promise<T>): Promise<T> {
  await connection.query("BEGIN");
  try {
    const result = await run();
    await connection.query("COMMIT");
    return result;
  } catch (error) {
    if (!connection.lost) await connection.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

function asFixtureError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof FixtureError) return error;
  if (signal?.aborted === true) {
    return new FixtureError("CANCELLED", "Seeding was stopped: nothing was written.", { cause: error });
  }
  if (!(error instanceof PostgresError)) return error;
  if (error.code === "CONNECTION_LOST") {
    return new FixtureError("DATABASE_FAILED", `Seeding was cut off: ${error.message}`, {
      cause: error,
      hint: "Nothing was written, unless it was at the very end: look before you run it again.",
    });
  }
  const isRefused = error.code === "CONSTRAINT_VIOLATION";
  const [column] = error.columns ?? [];
  const what = error.constraint === undefined ? `That ${column ?? "a column"} must have a value` : `The constraint ${error.constraint}`; // prettier-ignore
  return new FixtureError(
    isRefused ? "CANNOT_MAKE" : "DATABASE_FAILED",
    `The database refused the rows${error.table === undefined ? "" : ` of ${error.table}`}: ${error.message}`,
    {
      table: error.table,
      column,
      hint: isRefused ? `${what} is not in the registry, or nothing that seeding understands. Leave the table out with \`tables\`, and make its rows with overrides.` : error.hint,
      cause: error,
    },
  );
} // prettier-ignore

/** How many rows of a table that is not filled references may choose from. */
const maxExisting = 10_000;
/** How much text is made before it is handed over. */
const chunkCharacters = 128 * 1024;

class Seeding {
  readonly #connection: Connection;
  readonly #options: SeedOptions;
  readonly #wanted: ReadonlyMap<string, Wanted>;
  readonly #workshop: Workshop;
  readonly #filled = new Map<string, TableSeed>();
  readonly #existing = new Map<string, ReferencedRows>();
  #bytes = 0;

  constructor(connection: Connection, options: SeedOptions, wanted: ReadonlyMap<string, Wanted>) {
    this.#connection = connection;
    this.#options = options;
    this.#wanted = wanted;
    const { registry, seed, locale, now, keyring } = options;
    this.#workshop = new Workshop(
      registry,
      {
        ...(seed === undefined ? {} : { seed }),
        ...(locale === undefined ? {} : { locale }),
        ...(now === undefined ? {} : { now }),
        ...(keyring === undefined ? {} : { keyring }),
      },
      ({ key }) => this.#rowsOf(key.referencedTable)?.rows ?? 0,
    );
  }

  async run(): Promise<Omit<SeedResult, "durationMs">> {
    const order = this.#order();
    for (const name of order) await this.#plan(name);
    const seeds = [...this.#filled.values()];
    const rows = seeds.reduce((sum, seed) => sum + seed.rows, 0);
    this.#options.onProgress?.({ kind: "total", store: "postgres", items: rows });
    for (const seed of seeds) if (seed.rows > 0) await this.#fill(seed);
    for (const { sequence, last } of seeds.flatMap(({ sequences }) => sequences)) {
      await this.#connection.query("SELECT setval($1::regclass, $2::bigint)", [sequence, last]);
    }
    this.#options.signal?.throwIfAborted();
    return { tables: seeds.map(({ table, rows: written }) => ({ table, rows: written })), rows, bytes: this.#bytes }; // prettier-ignore
  }

  #rowsOf(table: string): ReferencedRows | undefined {
    const filled = this.#filled.get(table);
    return filled !== undefined && filled.rows > 0 ? filled : this.#existing.get(table);
  }

  /** The tables to fill, those that others refer to first. */
  #order(): readonly string[] {
    const references = referencesOf(this.#options.registry);
    const ordered = new Set<string>();
    const open = [...this.#options.registry.tables.keys()].toReversed();
    const entered = new Set<string>();
    for (let name = open.at(-1); name !== undefined; name = open.at(-1)) {
      const next = (references.get(name) ?? [])
        .filter(({ from }) => from === "parent")
        .map(({ key }) => key.referencedTable)
        .filter((other) => !ordered.has(other) && !entered.has(other));
      if (entered.has(name) || next.length === 0) {
        open.pop();
        ordered.add(name);
      } else {
        open.push(...next);
      }
      entered.add(name);
    }
    return [...ordered].filter((name) => this.#wanted.has(name));
  }

  async #plan(name: string): Promise<void> {
    const { rows, exact } = this.#wanted.get(name) ?? { rows: 0, exact: false };
    this.#options.signal?.throwIfAborted();
    for (const key of this.#options.registry.tables.get(name)?.foreignKeys ?? []) {
      if (!this.#wanted.has(key.referencedTable)) await this.#readExisting(key.referencedTable);
    }
    const seed = await tableSeed({
      connection: this.#connection,
      workshop: this.#workshop,
      table: name,
      rows,
      exact,
      rowsOf: (table) => this.#rowsOf(table),
    });
    this.#filled.set(name, seed);
    // One whose keys are used up already can be referred to all the same.
    if (seed.rows === 0) await this.#readExisting(name);
  }

  /** The keys of a table that is not filled itself. */
  async #readExisting(name: string): Promise<void> {
    const { registry } = this.#options;
    const table = registry.tables.get(name);
    if (table === undefined || this.#existing.has(name)) return;
    const referring = [...registry.tables.values()].flatMap(({ foreignKeys }) => foreignKeys);
    const columns = [...new Set(referring.filter((key) => key.referencedTable === name).flatMap((key) => key.referencedColumns))]; // prettier-ignore
    const sqlName = `${quoteIdentifier(registry.schema)}.${quoteIdentifier(name)}`;
    const keys = await someKeys(this.#connection, sqlName, { columns, limit: maxExisting });
    const fields = keys.map((key) => key.map(fieldOfText));
    this.#existing.set(name, {
      rows: keys.length,
      field: (column) => {
        const at = columns.indexOf(column);
        return at === -1 ? undefined : (number) => fields[number]?.[at] ?? "\\N";
      },
    });
  }

  async #fill(seed: TableSeed): Promise<void> {
    const { signal } = this.#options;
    await this.#connection.copyIn(seed.sql, this.#chunks(seed), { signal });
  }

  async *#chunks({ table, rows, fields }: TableSeed): AsyncGenerator<Uint8Array, void> {
    const [first = () => "", ...others] = fields;
    let text = "";
    let told = 0;
    for (let number = 0; number < rows; number += 1) {
      text += first(number);
      for (const field of others) text += `\t${field(number)}`;
      text += "\n";
      if (text.length < chunkCharacters && number < rows - 1) continue;
      const chunk = Buffer.from(text, "utf8");
      text = "";
      this.#bytes += chunk.length;
      yield chunk;
      this.#options.onProgress?.({ kind: "count", store: "postgres", name: table, items: number + 1 - told, bytes: chunk.length }); // prettier-ignore
      told = number + 1;
    }
  }
}
