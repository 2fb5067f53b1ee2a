import { nearestName, type DocumentTypes, type Keyring } from "@ctb-data/models";
import type { Registry } from "@ctb-data/registry";
import type { Faker } from "@faker-js/faker";
import { FixtureError } from "../fixture-error.ts";
import type { MakingContext } from "./column-maker.ts";
import { hashOf, Random } from "./random.ts";
import { referencesOf, requiredCircle, type Reference } from "./references.ts";
import { RowMaker, type MakingScope } from "./row-maker.ts";
import { seededFaker } from "./seeded-faker.ts";
import { tableMaker, type TableMaker } from "./table-maker.ts";

export interface FixtureOptions {
  /** The same seed gives the same values. Default 1. */
  readonly seed?: number;
  /** Needed for documents of tables with encrypted columns. Rows are encrypted by the database they are written to. */
  readonly keyring?: Keyring;
  /** A faker with the words of another language, as `faker` of `@faker-js/faker/locale/de`. Its own state is left alone. Default: English. */
  readonly locale?: Faker;
  /** The moment that past and future are told from. Default 2026-01-01T00:00:00Z, so that values are the same tomorrow. */
  readonly now?: Date;
  /** The values of a Firestore SDK in documents: `firestore.types`. Default: neutral ones. */
  readonly documentTypes?: DocumentTypes;
}

/** What all factories of one registry share. */
export class Workshop implements MakingScope {
  readonly registry: Registry;
  readonly options: FixtureOptions;
  readonly rows: RowMaker;
  readonly #seed: number;
  readonly #context: MakingContext & { readonly random: Random };
  readonly #references: ReadonlyMap<string, readonly Reference[]>;
  readonly #makers = new Map<string, TableMaker>();
  readonly #checked = new Set<string>();
  readonly #inWork = new Set<string>();
  readonly #rowsOf: ((reference: Reference, table: string) => number) | undefined;

  /** `rowsOf`: how many rows a reference may choose from. Default: as many as the other table can have. */
  constructor(
    registry: Registry,
    options: FixtureOptions,
    rowsOf?: (reference: Reference, table: string) => number,
  ) {
    const random = new Random();
    const now = (options.now ?? new Date("2026-01-01T00:00:00Z")).getTime();
    this.registry = registry;
    this.options = options;
    this.rows = new RowMaker(this);
    this.#seed = seedOf(options.seed ?? 1);
    this.#context = { random, now, faker: seededFaker(random, now, options.locale) };
    this.#references = referencesOf(registry);
    this.#rowsOf = rowsOf;
  }

  contextOf(stream: number, number: number): MakingContext {
    this.#context.random.seed([this.#seed, stream, number]);
    return this.#context;
  }

  makerOf(name: string): TableMaker {
    const known = this.#makers.get(name);
    if (known !== undefined) return known;
    const table = this.registry.tables.get(name);
    if (table === undefined) throw notFound("table", name, this.registry.tables.keys());
    this.#checkCircles(name);
    this.#inWork.add(name);
    const maker = tableMaker(table, {
      registry: this.registry,
      references: this.#references.get(name) ?? [],
      rowsOf: (reference) => this.#rowsOf?.(reference, name) ?? this.#capacityOf(reference),
      keyring: this.options.keyring,
    });
    this.#inWork.delete(name);
    this.#makers.set(name, maker);
    return maker;
  }

  #capacityOf({ key }: Reference): number {
    // A table whose plan waits for this one: its rows are not counted.
    if (this.#inWork.has(key.referencedTable)) return Number.MAX_SAFE_INTEGER;
    return rowCapacity(this.makerOf(key.referencedTable));
  }

  #checkCircles(name: string): void {
    if (this.#checked.has(name)) return;
    const circle = requiredCircle(this.registry, this.#references, name);
    if (circle !== undefined) {
      throw new FixtureError(
        "CANNOT_MAKE",
        `The tables ${circle.join(" → ")} require each other in a circle, so that none of them can have a first row.`,
        { table: name, hint: "Make one of the references nullable." },
      );
    }
    this.#checked.add(name);
  }
}

function seedOf(seed: number): number {
  if (Number.isSafeInteger(seed)) return hashOf(String(seed));
  throw new FixtureError("INVALID_OPTIONS", "The seed is not a whole number.");
}

/** How many rows a table can have, as far as its keys go. Those with a column of `given` are not counted. */
export function rowCapacity(maker: TableMaker, given: ReadonlySet<string> = new Set()): number {
  return Math.min(
    Number.MAX_SAFE_INTEGER,
    ...maker.keys
      .filter(({ columns }) => !columns.some((name) => given.has(name)))
      .map(({ capacity }) => capacity),
  );
}

export function notFound(what: string, name: string, known: Iterable<string>): FixtureError {
  const near = nearestName(name, known);
  return new FixtureError(
    "NOT_FOUND",
    `The registry has no ${what} ${JSON.stringify(name)}${near === undefined ? "" : `, did you mean ${JSON.stringify(near)}?`}`,
    { table: what === "table" ? name : undefined },
  );
}
