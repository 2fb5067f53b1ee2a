import type { FirestoreTimestamp, Keyring } from "@ctb-data/models";
import type { Registry } from "@ctb-data/registry";
import type {
  Collection,
  DocumentRef,
  ReadableCollection,
  ReadableDocument,
  TransactionCollection,
  TransactionDocument,
} from "./collection.ts";
import type { ServiceAccount } from "./credentials.ts";
import type { DeployedRules } from "./deployed.ts";
import type { DocumentInspector } from "./document-inspector.ts";
import type { AnyShape, ClassShape, DocumentClass, NamedShape } from "./document-shape.ts";
import type { FirestoreTypes } from "./firestore-types.ts";
import type { GetOptions, Query, ReadableQuery } from "./query.ts";
import type { RawAccess } from "./raw.ts";
import type { ReadingOptions } from "./stored-document.ts";
import type { ValidateOptions, ValidationReport } from "./validation.ts";

/** The documents of each collection: `FirestoreCollections` of generated code, or anything. */
export type DocumentsByName<Documents> = Readonly<Record<keyof Documents, object>>;

/** What is not told apart at compile time. */
export type AnyDocuments = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Reads as of one moment: of a `readTime`, or of a read-only transaction. */
export interface ReadAccess<Documents extends DocumentsByName<Documents> = AnyDocuments> {
  /**
   * The documents of a collection: by a generated class (`value` is its instance), or by the collection's name.
   *
   * @throws {FirestoreError} UNKNOWN_COLLECTION when the registry has no such collection, or the table no documents.
   */
  collection<Value extends object, Data extends object, Instance extends object>(
    model: DocumentClass<Value, Data, Instance>,
    options?: ReadingOptions,
  ): ReadableCollection<ClassShape<Data, Value, Instance>>;
  collection<Name extends keyof Documents & string>(
    name: Name,
    options?: ReadingOptions,
  ): ReadableCollection<NamedShape<Documents[Name]>>;
  /** All collections of that name, wherever they are. @throws {FirestoreError} UNKNOWN_COLLECTION */
  collectionGroup<Value extends object, Data extends object, Instance extends object>(
    model: DocumentClass<Value, Data, Instance>,
    options?: ReadingOptions,
  ): ReadableQuery<ClassShape<Data, Value, Instance>>;
  collectionGroup<Name extends keyof Documents & string>(
    name: Name,
    options?: ReadingOptions,
  ): ReadableQuery<NamedShape<Documents[Name]>>;
  /** Any collection by its path (`clients/42/notes`), unchecked: what the registry says of it does not count. */
  documents(path: string): ReadableCollection<AnyShape>;
}

/** Reads and writes now. */
export interface DataAccess<
  Documents extends DocumentsByName<Documents> = AnyDocuments,
> extends ReadAccess<Documents> {
  collection<Value extends object, Data extends object, Instance extends object>(
    model: DocumentClass<Value, Data, Instance>,
    options?: ReadingOptions,
  ): Collection<ClassShape<Data, Value, Instance>>;
  collection<Name extends keyof Documents & string>(
    name: Name,
    options?: ReadingOptions,
  ): Collection<NamedShape<Documents[Name]>>;
  collectionGroup<Value extends object, Data extends object, Instance extends object>(
    model: DocumentClass<Value, Data, Instance>,
    options?: ReadingOptions,
  ): Query<ClassShape<Data, Value, Instance>>;
  collectionGroup<Name extends keyof Documents & string>(
    name: Name,
    options?: ReadingOptions,
  ): Query<NamedShape<Documents[Name]>>;
  documents(path: string): Collection<AnyShape>;
}

/** One attempt of a transaction. Reads come first; writes are sent all together when the function returns. */
export interface Transaction<
  Documents extends DocumentsByName<Documents> = AnyDocuments,
> extends ReadAccess<Documents> {
  collection<Value extends object, Data extends object, Instance extends object>(
    model: DocumentClass<Value, Data, Instance>,
    options?: ReadingOptions,
  ): TransactionCollection<ClassShape<Data, Value, Instance>>;
  collection<Name extends keyof Documents & string>(
    name: Name,
    options?: ReadingOptions,
  ): TransactionCollection<NamedShape<Documents[Name]>>;
  documents(path: string): TransactionCollection<AnyShape>;
  /** From 1. */
  readonly attempt: number;
}

export interface TransactionOptions {
  /** How often the function is run again when others changed what it read. Default 4; 0 for never. */
  readonly retries?: number;
  /** Stops before the next attempt, and before the writes are sent. */
  readonly signal?: AbortSignal;
}

export interface ReadTransactionOptions {
  readonly readOnly: true;
  /** What was there then. Default: what is there now. */
  readonly readTime?: FirestoreTimestamp | Date;
  readonly signal?: AbortSignal;
}

/** The answer of `health()`. */
export type Health =
  | {
      readonly ok: true;
      readonly description: string;
      readonly latencyMs: number;
      readonly projectId: string;
      readonly databaseId: string;
      readonly emulator: boolean;
      /** How far the server's clock is ahead of ours, half a round trip more or less. */
      readonly clockSkewMs: number;
    }
  | {
      readonly ok: false;
      readonly description: string;
      readonly latencyMs: number;
      readonly projectId: string;
      readonly databaseId: string;
      readonly emulator: boolean;
      readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
    };

export interface FirestoreOptions extends ReadingOptions {
  readonly registry: Registry;
  /** The project. Default: that of the credentials. */
  readonly projectId?: string | undefined;
  /** Default `(default)`. */
  readonly databaseId?: string | undefined;
  /**
   * The path of a service-account file, or its parts. `application-default` is the account of the machine on Google
   * Cloud, or that of GOOGLE_APPLICATION_CREDENTIALS.
   */
  readonly credentials?: string | ServiceAccount | undefined;
  /** `127.0.0.1:8080`. It wins over credentials and over FIRESTORE_EMULATOR_HOST. */
  readonly emulatorHost?: string | undefined;
  /** Needed for tables with encrypted columns. */
  readonly keyring?: Keyring;
  /** For each request. Default 60,000; 0 for as long as it takes. */
  readonly timeoutMs?: number;
  /** For the first answer. Default 10,000; 0 opens without asking. */
  readonly connectTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** One Firestore database. */
export interface Firestore<Documents extends DocumentsByName<Documents> = AnyDocuments>
  extends DataAccess<Documents>, AsyncDisposable {
  /** Project, database and server. */
  readonly description: string;
  readonly projectId: string;
  readonly databaseId: string;
  readonly emulator: boolean;
  readonly registry: Registry;
  /** Makes timestamps, places, references, bytes and vectors. */
  readonly types: FirestoreTypes;
  /** Documents as they are stored, without models and registry: for backups. */
  readonly raw: RawAccess;
  /** The document of a path (`clients/42`), unchecked, as those of `documents()` are. */
  document(path: string): DocumentRef<AnyShape>;
  /** The names of the collections that there are. */
  collections(options?: GetOptions): Promise<readonly string[]>;
  /** What was there at one moment: the last hour to the microsecond. @throws {FirestoreError} READ_TIME_UNAVAILABLE, when it reads */
  at(readTime: FirestoreTimestamp | Date): ReadAccess<Documents>;
  /** The server's time, to read at. */
  readTime(options?: GetOptions): Promise<FirestoreTimestamp>;
  /**
   * Runs `fn` in a transaction: its writes are done when it returns, none when it throws. It may run several times.
   *
   * @throws {FirestoreError} CONTENTION after all retries, INVALID_TRANSACTION. What `fn` throws is thrown as it is.
   */
  transaction<T>(
    fn: (tx: Transaction<Documents>) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>;
  transaction<T>(
    fn: (tx: ReadAccess<Documents>) => Promise<T>,
    options: ReadTransactionOptions,
  ): Promise<T>;
  /** Reads documents at one moment and reports those that do not fit the registry. */
  validate(options?: ValidateOptions): Promise<ValidationReport>;
  /**
   * Looks at raw lines of a collection's documents as `validate` does. `examples` as there.
   *
   * @throws {FirestoreError} UNKNOWN_COLLECTION
   */
  inspector(collection: string, options?: { readonly examples?: number }): DocumentInspector;
  /**
   * The indexes, field overrides and security rules that Google has of this database. Undefined for an emulator, which needs no
   * indexes and is given its rules as a file. The account must be allowed to read them: `roles/datastore.viewer` and
   * `roles/firebaserules.viewer`.
   *
   * @throws {FirestoreError} PERMISSION_DENIED, AUTHENTICATION_FAILED, DATABASE_NOT_FOUND, CONNECTION_FAILED, TIMEOUT
   */
  deployed(options?: {
    readonly timeoutMs?: number;
    readonly signal?: AbortSignal;
  }): Promise<DeployedRules | undefined>;
  /** Asks the server how it is. Never throws for a server that is down. */
  health(options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<Health>;
  /** Ends listeners and bulk writes, waits up to `graceMs` (default 5,000) for requests, closes the connections. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

export type { ReadableDocument, TransactionDocument };
