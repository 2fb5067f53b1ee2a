import type { AnyValue, DocumentTypes, Keyring, ModelIssue } from "@ctb-data/models";
import type { DocumentSnapshot, FieldPath as SdkFieldPath } from "firebase-admin/firestore";
import { toFirestoreError } from "./classify-error.ts";
import type { CollectionSchema } from "./collection-schema.ts";
import type { AnyShape } from "./document-shape.ts";
import { documentId, namesOfPath } from "./field-path.ts";
import type { FirestoreContext } from "./firestore-context.ts";
import { FirestoreError, formatIssues } from "./firestore-error.ts";
import { narrowIntegers } from "./read-values.ts";
import type { ReadingOptions, StoredDocument } from "./stored-document.ts";

/** A generated class as documents are read with it. */
export interface ValueClass {
  new (value: AnyValue): object;
}

/** The SDK's own snapshots of documents that were handed out: cursors are made of them. */
const snapshots = new WeakMap<object, DocumentSnapshot>();

export function snapshotOf(document: object): DocumentSnapshot | undefined {
  return snapshots.get(document);
}

/** A collection as one asked for it: by a class, by name, or without a schema. */
export class CollectionBinding {
  readonly context: FirestoreContext;
  readonly schema: CollectionSchema | undefined;
  readonly reading: ReadingOptions;
  readonly valueClass: ValueClass | undefined;

  constructor(options: {
    readonly context: FirestoreContext;
    readonly schema: CollectionSchema | undefined;
    readonly reading: ReadingOptions;
    readonly valueClass?: ValueClass | undefined;
  }) {
    this.context = options.context;
    this.schema = options.schema;
    this.reading = options.reading;
    this.valueClass = options.valueClass;
  }

  /** The path of a field for the SDK. @throws {FirestoreError} INVALID_QUERY */
  fieldPath(path: string | readonly string[]): {
    readonly names: readonly string[];
    readonly path: SdkFieldPath;
  } {
    const names = namesOfPath(path, this.schema);
    const { FieldPath } = this.context.sdk;
    const isId = names.length === 1 && names[0] === documentId;
    return { names, path: isId ? FieldPath.documentId() : new FieldPath(...names) };
  }

  /**
   * A document that the SDK has read; undefined for one that is not there. `fields` are those that were asked for, when
   * not all were.
   *
   * @throws {FirestoreError} INVALID_DOCUMENT
   */
  document(
    snapshot: DocumentSnapshot,
    fields?: ReadonlySet<string>,
  ): StoredDocument<AnyShape> | undefined {
    const data = snapshot.data();
    if (data === undefined) return undefined;
    narrowIntegers(data);
    if (fields !== undefined) keepOnly(data, fields);
    const { issues, value } = this.#check(snapshot, data, fields !== undefined);
    const document = new ReadDocument({ snapshot, data, issues, value, binding: this });
    snapshots.set(document, snapshot);
    return document;
  }

  #check(
    { id, ref }: DocumentSnapshot,
    data: object,
    isPart: boolean,
  ): { readonly issues: readonly ModelIssue[]; readonly value: AnyValue | undefined } {
    const { schema, reading } = this;
    if (schema === undefined) return { issues: [], value: undefined };
    const { issues, value } = isPart
      ? { issues: schema.checkSome(id, data), value: undefined }
      : schema.read(id, data);
    if (issues.length === 0) return { issues, value };
    if (reading.reading !== "lenient") throw mismatch(schema.id, ref.path, issues);
    reading.onMismatch?.({ collection: schema.id, path: ref.path, issues });
    return { issues, value: undefined };
  }
}

function keepOnly(data: Record<string, unknown>, fields: ReadonlySet<string>): void {
  for (const name of Object.keys(data)) if (!fields.has(name)) Reflect.deleteProperty(data, name);
}

function mismatch(collection: string, path: string, issues: readonly ModelIssue[]): FirestoreError {
  return new FirestoreError(
    "INVALID_DOCUMENT",
    `The document ${path} is not one of ${collection}: ${formatIssues(issues)}.`,
    {
      collection,
      path,
      issues,
      hint: `Read with { reading: "lenient" } to get it all the same; validate() finds all of them.`,
    },
  );
}

/** A document that was read. */
class ReadDocument implements StoredDocument<AnyShape> {
  readonly id: string;
  readonly path: string;
  readonly data: Record<string, unknown>;
  readonly issues: readonly ModelIssue[];
  readonly createTime: StoredDocument["createTime"];
  readonly updateTime: StoredDocument["updateTime"];
  readonly readTime: StoredDocument["readTime"];
  readonly #binding: CollectionBinding;
  readonly #value: AnyValue | undefined;

  constructor(options: {
    readonly snapshot: DocumentSnapshot;
    readonly data: Record<string, unknown>;
    readonly issues: readonly ModelIssue[];
    readonly value: AnyValue | undefined;
    readonly binding: CollectionBinding;
  }) {
    const { snapshot } = options;
    this.id = snapshot.id;
    this.path = snapshot.ref.path;
    this.data = options.data;
    this.issues = options.issues;
    // A document that is there has both.
    this.createTime = snapshot.createTime ?? snapshot.readTime;
    this.updateTime = snapshot.updateTime ?? snapshot.readTime;
    this.readTime = snapshot.readTime;
    this.#binding = options.binding;
    this.#value = options.value;
  }

  get value(): AnyValue {
    const { schema, valueClass } = this.#binding;
    const value = this.#value;
    if (schema === undefined || value === undefined || schema.locked) throw this.#noValue(schema);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an instance has the properties of its value
    return valueClass === undefined ? value : (new valueClass(value) as AnyValue);
  }

  #noValue(schema: CollectionSchema | undefined): FirestoreError {
    const { path, issues } = this;
    if (schema?.table === undefined)
      return new FirestoreError(
        "UNSUPPORTED",
        `The document ${path} is of no table, so that it has no value of one.`,
        {
          path,
          hint: "Its fields are in `data`.",
        },
      );
    if (issues.length > 0) return mismatch(schema.id, path, issues);
    if (schema.locked)
      return new FirestoreError(
        "NO_KEYRING",
        `The document ${path} has encrypted fields, and no keyring was given.`,
        {
          path,
          hint: "Give openFirestore the keyring of DATA_ENCRYPTION_KEY; `data` has the ciphertexts.",
        },
      );
    return new FirestoreError(
      "UNSUPPORTED",
      `Only some fields of ${path} were read, which make no value.`,
      {
        path,
        hint: "Leave out select(), or use `data`.",
      },
    );
  }
}

/** A generated class with the keyring and the types of a database. */
export interface BoundClass extends ValueClass {
  with?(options: { readonly keyring?: Keyring; readonly documentTypes: DocumentTypes }): ValueClass;
}

/** @throws {FirestoreError} what `make` throws */
export function classFor(given: BoundClass, context: FirestoreContext): ValueClass {
  const { keyring, documentTypes } = context;
  try {
    return given.with?.({ documentTypes, ...(keyring !== undefined && { keyring }) }) ?? given;
  } catch (error) {
    throw toFirestoreError(error);
  }
}
