import { encoderOf, type Encode } from "@ctb-data/models";
import { FixtureError } from "../fixture-error.ts";
import type { Edge } from "./column-maker.ts";
import type { Values } from "./row-maker.ts";
import type { MadeKey, TableMaker } from "./table-maker.ts";
import { rowCapacity, type Workshop } from "./workshop.ts";

/** What the next row is to be. */
export interface NextRow {
  readonly given: Values;
  readonly edge?: Edge | undefined;
  /** Nobody asked for it by itself: it is there to be referred to. Its number is not taken from the others. */
  readonly implicit?: boolean;
}

/** Where the numbers of rows that are only referred to begin, so that those that are asked for are the same with and without them. */
const implicitStart = 1_000_000;
const maxTries = 100_000;

/** The rows of one table that were made so far: which number is next, and which keys are taken. */
export class MadeRows {
  readonly maker: TableMaker;
  readonly #workshop: Workshop;
  readonly #taken = new Map<string, Set<string>>();
  readonly #encoders: ReadonlyMap<string, Encode>;
  #next = 0;
  /** Some numbers gave no key away, because the row had an edge or an override in its place. */
  #hasGaps = false;
  #nextImplicit = 0;

  constructor(workshop: Workshop, table: string) {
    this.#workshop = workshop;
    this.maker = workshop.makerOf(table);
    this.#encoders = new Map(
      [...this.maker.columns].map(([name, { column }]) => [name, encoderOf(column.type)]),
    );
  }

  /** How many numbers were given away. */
  get count(): number {
    return this.#next;
  }

  /** The PostgreSQL schema of the table. */
  get schema(): string {
    return this.#workshop.registry.schema;
  }

  /** The next row; undefined when an implicit one is wanted and there is no other left. @throws {FixtureError} CANNOT_MAKE, INVALID_OVERRIDE */
  next({ given, edge, implicit = false }: NextRow): Values | undefined {
    const names = new Set(Object.keys(given).filter((name) => given[name] !== undefined));
    const capacity = rowCapacity(this.maker, names);
    let plain: ReadonlySet<string> = new Set();
    for (let tries = 0; tries < maxTries; tries += 1) {
      const number = implicit ? this.#implicitNumber(capacity) : this.#ownNumber(capacity);
      if (number === undefined) return undefined;
      if (number >= capacity) throw this.#exhausted(names, capacity);
      const row = this.#workshop.rows.value(this.maker, { number, given, edge, plain });
      const clash = this.#clashOf(row, names);
      if (clash !== undefined && edge !== undefined && plain.size < this.maker.columns.size) {
        const wider = new Set([...plain, ...clash.columns]);
        // The edge of a key can be had once: the next one of it has a plain key.
        if (wider.size > plain.size) {
          plain = wider;
          continue;
        }
      }
      if (implicit) this.#nextImplicit += 1;
      else this.#next += 1;
      if (clash !== undefined) continue;
      this.#hasGaps ||= edge !== undefined || names.size > 0;
      this.#take(row);
      return row;
    }
    throw this.#exhausted(names, capacity);
  }

  /** Once all were given away, those that may have left a key come again. */
  #ownNumber(capacity: number): number {
    const isOver = this.#next >= capacity && this.#next < 2 * capacity && this.#hasGaps;
    return isOver ? this.#next - capacity : this.#next;
  }

  #implicitNumber(capacity: number): number | undefined {
    if (this.#nextImplicit >= capacity) return undefined;
    const start = Math.min(Math.floor(capacity / 2), implicitStart);
    return (start + this.#nextImplicit) % capacity;
  }

  /** The key of a row that another row has. Those that were given are the caller's affair. */
  #clashOf(row: Values, given: ReadonlySet<string>): MadeKey | undefined {
    return this.maker.keys.find((key) => {
      if (key.columns.every((name) => given.has(name))) return false;
      const text = this.#keyText(key, row);
      return text !== undefined && this.#taken.get(key.name)?.has(text) === true;
    });
  }

  #take(row: Values): void {
    for (const key of this.maker.keys) {
      const text = this.#keyText(key, row);
      if (text === undefined) continue;
      const taken = this.#taken.get(key.name) ?? new Set();
      this.#taken.set(key.name, taken.add(text));
    }
  }

  #keyText({ columns, isLoose }: MadeKey, row: Values): string | undefined {
    const texts: string[] = [];
    for (const name of columns) {
      const value = row[name];
      if (value === null || value === undefined) return undefined;
      texts.push(this.#encoders.get(name)?.(value) ?? "");
    }
    const text = texts.join("\0");
    return isLoose ? text.toLowerCase() : text;
  }

  #exhausted(given: ReadonlySet<string>, capacity: number): FixtureError {
    const { name } = this.maker.table;
    const key = this.maker.keys.find(
      (candidate) =>
        candidate.capacity <= capacity && !candidate.columns.some((column) => given.has(column)),
    );
    const columns = key?.columns.join(", ") ?? "";
    return new FixtureError(
      "CANNOT_MAKE",
      `There is no other row of ${name}: its key ${key?.name ?? ""} (${columns}) has ${capacity} values.`,
      {
        table: name,
        column: key?.columns[0],
        hint: "Make fewer rows, or give overrides for these columns.",
      },
    );
  }
}
