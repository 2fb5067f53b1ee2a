import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { EmulatorError } from "../emulator-error.ts";
import { nameOf, parseDatabaseName } from "../name/resource-name.ts";
import type { Write } from "../protocol/messages.ts";
import { RpcError } from "../rpc-error.ts";
import { checkWrite } from "../write/check-write.ts";
import { decodeNdjsonFields, isObject } from "./decode-ndjson.ts";
import { ndjsonFormat, ndjsonVersion } from "./export-ndjson.ts";
import { fileErrorCode } from "./file-error.ts";
import { readLines, type Line } from "./read-lines.ts";

/** Where imported documents go, such as the `Engine`. */
export interface ImportTarget {
  /** Makes all the writes or none. */
  commit(database: string, request: { readonly writes: readonly Write[] }): Promise<unknown>;
}

export interface NdjsonImport {
  /** The path of a file, or its bytes as a stream. */
  readonly from: string | AsyncIterable<Uint8Array | string>;
  readonly target: ImportTarget;
  /**
   * The database to import into, where the file holds one; or which of its databases becomes which. References between them
   * are rewritten with them. By default each is what it was.
   */
  readonly into?: string | Readonly<Record<string, string>> | undefined;
  /** How many documents are committed together at most. Default 500. */
  readonly batchDocuments?: number | undefined;
}

/** What was imported. */
export interface NdjsonImported {
  readonly documents: number;
  /** The names of the databases that the documents are in now. */
  readonly databases: readonly string[];
}

const batchChars = 4 << 20;

/**
 * Writes the documents of an export over those of the same path; others stay. Each batch is committed as a whole, and all
 * get the time of their commit.
 *
 * @throws {EmulatorError} IMPORT_FAILED with the line that is wrong, INVALID_OPTIONS; the batches before it are in.
 */
export async function importNdjson(options: NdjsonImport): Promise<NdjsonImported> {
  const file = typeof options.from === "string" ? resolve(options.from) : undefined;
  const importer = new Importer(options, file);
  const source =
    typeof options.from === "string" ? createReadStream(resolve(options.from)) : options.from;
  try {
    for await (const line of readLines(source)) await importer.take(line);
    return await importer.finish();
  } catch (error) {
    const ofSource = fileErrorCode(error) !== undefined || error instanceof RangeError;
    throw ofSource && !(error instanceof EmulatorError) ? importer.error(error) : error;
  }
}

/** Reads lines and commits what they say. */
class Importer {
  readonly #options: NdjsonImport;
  readonly #file: string | undefined;
  readonly #names: DatabaseNames;
  readonly #databases = new Set<string>();
  /** The database that the next documents are in, as the file calls it. */
  #source: string | undefined;
  /** An export was begun whose last line did not come yet. */
  #unfinished = false;
  #ended = false;
  #batch: { readonly write: Write; readonly line: number }[] = [];
  #chars = 0;
  #documents = 0;

  constructor(options: NdjsonImport, file: string | undefined) {
    this.#options = options;
    this.#file = file;
    this.#names = new DatabaseNames(options.into);
  }

  async take({ text, number }: Line): Promise<void> {
    if (text.trim() === "") return;
    try {
      const json: unknown = JSON.parse(text);
      if (!isObject(json)) throw new TypeError("it is no JSON object");
      if ("format" in json) await this.#begin(json);
      else if (json["end"] === true) this.#end();
      else this.#add(json, number, text.length);
    } catch (error) {
      if (error instanceof EmulatorError) throw error;
      throw this.error(error, number);
    }
    const { batchDocuments = 500 } = this.#options;
    if (this.#batch.length >= batchDocuments || this.#chars >= batchChars) await this.#commit();
  }

  #end(): void {
    this.#unfinished = false;
    this.#ended = true;
  }

  async finish(): Promise<NdjsonImported> {
    // The export of a server without databases is its end alone.
    if (this.#source === undefined && !this.#ended)
      throw this.error(new TypeError("it has no header"));
    await this.#commit();
    if (this.#unfinished) {
      throw this.error(
        new TypeError('it ends too early: the last line of an export is {"end":true}'),
      );
    }
    return { documents: this.#documents, databases: [...this.#databases] };
  }

  error(cause: unknown, line?: number): EmulatorError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const where = [this.#file, line === undefined ? undefined : `line ${line}`].filter(Boolean);
    const at = where.length > 0 ? ` at ${where.join(", ")}` : "";
    return new EmulatorError(
      "IMPORT_FAILED",
      `The import failed${at}: ${reason.replace(/\.$/u, "")}.`,
      {
        hint: `${this.#documents} documents are in. Correct the file and import it again.`,
        file: this.#file,
        line,
        cause,
      },
    );
  }

  async #begin(header: Readonly<Record<string, unknown>>): Promise<void> {
    const { format, version, database, readTime } = header;
    if (format !== ndjsonFormat || version !== ndjsonVersion) {
      throw new TypeError(`only "format":"${ndjsonFormat}","version":${ndjsonVersion} is known`);
    }
    if (typeof database !== "string") throw new TypeError("the header names no database");
    await this.#commit();
    this.#source = parseDatabaseName(database);
    this.#databases.add(this.#names.of(database));
    this.#unfinished = readTime !== undefined;
  }

  #add(json: Readonly<Record<string, unknown>>, line: number, chars: number): void {
    const { path, fields } = json;
    const source = this.#source;
    if (source === undefined) throw new TypeError(`a header must come first: ${exampleHeader}`);
    if (typeof path !== "string") throw new TypeError('a document must have a "path"');
    const decoded = decodeNdjsonFields(fields, (text) => this.#names.reference(text, source));
    const name = nameOf(this.#names.of(source), path);
    this.#batch.push({ write: { update: { name, fields: decoded }, updateTransforms: [] }, line });
    this.#chars += chars;
  }

  async #commit(): Promise<void> {
    const batch = this.#batch;
    if (batch.length === 0 || this.#source === undefined) return;
    const database = this.#names.of(this.#source);
    try {
      await this.#options.target.commit(database, { writes: batch.map(({ write }) => write) });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const [first] = batch;
      const refused = batch.find(({ write }) => isRefused(database, write));
      throw this.error(error, (refused ?? first)?.line);
    }
    this.#documents += batch.length;
    this.#batch = [];
    this.#chars = 0;
  }
}

const exampleHeader = JSON.stringify({
  format: ndjsonFormat,
  version: ndjsonVersion,
  database: "projects/p/databases/(default)",
});

function isRefused(database: string, write: Write): boolean {
  try {
    checkWrite(database, write);
    return false;
  } catch {
    return true;
  }
}

/** What the databases of a file are called where they are imported. */
class DatabaseNames {
  readonly #into: string | Readonly<Record<string, string>>;
  /** The one database of the file, where all is imported into one. */
  #only: string | undefined;

  /** @throws {EmulatorError} INVALID_OPTIONS when one of them is no name of a database. */
  constructor(into: string | Readonly<Record<string, string>> = {}) {
    this.#into = into;
    for (const name of typeof into === "string" ? [into] : Object.entries(into).flat()) {
      try {
        parseDatabaseName(name);
      } catch (error) {
        throw new EmulatorError(
          "INVALID_OPTIONS",
          `${JSON.stringify(name)} is no name of a database.`,
          {
            hint: "A name is such as projects/demo/databases/(default).",
            cause: error,
          },
        );
      }
    }
  }

  of(source: string): string {
    if (typeof this.#into !== "string") return this.#into[source] ?? source;
    this.#only ??= source;
    if (this.#only === source) return this.#into;
    throw new TypeError(`it holds ${source} too: say for each database into which one it goes`);
  }

  /** The full name of a reference in a database of the file. */
  reference(text: string, source: string): string {
    if (!text.startsWith("projects/")) return nameOf(this.of(source), text);
    const database = text.split("/", 4).join("/");
    const isRenamed =
      typeof this.#into === "string" ? database === this.#only : database in this.#into;
    return isRenamed ? this.of(database) + text.slice(database.length) : text;
  }
}
