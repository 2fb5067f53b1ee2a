import { FirestoreError } from "../firestore-error.ts";
import type { RawWrite } from "../raw.ts";
import { DocumentJson } from "./document-json.ts";
import { DocumentMessage, LineError, type NameMove } from "./document-message.ts";
import { JsonOutput } from "./json-output.ts";
import { WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

const chunkBytes = 256 * 1024;

/** A write as its message. */
export interface EncodedWrite {
  readonly op: RawWrite["op"];
  /** Below the database. */
  readonly path: string;
  readonly bytes: Buffer;
}

/** Makes messages of writes. */
export class WriteEncoder {
  readonly #prefix: string;
  readonly #writer = new WireWriter(64 * 1024);
  readonly #document: DocumentMessage;
  #chunk = Buffer.alloc(0);
  #used = 0;

  /**
   * @param database `projects/p/databases/d`
   * @param from the database that the lines are from.
   */
  constructor(database: string, from: string | undefined) {
    this.#prefix = `${database}/documents/`;
    const move: NameMove | undefined =
      from === undefined || from === database
        ? undefined
        : { from: `${from}/documents/`, to: this.#prefix };
    this.#document = new DocumentMessage(this.#writer, move);
  }

  get movedReferences(): number {
    return this.#document.movedReferences;
  }

  /** @throws {FirestoreError} INVALID_VALUE for a line that is no document of the database. */
  encode(write: RawWrite): EncodedWrite {
    const writer = this.#writer;
    writer.clear();
    if (write.op === "delete") {
      writer.text(18, this.#prefix + write.path);
      return { op: write.op, path: write.path, bytes: this.#kept() };
    }
    const document = parse(write.line);
    const path = this.#pathOf(document);
    try {
      writer.message(10, () => this.#document.write(document));
    } catch (error) {
      throw asInvalid(error, path);
    }
    if (write.op === "create") writer.message(34, () => writer.varint(8, 0));
    return { op: write.op, path, bytes: this.#kept() };
  }

  /** What was written, among others in memory of its own: small buffers by the thousand would outlive many collections. */
  #kept(): Buffer {
    const size = this.#writer.length;
    if (size > this.#chunk.length - this.#used) {
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(size, chunkBytes));
      this.#used = 0;
    }
    const kept = this.#chunk.subarray(this.#used, this.#used + size);
    this.#writer.copyTo(kept);
    this.#used += size;
    return kept;
  }

  #pathOf(document: unknown): string {
    let name: string;
    try {
      name = this.#document.nameOf(document);
    } catch (error) {
      throw asInvalid(error, undefined);
    }
    if (name.startsWith(this.#prefix)) return name.slice(this.#prefix.length);
    throw new FirestoreError("INVALID_VALUE", "A line is of another database.", {
      path: name,
      hint: "Say in `from` which database the lines are from.",
    });
  }
}

/** The document of a write, as a line. */
export function lineOfWrite({ op, bytes }: EncodedWrite): Buffer | undefined {
  if (op === "delete") return undefined;
  const reader = new WireReader();
  reader.bytes = bytes;
  reader.varint();
  const end = reader.end();
  const output = new JsonOutput(bytes.length * 2);
  new DocumentJson(output).add(bytes, reader.at, end);
  return output.take(0);
}

function parse(line: Uint8Array | string): unknown {
  const text =
    typeof line === "string"
      ? line
      : Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says shows some of the text.
    throw new FirestoreError("INVALID_VALUE", "A line is not JSON.");
  }
}

function asInvalid(error: unknown, path: string | undefined): unknown {
  if (!(error instanceof LineError)) return error;
  return new FirestoreError("INVALID_VALUE", error.message, { path });
}
