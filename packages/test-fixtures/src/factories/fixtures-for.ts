import type { StoredClass, StoredRow } from "@ctb-data/postgres";
import type { Registry } from "@ctb-data/registry";
import { CollectionDocuments, type MadeDocument } from "./document-maker.ts";
import type { Factory } from "./factory.ts";
import { MadeRows } from "./made-rows.ts";
import type { Values } from "./row-maker.ts";
import { TableFactory } from "./table-factory.ts";
import { typedRow } from "./typed-row.ts";
import { notFound, Workshop, type FixtureOptions } from "./workshop.ts";

/** Makes the documents of one collection. */
export interface DocumentFactory {
  readonly collection: string;
  /** Overrides are by field; of a collection that a table has, by column too. @throws {FixtureError} INVALID_OVERRIDE */
  document(overrides?: Values): MadeDocument;
  documents(count: number): readonly MadeDocument[];
}

/** Factories for the tables and collections of one registry. */
export interface Fixtures {
  readonly registry: Registry;
  /** The factory of a generated class: rows are its instances. @throws {FixtureError} NOT_FOUND, CANNOT_MAKE */
  of<Value extends object, Input extends object, Instance extends object>(
    model: StoredClass<Value, Input, Instance>,
  ): Factory<Input, StoredRow<Value, Instance>>;
  /** The factory of a table by its name. @throws {FixtureError} NOT_FOUND, CANNOT_MAKE */
  table(name: string): Factory<Values, Values>;
  /** The documents of a collection, with a table or without. @throws {FixtureError} NOT_FOUND */
  collection(name: string): DocumentFactory;
}

/**
 * Factories for any registry. The values of a row depend on the seed, its table and how many rows of this table were made
 * before, and on nothing else: not on the clock, not on what is made of other tables.
 *
 * @example
 * const fixtures = fixturesFor(registry);
 * const client = fixtures.of(Client).make();
 * const blueprints = await fixtures.of(Blueprint).createMany(db, 3, { blueprint_type: "daily" });
 */
export function fixturesFor(registry: Registry, options: FixtureOptions = {}): Fixtures {
  return new RegistryFixtures(registry, options);
}

class RegistryFixtures implements Fixtures {
  readonly registry: Registry;
  readonly #workshop: Workshop;
  readonly #made = new Map<string, MadeRows>();
  readonly #collections = new Map<string, CollectionDocuments>();

  constructor(registry: Registry, options: FixtureOptions) {
    this.registry = registry;
    this.#workshop = new Workshop(registry, options);
  }

  of<Value extends object, Input extends object, Instance extends object>(
    model: StoredClass<Value, Input, Instance>,
  ): Factory<Input, StoredRow<Value, Instance>> {
    return new TableFactory(model.model.table.name, {
      ...this.#parts(),
      finish: (value) => typedRow<StoredRow<Value, Instance>>(new model(typedRow<Value>(value))),
    });
  }

  table(name: string): Factory<Values, Values> {
    return new TableFactory(name, { ...this.#parts(), finish: (value) => value });
  }

  collection(name: string): DocumentFactory {
    const table = [...this.registry.tables.values()].find(({ firestore }) => firestore?.collection === name); // prettier-ignore
    const next = table === undefined ? this.#ownCollection(name) : this.#tableCollection(table.name); // prettier-ignore
    return {
      collection: name,
      document: (overrides = {}) => next(overrides),
      documents: (count) => Array.from({ length: count }, () => next({})),
    };
  }

  #ownCollection(name: string): (overrides: Values) => MadeDocument {
    const collection = this.registry.collections.get(name);
    if (collection === undefined) throw notFound("collection", name, this.registry.collections.keys()); // prettier-ignore
    const known = this.#collections.get(name) ?? new CollectionDocuments(this.#workshop, collection); // prettier-ignore
    this.#collections.set(name, known);
    return (overrides) => known.next(overrides);
  }

  #tableCollection(table: string): (overrides: Values) => MadeDocument {
    const factory = this.table(table);
    return (overrides) => factory.document(overrides);
  }

  #parts(): Omit<ConstructorParameters<typeof TableFactory>[1], "finish"> {
    return { workshop: this.#workshop, madeOf: (table) => this.#madeOf(table) };
  }

  #madeOf(table: string): MadeRows {
    const known = this.#made.get(table) ?? new MadeRows(this.#workshop, table);
    this.#made.set(table, known);
    return known;
  }
}
