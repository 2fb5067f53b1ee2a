import { inspect } from "node:util";
import type { DocumentTypes, Keyring } from "@ctb-data/models";
import type { Registry } from "@ctb-data/registry";
import type { Firestore as SdkFirestore } from "firebase-admin/firestore";
import type { ErrorPlace } from "./classify-error.ts";
import { toFirestoreError } from "./classify-error.ts";
import { CollectionSchema } from "./collection-schema.ts";
import { FirestoreError } from "./firestore-error.ts";
import type { FirestoreTypes } from "./firestore-types.ts";
import { within } from "./limits.ts";
import { sdkTypes } from "./sdk-types.ts";
import type { Sdk } from "./sdk.ts";
import type { ReadingOptions } from "./stored-document.ts";
import { ValueWriter } from "./write-values.ts";

/** What belongs to an opened database and is worked out once. */
export class FirestoreContext {
  readonly sdk: Sdk;
  readonly client: SdkFirestore;
  readonly registry: Registry;
  readonly keyring: Keyring | undefined;
  readonly reading: ReadingOptions;
  readonly timeoutMs: number;
  readonly description: string;
  readonly types: FirestoreTypes;
  readonly values: ValueWriter;
  /** Ends all that would go on by itself, when the database is closed. */
  readonly running: Set<() => void> = new Set();
  closed: boolean = false;
  readonly #requests = new Set<Promise<unknown>>();
  readonly #schemas = new Map<string, CollectionSchema>();
  readonly #tables: ReadonlyMap<string, string>;

  constructor(options: {
    readonly sdk: Sdk;
    readonly client: SdkFirestore;
    readonly registry: Registry;
    readonly keyring: Keyring | undefined;
    readonly reading: ReadingOptions;
    readonly timeoutMs: number;
    readonly description: string;
  }) {
    this.sdk = options.sdk;
    this.client = options.client;
    this.registry = options.registry;
    this.keyring = options.keyring;
    this.reading = options.reading;
    this.timeoutMs = options.timeoutMs;
    this.description = options.description;
    // Collections hold it; who prints one does not want all of the SDK.
    Object.defineProperty(this, inspect.custom, { value: () => this.description });
    this.types = sdkTypes(options.sdk, options.client);
    this.values = new ValueWriter(options.sdk, options.client, this.types);
    this.#tables = new Map(
      [...options.registry.tables.values()].flatMap(({ name, firestore }) =>
        firestore === undefined ? [] : [[firestore.collection, name]],
      ),
    );
  }

  /** The types that models write documents with. */
  get documentTypes(): DocumentTypes {
    return this.types;
  }

  /** The ids of all collections that the registry knows. */
  get collectionIds(): readonly string[] {
    return [...this.#tables.keys(), ...this.registry.collections.keys()];
  }

  /** The schema of a collection; undefined when the registry does not know it. */
  findSchema(id: string): CollectionSchema | undefined {
    const known = this.#schemas.get(id);
    if (known) return known;
    const table = this.registry.tables.get(this.#tables.get(id) ?? "");
    const source = table ?? this.registry.collections.get(id);
    if (source === undefined) return undefined;
    const schema = new CollectionSchema(source, {
      keyring: this.keyring,
      documentTypes: this.documentTypes,
    });
    this.#schemas.set(id, schema);
    return schema;
  }

  /** @throws {FirestoreError} UNKNOWN_COLLECTION */
  schema(id: string): CollectionSchema {
    const schema = this.findSchema(id);
    if (schema) return schema;
    throw new FirestoreError("UNKNOWN_COLLECTION", `The registry has no collection ${id}.`, {
      collection: id,
      hint: `It has: ${this.collectionIds.slice(0, 20).join(", ") || "none"}. documents(path) reads and writes any other.`,
    });
  }

  /** @throws {FirestoreError} UNKNOWN_COLLECTION */
  schemaOfTable(name: string): CollectionSchema {
    const table = this.registry.tables.get(name);
    if (table?.firestore) return this.schema(table.firestore.collection);
    throw new FirestoreError(
      "UNKNOWN_COLLECTION",
      table ? `The table ${name} is not kept in Firestore.` : `The registry has no table ${name}.`,
      { hint: `Give the table a "firestore" mapping in the registry.` },
    );
  }

  /** Waits for a request of the SDK. @throws {FirestoreError} */
  async run<T>(
    work: () => Promise<T>,
    {
      signal,
      timeoutMs = this.timeoutMs,
    }: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number } = {},
    place: ErrorPlace = {},
  ): Promise<T> {
    this.checkOpen();
    return await within(async () => await this.track(work()), { timeoutMs, signal }, place);
  }

  /** Remembers work of the SDK until it ends, also when nobody waits for it any more. */
  async track<T>(work: Promise<T>): Promise<T> {
    this.#requests.add(work);
    try {
      return await work;
    } finally {
      this.#requests.delete(work);
    }
  }

  /** Waits for all that the SDK does. It must not be closed before: its next try would be an unhandled rejection. */
  async settled(): Promise<void> {
    while (this.#requests.size > 0) await Promise.allSettled(this.#requests);
  }

  /** Builds something that is only sent later: what the SDK throws is about the arguments. */
  build<T>(make: () => T, place: ErrorPlace = {}): T {
    try {
      return make();
    } catch (error) {
      throw toFirestoreError(error, { refused: "INVALID_QUERY", ...place });
    }
  }

  /** @throws {FirestoreError} CLOSED */
  checkOpen(): void {
    if (!this.closed) return;
    throw new FirestoreError("CLOSED", `The database ${this.description} was closed.`);
  }
}
