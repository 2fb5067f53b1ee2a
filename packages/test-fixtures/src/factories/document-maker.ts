import { modelOf, ModelError, neutralDocumentTypes, type DocumentTypes, type DocumentWithId, type ModelField, type Model, nearestName } from "@ctb-data/models"; // prettier-ignore
import type { Collection, FirestoreType } from "@ctb-data/registry";
import { FixtureError } from "../fixture-error.ts";
import type { MakingContext } from "./column-maker.ts";
import { usualNumbers, usualText } from "./meaning.ts";
import { hashOf } from "./random.ts";
import type { Values } from "./row-maker.ts";
import type { Workshop } from "./workshop.ts";

/** A document as Firestore has it, of which nothing is known at compile time. */
export type MadeDocument = DocumentWithId<Values>;

/** What is made for a field that no column has. */
function fieldValue(
  name: string,
  type: FirestoreType,
  { types, context }: { readonly types: DocumentTypes; readonly context: MakingContext },
): unknown {
  const { faker, random, now } = context;
  const [low, high] = usualNumbers(name);
  const seconds = Math.floor(now / 1000) - random.int(86_400, 63_072_000);
  switch (type) {
    case "any":
    case "string":
      return usualText(name)(faker);
    case "array":
      return [faker.lorem.word(), faker.lorem.word()];
    case "boolean":
      return random.chance(0.5);
    case "bytes":
      return types.bytes(Uint8Array.from({ length: 8 }, () => random.bits() & 255));
    case "double":
      return low + Math.round((high - low) * random.next() * 100) / 100;
    case "integer":
      return random.int(Math.ceil(low), Math.floor(high));
    case "geopoint":
      return types.geoPoint(random.int(-89, 89) + 0.5, random.int(-179, 179) + 0.5);
    case "map":
      return { [faker.lorem.word()]: faker.lorem.words(2), count: random.int(1, 100) };
    case "reference":
      return types.reference(`${faker.lorem.word()}/${random.int(1, 1000)}`);
    case "timestamp":
      return types.timestamp(seconds, random.int(0, 999_999) * 1000);
    case "vector":
    default:
      return types.vector([0.25, -0.5, random.int(0, 100) / 100]);
  }
}

interface DocumentParts {
  readonly fields: ReadonlyMap<string, ModelField>;
  readonly number: number;
  readonly given: Values;
}

/** Values for the fields that no column has, with what is given in their place. */
function ownFields(workshop: Workshop, place: string, { fields, number, given }: DocumentParts): Values {
  const types = workshop.options.documentTypes ?? neutralDocumentTypes;
  const own = [...fields.values()].filter((field) => field.column === undefined);
  return Object.fromEntries(
    own.flatMap(({ name, type }) => {
      if (Object.hasOwn(given, name)) return given[name] === undefined ? [] : [[name, given[name]]];
      const context = workshop.contextOf(hashOf(`${place}\0${name}`), number);
      return [[name, fieldValue(name, type, { types, context })]];
    }),
  );
} // prettier-ignore

/** The document of a row. @throws {FixtureError} INVALID_OVERRIDE */
export function documentOfRow(
  workshop: Workshop,
  table: string,
  { row, number, given }: { readonly row: Values; readonly number: number; readonly given: Values },
): MadeDocument {
  const { documentTypes, keyring } = workshop.options;
  const maker = workshop.makerOf(table);
  const model = modelOf(maker.table, {
    ...(keyring === undefined ? {} : { keyring }),
    ...(documentTypes === undefined ? {} : { documentTypes }),
  });
  const fields = maker.table.firestore?.fields ?? new Map<string, ModelField>();
  const parts = { fields, number, given };
  return written(model, row, ownFields(workshop, table, parts));
}

function written(model: Model, row: Values, own: Values): MadeDocument {
  try {
    return model.toDocument(model.parse(row), own);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const code = error.code === "INVALID_VALUE" ? "INVALID_OVERRIDE" : "CANNOT_MAKE";
    throw new FixtureError(code, error.message, { table: model.table.name, hint: error.hint, cause: error }); // prettier-ignore
  }
}

/** Documents of a collection that has no table. */
export class CollectionDocuments {
  readonly #workshop: Workshop;
  readonly #collection: Collection;
  readonly #model: Model;
  #next = 0;

  constructor(workshop: Workshop, collection: Collection) {
    this.#workshop = workshop;
    this.#collection = collection;
    const { name, fields } = collection;
    // The document's id, as if it were the one column of a table: so the fields are checked as those of tables are.
    const id = { name: "id", nullable: false, type: { name: "text", kind: "text", dimensions: 0 } } as const; // prettier-ignore
    this.#model = modelOf({
      name,
      columns: new Map([["id", id]]),
      firestore: { collection: name, idColumn: "id", fields },
    });
  }

  /** @throws {FixtureError} INVALID_OVERRIDE */
  next(overrides: Values & { readonly id?: string }): MadeDocument {
    const { name, fields } = this.#collection;
    const { id: givenId, ...rest } = overrides;
    const given = fields.has("id") ? overrides : rest;
    const unknown = Object.keys(given).find((field) => !fields.has(field));
    if (unknown !== undefined) {
      const near = nearestName(unknown, fields.keys());
      const hint = near === undefined ? undefined : `Did you mean ${near}?`;
      throw new FixtureError("INVALID_OVERRIDE", `The documents of ${name} have no field ${unknown}.`, { table: name, column: unknown, hint }); // prettier-ignore
    }
    const number = this.#next;
    this.#next += 1;
    const { faker } = this.#workshop.contextOf(hashOf(`${name}\0id`), number);
    const made = faker.string.alphanumeric(20 - String(number).length) + String(number);
    const own = ownFields(this.#workshop, name, { fields, number, given });
    return written(this.#model, { id: givenId ?? made }, own);
  }
}
