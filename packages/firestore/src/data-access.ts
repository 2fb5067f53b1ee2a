import type { CollectionReference, Query as SdkQuery } from "firebase-admin/firestore";
import { classFor, CollectionBinding, type BoundClass } from "./collection-binding.ts";
import type { CollectionSchema } from "./collection-schema.ts";
import type { WriteTime } from "./collection.ts";
import type { FirestoreContext } from "./firestore-context.ts";
import { FirestoreError } from "./firestore-error.ts";
import { checkPath } from "./id-fault.ts";
import {
  StoreCollection,
  TransactionalCollection,
  writeTimeOf,
  type CollectionAccess,
} from "./model-collection.ts";
import { ModelQuery } from "./model-query.ts";
import type { Reader } from "./reader.ts";
import type { ReadingOptions } from "./stored-document.ts";
import type { PreparedWrite } from "./write.ts";

/** A generated class, or a name. */
export type CollectionName = string | (BoundClass & { readonly model: NamedModel });

interface NamedModel {
  readonly table: { readonly name: string };
}

/** Collections of a database, however they are read and written. */
export class Collections<Done> {
  readonly context: FirestoreContext;
  protected readonly access: CollectionAccess<Done>;

  constructor(context: FirestoreContext, access: CollectionAccess<Done>) {
    this.context = context;
    this.access = access;
  }

  bound(
    name: CollectionName,
    options: ReadingOptions,
  ): { readonly schema: CollectionSchema; readonly binding: CollectionBinding } {
    const { context } = this;
    const schema =
      typeof name === "string"
        ? context.schema(name)
        : context.schemaOfTable(name.model.table.name);
    const valueClass = typeof name === "string" ? undefined : classFor(name, context);
    const reading = { ...context.reading, ...options };
    return { schema, binding: new CollectionBinding({ context, schema, reading, valueClass }) };
  }

  refOf(path: string): CollectionReference {
    checkPath(path);
    return this.context.build(() => this.context.client.collection(path));
  }

  unbound(): CollectionBinding {
    const { context } = this;
    return new CollectionBinding({ context, schema: undefined, reading: {} });
  }

  collectionGroup(name: CollectionName, options: ReadingOptions = {}): ModelQuery {
    const { schema, binding } = this.bound(name, options);
    const query: SdkQuery = this.context.client.collectionGroup(schema.id);
    return new ModelQuery({ binding, reader: this.access.reader, query, ordered: [] });
  }
}

/** What can be done with collections outside of transactions; with a reader of one time, only the reading half. */
export class StoreCollections extends Collections<Promise<WriteTime>> {
  constructor(context: FirestoreContext, reader: Reader) {
    const send = async (prepare: () => PreparedWrite): Promise<WriteTime> => {
      if (reader.kind !== "now")
        throw new FirestoreError("UNSUPPORTED", "What was there at one moment cannot be written.");
      context.checkOpen();
      const { path, apply } = prepare();
      const commit = async (): Promise<WriteTime> => {
        const batch = context.client.batch();
        apply(batch);
        return writeTimeOf(await batch.commit());
      };
      return await context.run(commit, {}, { path, refused: "INVALID_VALUE" });
    };
    super(context, { reader, send });
  }

  collection(name: CollectionName, options: ReadingOptions = {}): StoreCollection {
    const { schema, binding } = this.bound(name, options);
    return new StoreCollection(this.refOf(schema.id), binding, this.access);
  }

  documents(path: string): StoreCollection {
    return new StoreCollection(this.refOf(path), this.unbound(), this.access);
  }
}

/** The same inside of a transaction. */
export class TransactionCollections extends Collections<void> {
  readonly attempt: number;

  constructor(context: FirestoreContext, access: CollectionAccess<void>, attempt: number) {
    super(context, access);
    this.attempt = attempt;
  }

  collection(name: CollectionName, options: ReadingOptions = {}): TransactionalCollection {
    const { schema, binding } = this.bound(name, options);
    return new TransactionalCollection(this.refOf(schema.id), binding, this.access);
  }

  documents(path: string): TransactionalCollection {
    return new TransactionalCollection(this.refOf(path), this.unbound(), this.access);
  }
}
