import { FirestoreError } from "../firestore-error.ts";
import type { RawWrite } from "../raw.ts";
import type { WriteCondition } from "../write-condition.ts";
import { DocumentJson } from "./document-json.ts";
import { DocumentMessage, LineError, type NameMove } from "./document-message.ts";
import { JsonOutput } from "./json-output.ts";
import { WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

const tags = { update: 10, delete: 18, mask: 26, condition: 34 } as const;
/** The tag of a condition. */
const mustExist = 8;

/** What a message of a write says. */
export interface DescribedWrite {
  readonly op: RawWrite["op"];
  /** Below the database. */
  readonly path: string;
  /** The document; undefined of a delete. */
  readonly line: Buffer | undefined;
}

/** Makes messages of writes. */
export class WriteEncoder {
  readonly #prefix: string;
  readonly #writer = new WireWriter(64 * 1024);
  readonly #document: DocumentMessage;

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

  /**
   * The message of a write, good until the next one is asked for.
   *
   * @throws {FirestoreError} INVALID_VALUE for a line that is no document of the database.
   */
  encode(write: RawWrite): Buffer {
    const writer = this.#writer;
    writer.clear();
    if (write.op === "delete") {
      writer.text(tags.delete, this.#prefix + write.path);
      this.#condition(write.lastUpdateTime);
      return writer.view();
    }
    const whole = parse(write.line);
    const path = this.#pathOf(whole);
    const document = write.op === "merge" ? onlyFields(whole, write.fields) : whole;
    try {
      writer.message(tags.update, () => this.#document.write(document));
    } catch (error) {
      throw asInvalid(error, path);
    }
    if (write.op === "merge") this.#mask(write.fields);
    if (write.op === "create") this.#existence(false);
    else if (write.op === "merge" && write.lastUpdateTime === undefined) this.#existence(true);
    else this.#condition(write.lastUpdateTime);
    return writer.view();
  }

  #mask(fields: readonly string[]): void {
    const writer = this.#writer;
    writer.message(tags.mask, () => {
      for (const field of fields) writer.text(10, maskPathOf(field));
    });
  }

  #existence(exists: boolean): void {
    const writer = this.#writer;
    writer.message(tags.condition, () => writer.varint(mustExist, exists ? 1 : 0));
  }

  #condition(time: WriteCondition["lastUpdateTime"]): void {
    if (time === undefined) return;
    const writer = this.#writer;
    writer.message(tags.condition, () =>
      writer.message(18, () => writer.integer(8, time.seconds).varint(16, time.nanoseconds)),
    );
  }

  /** What a message of this encoder says. */
  describe(message: Buffer): DescribedWrite {
    const reader = new WireReader();
    reader.bytes = message;
    if (reader.varint() === tags.delete)
      return { op: "delete", path: reader.text().slice(this.#prefix.length), line: undefined };
    const end = reader.end();
    const start = reader.at;
    const output = new JsonOutput(message.length * 2);
    const { name } = new DocumentJson(output).add(message, start, end);
    const path = name.slice(this.#prefix.length);
    return { op: opOf(reader, end), path, line: output.take(0) };
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

/** What the fields behind a document say. */
function opOf(reader: WireReader, at: number): "create" | "set" | "merge" {
  if (at >= reader.bytes.length) return "set";
  reader.at = at;
  if (reader.varint() === tags.mask) return "merge";
  reader.varint();
  return reader.varint() === mustExist ? "create" : "set";
}

/** The document with some of its fields. */
function onlyFields(document: unknown, names: readonly string[]): unknown {
  if (typeof document !== "object" || document === null || !("fields" in document)) return document;
  const { fields } = document;
  // A map that is none is refused where it is written.
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return document;
  const wanted = new Set(names);
  const entries = Object.entries(fields).filter(([name]) => wanted.has(name));
  return { ...document, fields: Object.fromEntries(entries) };
}

/** The name of a field as a path of masks has it. */
function maskPathOf(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name.replaceAll(/[\\`]/g, String.raw`\$&`)}\``;
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
