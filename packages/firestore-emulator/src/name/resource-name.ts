import { invalidArgument } from "../rpc-error.ts";

/** The name of a database, `projects/p/databases/d`, and what is named below it. */
export interface ResourceName {
  readonly database: string;
  /** The path below `documents`, empty for the root. */
  readonly path: string;
}

/** Finds the parts of a name one by one and says of the first that is wrong what and where it is. */
class NameReader {
  readonly #kind: string;
  readonly #name: string;
  #index = 0;

  constructor(kind: string, name: string) {
    this.#kind = kind;
    this.#name = name;
  }

  get atEnd(): boolean {
    return this.#index === this.#name.length;
  }

  /** Steps over the text, which must come next. */
  literal(text: string): void {
    if (!this.#name.startsWith(text, this.#index)) {
      throw this.#error(`lacks "${text}" at index ${this.#index}`);
    }
    this.#index += text.length;
  }

  /** Steps over the text if it comes next. */
  optional(text: string): boolean {
    if (!this.#name.startsWith(text, this.#index)) return false;
    this.#index += text.length;
    return true;
  }

  /** The id that comes next, up to a slash or the end. */
  id(what: string): string {
    const slash = this.#name.indexOf("/", this.#index);
    const end = slash === -1 ? this.#name.length : slash;
    const id = this.#name.slice(this.#index, end);
    if (id === "") {
      throw this.atEnd
        ? this.#error('has invalid trailing "/"')
        : this.#error(`lacks ${what} at index ${this.#index}`);
    }
    if (id === "." || id === "..") {
      throw this.#error(`contains a resource id "${id}" at index ${this.#index}`);
    }
    this.#index = end;
    return id;
  }

  database(): string {
    this.literal("projects");
    this.literal("/");
    this.id("a project id");
    this.literal("/");
    this.literal("databases");
    this.literal("/");
    this.id("a database id");
    return this.#name.slice(0, this.#index);
  }

  extra(): Error {
    return this.#error(`has extra characters at index ${this.#index}`);
  }

  omit(text: string, unless = ""): Error {
    return this.#error(`is invalid: Omit ${text}${unless}`);
  }

  #error(problem: string): Error {
    return invalidArgument(`${this.#kind} name "${this.#name}" ${problem}.`);
  }
}

const encoder = new TextEncoder();
const maxIdBytes = 1500;
/** Datastore mode's numeric ids keep their reserved form in Firestore. */
const numericId = /^__id-?\d+__$/u;

/** @throws {RpcError} INVALID_ARGUMENT when the text is no name of a database. */
export function parseDatabaseName(name: string): string {
  const reader = new NameReader("Database", name);
  const database = reader.database();
  if (!reader.atEnd) throw reader.extra();
  return database;
}

/**
 * @param kind what the texts of errors call it.
 * @throws {RpcError} INVALID_ARGUMENT when the text is no name of a document.
 */
export function parseDocumentName(name: string, kind = "Document"): ResourceName {
  const reader = new NameReader(kind, name);
  const database = reader.database();
  reader.literal("/");
  reader.literal("documents");
  if (reader.atEnd) {
    throw reader.omit(
      '"/documents" when referencing a database',
      " (except as the parent of a document)",
    );
  }
  reader.literal("/");
  if (reader.atEnd) throw reader.omit('trailing "/"');
  return { database, path: readPath(reader) };
}

/** The name of a document or of the root (`…/documents`), below which collections are. @throws {RpcError} INVALID_ARGUMENT */
export function parseParentName(name: string): ResourceName {
  const reader = new NameReader("Document parent", name);
  const database = reader.database();
  reader.literal("/");
  reader.literal("documents");
  if (reader.atEnd) return { database, path: "" };
  reader.literal("/");
  if (reader.atEnd) throw reader.omit('trailing "/"');
  return { database, path: readPath(reader) };
}

function readPath(reader: NameReader): string {
  const ids: string[] = [];
  do {
    const collectionId = reader.id("a collection id");
    checkCollectionId(collectionId);
    reader.literal("/");
    const documentId = reader.id("a resource id");
    checkDocumentId(documentId);
    ids.push(collectionId, documentId);
  } while (reader.optional("/"));
  return ids.join("/");
}

/** @throws {RpcError} INVALID_ARGUMENT when no collection may have this id. */
export function checkCollectionId(id: string): void {
  if (/^__.+__$/su.test(id)) {
    throw invalidArgument(`Collection id "${id}" is invalid because it is reserved.`);
  }
  if (isTooLong(id)) throw invalidArgument("The key path element kind is longer than 1500 bytes.");
}

/** @throws {RpcError} INVALID_ARGUMENT when no document may have this id. */
export function checkDocumentId(id: string): void {
  if (id.startsWith("__") && /^__.+__$/su.test(id) && !numericId.test(id)) {
    throw invalidArgument(`Resource id "${id}" is invalid because it is reserved.`);
  }
  if (isTooLong(id)) throw invalidArgument("The key path element name is longer than 1500 bytes.");
}

/** Of the UTF-8; no text of a third as many UTF-16 units can be longer. */
function isTooLong(id: string): boolean {
  return id.length * 3 > maxIdBytes && encoder.encode(id).length > maxIdBytes;
}

/** The full name of a path below `documents`; of the root with an empty path. */
export function nameOf(database: string, path: string): string {
  return path === "" ? `${database}/documents` : `${database}/documents/${path}`;
}

/** The path of what a document or collection lies in: of `a/b/c`, `a/b`; empty for a root collection. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? "" : path.slice(0, slash);
}

/** The last id of a path. */
export function lastId(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
